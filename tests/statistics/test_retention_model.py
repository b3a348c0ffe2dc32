import jsonschema
import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.logistic import BinaryTable
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.retention_model import retention_model
from tests.statistics.users import table_of

CONFIG = StatisticsConfig("2026-11-01")


def users(periods: int = 10, seed: int = 1, n: int = 3000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.RandomState(seed)
    period = random.randint(0, periods, size=n)
    fee = 5.0 * (1 + period % 4)
    tier = random.binomial(1, 0.3, size=n)
    eta = 0.5 - 0.04 * fee + 0.4 * tier + (0.1 * random.standard_normal(periods))[period]
    return np.column_stack([fee, tier]), random.binomial(1, 1 / (1 + np.exp(-eta))), period


def rows_of(table: BinaryTable) -> list:
    rows = retention_model(table, CONFIG, horizon="week 4")
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="fee_tiers"):
        jsonschema.validate(record, result_schema())
    # What describes the periods has tests of its own.
    return [row for row in rows if row.metric in ("retention_change_5bps", "odds_ratio_5bps")]


def table(x: np.ndarray, y: np.ndarray, period: np.ndarray | None) -> BinaryTable:
    return table_of(x, y, ["fee_bps", "tier"], clusters=period)


def one(rows: list, metric: str, method: str):
    (row,) = [row for row in rows if (row.metric, row.method) == (metric, method)]
    return row


def test_rows_hold_the_contrast_and_the_odds_ratio_of_statsmodels_fit() -> None:
    x, y, period = users()
    rows = rows_of(table(x, y, period))
    fit = sm.Logit(y, sm.add_constant(x)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": period}, tol=1e-13
    )
    more = sm.add_constant(x + np.array([5, 0]))
    change = fit.predict(more).mean() - fit.predict(sm.add_constant(x)).mean()
    assert len(rows) == 4 and {row.horizon for row in rows} == {"week 4"}
    for method in ("logit_clustered", "logit_jackknife"):
        assert one(rows, "retention_change_5bps", method).estimate == pytest.approx(change, rel=1e-9)
        assert one(rows, "odds_ratio_5bps", method).estimate == pytest.approx(
            np.exp(5 * fit.params[1]), rel=1e-9
        )
    row = one(rows, "odds_ratio_5bps", "logit_clustered")
    half = 5 * 2.2621571627409915 * fit.bse[1]  # t quantile, 9 degrees of freedom
    assert np.log([row.ci_low, row.ci_high]) == pytest.approx(
        [5 * fit.params[1] - half, 5 * fit.params[1] + half], rel=1e-6
    )


def test_the_jackknife_equals_refitting_without_each_period() -> None:
    x, y, period = users(7)
    row = one(rows_of(table(x, y, period)), "odds_ratio_5bps", "logit_jackknife")
    slopes = [
        5 * sm.Logit(y[period != out], sm.add_constant(x[period != out])).fit(disp=0, tol=1e-13).params[1]
        for out in range(7)
    ]
    error = np.sqrt(6 / 7 * ((np.array(slopes) - np.log(row.estimate)) ** 2).sum())
    assert np.log(row.ci_high / row.estimate) == pytest.approx(2.4469118511449692 * error, rel=1e-6)


def test_few_periods_have_an_interval_but_no_p_value() -> None:
    x, y, period = users(5)
    rows = rows_of(table(x, y, period))
    assert all(row.p_value is None and row.trust == "unreliable" and row.ci_low is not None for row in rows)
    assert all(row.p_value is not None for row in rows_of(table(*users(6))))


def test_periods_of_very_unlike_size_and_a_rare_outcome_are_not_ok() -> None:
    def flags(sizes: list[int], successes: int) -> dict[str, tuple[str | None, str | None]]:
        period = np.repeat(np.arange(len(sizes)), sizes)
        y = np.zeros(len(period), dtype=int)
        y[np.linspace(0, len(y) - 1, successes).astype(int)] = 1
        found = rows_of(table_of((5.0 * (1 + period % 4))[:, None], y, ["fee_bps"], clusters=period))
        return {row.method: (row.trust, row.reason) for row in found}

    assert flags([60] * 10, 200)["logit_jackknife"] == ("ok", None)
    # One of ten with nine times the users of another: they count as four and a half.
    assert flags([400] + [60] * 9, 200)["logit_jackknife"] == ("caution", "few_periods")
    assert [flags([60] * 10, n)["logit_jackknife"] for n in (19, 20)] == [
        ("caution", "few_successes"),
        ("ok", None),
    ]
    clustered = [flags([40] * n, 300)["logit_clustered"] for n in (59, 60)]
    assert clustered == [("caution", "clustered_error"), ("ok", None)]


def test_without_periods_users_count_as_independent() -> None:
    x, y, _ = users()
    rows = rows_of(table(x, y, None))
    assert {(row.method, row.trust) for row in rows} == {("logit_robust", "ok")} and len(rows) == 2


@pytest.mark.parametrize(
    ("x", "y", "period", "reason"),
    [
        (np.zeros((0, 2)), [], [], "empty_segment"),
        ([[5, 0], [10, 1]] * 10, [0, 1] * 10, [1, 2] * 10, "too_few_users"),
        ([[5, 0], [5, 1]] * 20, [0, 1, 1, 0] * 10, [1, 2] * 20, "one_fee_level"),
        ([[5, 0], [10, 0], [5, 1], [10, 1]] * 10, [0] * 40, [1, 2] * 20, "no_variation"),
        ([[5, 0], [10, 0], [5, 1], [10, 1]] * 10, [0, 1] * 20, [1, 2] * 20, "separation"),
        ([[5, 0], [10, 0], [5, 1], [10, 1]] * 10, [0, 1, 1] * 13 + [1], [1] * 40, "too_few_clusters"),
    ],
)
def test_degenerate_input_gives_reasons(x: list, y: list, period: list, reason: str) -> None:
    rows = rows_of(table(np.array(x, dtype=float), np.array(y), np.array(period)))
    assert {(row.estimate, row.reason) for row in rows} == {(None, reason)} and len(rows) == 4


def test_a_second_fee_in_one_period_only_has_no_jackknife() -> None:
    x, y, period = users()
    x[:, 0] = np.where(period == 3, 10, 5)
    rows = rows_of(table(x, y, period))
    assert one(rows, "odds_ratio_5bps", "logit_jackknife").reason == "too_few_periods"
    assert one(rows, "odds_ratio_5bps", "logit_clustered").estimate is not None
