import numpy as np
import pytest
from scipy.special import expit
from statsmodels.tsa.stattools import acf

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.spells import lag_one, names_of_spells, spells_of
from tests.statistics.shocks import FEES, alarms_of_a_fee, autocorrelated
from tests.statistics.users import table_of, volume_cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
WEEKS = 20
ONE_CHANGE, EACH_WEEK, EVERY_SECOND = (
    FEES[name] for name in ("20 weeks, one change", "20 weeks, another fee each", "10 spells of 2 weeks")
)


def retention_rows(fee: np.ndarray, seed: int, users: int = 60) -> list[ResultRow]:
    random = np.random.RandomState(seed)
    week = np.repeat(np.arange(len(fee)), users)
    stayed = random.uniform(size=len(week)) < expit(-0.4 + 0.4 * autocorrelated(random, len(fee))[week])
    return retention_model(
        table_of(fee[week][:, None], stayed, ["fee_bps"], clusters=week), CONFIG, horizon="week 4"
    )


def volume_rows(fee: np.ndarray, seed: int, users: int = 30) -> list[ResultRow]:
    random = np.random.RandomState(seed)
    week = np.repeat(np.arange(len(fee)), users)
    volume = np.exp(6 + 0.3 * autocorrelated(random, len(fee))[week] + random.standard_normal(len(week)))
    names = [f"w{k}" for k in range(len(fee))]
    cells = volume_cells_of([names[k] for k in week], ["retail"] * len(week), fee[week], volume)
    return elasticity(cells, CONFIG, order=names, n_draws=1000)


def effects(rows: list[ResultRow]) -> list[ResultRow]:
    return [row for row in rows if "5bps" in row.metric]


def number(rows: list[ResultRow], metric: str) -> float:
    (row,) = [row for row in rows if row.metric == metric]
    assert row.reason == "descriptive" and row.estimate is not None and row.ci_low is None
    return row.estimate


@pytest.mark.parametrize("make", [retention_rows, volume_rows])
def test_one_change_of_the_fee_is_never_ok_and_has_no_p_value(make) -> None:
    for seed in range(5):
        found = effects(make(ONE_CHANGE, seed))
        assert {(row.trust, row.p_value) for row in found if row.ci_low is not None} == {("unreliable", None)}
        assert {"few_spells"} <= {row.reason for row in found}
    rows = make(ONE_CHANGE, 1)
    assert number(rows, next(row.metric for row in rows if row.metric.endswith("fee_spells"))) == 2


@pytest.mark.parametrize("make", [retention_rows, volume_rows])
def test_a_fee_that_changes_often_enough_is_judged_by_its_spells(make) -> None:
    rows = make(EVERY_SECOND, 1)
    found = {row.method: row for row in effects(rows) if row.is_primary}
    assert all(row.p_value is not None and row.reason != "few_spells" for row in found.values())
    assert number(rows, next(row.metric for row in rows if row.metric.endswith("fee_spells"))) == 10


def test_the_jackknife_leaves_out_whole_spells() -> None:
    random = np.random.RandomState(3)
    week = np.repeat(np.arange(WEEKS), 60)
    stayed = random.uniform(size=len(week)) < 0.4
    fee = EVERY_SECOND[week][:, None]
    by_week, by_spell = (
        retention_model(table_of(fee, stayed, ["fee_bps"], clusters=label), CONFIG)[:4]
        for label in (week, week // 2)
    )
    assert by_week == by_spell


def test_a_fee_that_changes_every_week_leaves_the_weeks_as_they_are() -> None:
    rows = volume_rows(EACH_WEEK, 2)
    (row,) = [row for row in rows if row.method == "leave_one_period_out"]
    assert row.horizon is not None and row.horizon.startswith("without w") and " to " not in row.horizon
    assert number(rows, "volume_fee_spells") == WEEKS


def test_the_order_of_time_decides_what_a_spell_is() -> None:
    random = np.random.RandomState(4)
    week = np.repeat(np.arange(12), 40)
    fee = np.repeat([5.0, 10.0], 6)[week]
    cells = volume_cells_of(week, ["a"] * len(week), fee, np.exp(random.standard_normal(len(week)) + 5))
    in_time, by_name = (
        number(elasticity(cells, CONFIG, order=order, n_draws=1000), "volume_fee_spells")
        for order in ([str(k) for k in range(12)], None)
    )
    assert (in_time, by_name) == (2, 4)


def test_the_autocorrelation_is_statsmodels_of_what_is_left_of_each_week() -> None:
    shocks = autocorrelated(np.random.RandomState(5), 40)
    centred = shocks - shocks.mean()
    assert lag_one(centred) == pytest.approx(acf(shocks, nlags=1, fft=False)[1], rel=1e-12)
    found = [number(retention_rows(EACH_WEEK, k, 600), "retention_week_autocorrelation") for k in range(15)]
    # 20 weeks: too low by about (1 + 3 * 0.6) / 20, and by what users differ by chance.
    assert 0.25 < np.mean(found) < 0.55


def test_spells_without_periods_and_with_two_give_no_autocorrelation() -> None:
    assert spells_of([]).tolist() == [] and names_of_spells([], spells_of([])) == {}
    assert lag_one([1.0, -1.0]) is None and lag_one([0.0] * 9) is None


def test_shocks_that_last_alarm_in_a_twentieth_once_spells_are_the_periods() -> None:
    found = alarms_of_a_fee(np.random.RandomState(6), "8 spells of 3 weeks", 300)
    by_week, by_spell = found.mean(axis=0)
    assert by_week > 0.07 and by_spell < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    assert not alarms_of_a_fee(np.random.RandomState(7), "20 weeks, one change", 50)[:, 1].any()
