import jsonschema
import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.lifetime_value import (
    DISCOUNT_RATES,
    HORIZONS,
    OF_UNITS,
    UNITS_A_DOLLAR,
    discount_factors,
    horizon_name,
    lifetime_value,
    weighted_value,
)
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.units import Units
from tests.statistics.users import cells_of, cells_of_users, units_of, weekly_sums_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)


def users(n: int = 600, seed: int = 1, weeks: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Weekly fees in dollars (whole cents) of users who leave for good after a geometric number of weeks, and
    tiers."""
    random = np.random.RandomState(seed)
    left = random.geometric(0.15, size=n)
    fees = (
        np.rint(100 * random.exponential(3, size=(n, weeks)) * random.binomial(1, 0.6, size=(n, weeks))) / 100
    )
    fees[np.arange(weeks) >= left[:, None]] = 0
    return fees, np.where(np.arange(n) % 2 == 0, "5", "30")


def weeks_of(fees, tiers, observed, tier, weeks: int, rate: float) -> Units:
    """A tier's eight fee weeks; the users of one have been seen for as long, as in a run."""
    chosen = np.flatnonzero((tiers == tier) & (observed >= weeks))
    value = np.rint(fees[chosen, :weeks] @ discount_factors(weeks, rate) * UNITS_A_DOLLAR) / UNITS_A_DOLLAR
    return units_of(value, 8 * observed[chosen] + chosen % 16 // 2)


def rows_of(
    fees: np.ndarray, tiers: np.ndarray, observed: np.ndarray, config: StatisticsConfig = CONFIG
) -> list:
    names = sorted(set(tiers.tolist()))
    weekly = {name: weekly_sums_of(fees[tiers == name], observed[tiers == name]) for name in names}
    counts = {name: int((tiers == name).sum()) for name in names}
    cells = cells_of_users(fees, observed, tiers)
    units = {
        (tier, weeks, rate): weeks_of(fees, tiers, observed, tier, weeks, rate) for tier, weeks, rate in cells
    }
    rows = lifetime_value(cells, counts, config, weekly=weekly, units=units)
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="fee_tiers"):
        jsonschema.validate(record, result_schema())
    for row in rows:
        assert None in (row.estimate, row.ci_low) or row.ci_low <= row.estimate <= row.ci_high
    return rows


@pytest.fixture(scope="module")
def complete() -> tuple[np.ndarray, np.ndarray, list]:
    """Users who have all seen twelve weeks, and their rows."""
    fees, tiers = users()
    return fees, tiers, rows_of(fees, tiers, np.full(len(fees), 12))


def one(rows: list, **wanted: object):
    (row,) = [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]
    return row


def test_a_year_of_weeks_is_worth_one_year_less() -> None:
    factors = discount_factors(54, 0.10)
    assert factors[0] == 1
    assert 1.1 * factors[52] == pytest.approx(1.1 ** (1 - 52 / 52.17857), rel=1e-6)
    assert (discount_factors(12, 0.0) == 1).all()
    with pytest.raises(ValueError, match="annual_rate"):
        discount_factors(3, -1.0)


def test_means_are_the_discounted_sums_with_zeros_for_those_who_left(complete: tuple) -> None:
    fees, tiers, rows = complete
    for weeks in HORIZONS:
        for rate in DISCOUNT_RATES:
            factors = [(1 + rate) ** (-7 * week / 365.25) for week in range(weeks)]
            truth = (fees[tiers == "5", :weeks] * factors).sum(axis=1).mean()
            row = one(
                rows, metric="ltv_mean", segment="5", horizon=horizon_name(weeks, rate), method="hall_skew_t"
            )
            assert row.estimate == pytest.approx(truth, abs=5e-5)
            assert row.n == 300
    assert len(rows) == 2 * 5 * 3 * 4  # the comparison with the rest among them


def test_intervals_agree_with_scipys_bootstrap_of_the_same_users(complete: tuple) -> None:
    fees, tiers, rows = complete
    row = one(rows, metric="ltv_mean", segment="5", horizon="12w at 10%", method="percentile_bootstrap")
    value = fees[tiers == "5"] @ discount_factors(12, 0.1)
    theirs = stats.bootstrap(
        (value,), np.mean, n_resamples=9999, method="percentile", rng=1
    ).confidence_interval
    error = value.std() / np.sqrt(len(value))
    # Two Monte Carlo runs of 1,000 and 9,999 replicates.
    assert (row.ci_low, row.ci_high) == pytest.approx(tuple(theirs), abs=4 * np.hypot(0.084, 0.027) * error)


def test_discounting_lowers_and_a_longer_horizon_raises_the_value(complete: tuple) -> None:
    rows = complete[2]
    value = {
        (row.segment, row.horizon): row.estimate
        for row in rows
        if row.metric == "ltv_mean" and row.method == "hall_skew_t"
    }
    for tier in ("5", "30"):
        for weeks in HORIZONS:
            assert (
                value[tier, f"{weeks}w at 0%"]
                > value[tier, f"{weeks}w at 5%"]
                > value[tier, f"{weeks}w at 10%"]
            )
        for weeks in HORIZONS[1:]:
            assert value[tier, f"{weeks}w at 5%"] > value[tier, f"{weeks - 1}w at 5%"]


def test_only_users_whose_horizon_is_complete_count_and_nobody_gives_null() -> None:
    fees, tiers = users()
    observed = np.where(tiers == "5", np.where(np.arange(len(fees)) < 300, 9, 8), 12)
    rows = rows_of(fees, tiers, observed)
    assert one(rows, metric="ltv_mean", segment="5", horizon="8w at 0%", method="hall_skew_t").n == 300
    assert one(rows, metric="ltv_mean", segment="5", horizon="9w at 0%", method="hall_skew_t").n == 150
    late = [row for row in rows if row.segment == "5" and row.horizon == "10w at 0%"]
    assert {(row.estimate, row.is_mature, row.reason) for row in late} == {
        (None, False, "window_not_complete")
    }
    assert len(late) == 4


def test_weighting_by_retention_equals_the_plain_mean_when_all_have_the_whole_horizon() -> None:
    fees, _ = users()
    sums = weekly_sums_of(fees, np.full(len(fees), 12))
    value = fees[:, :10] @ discount_factors(10, 0.05)
    estimate, low, high, n = weighted_value(sums, 10, 0.05, 0.95)
    assert n == len(fees) and estimate == pytest.approx(value.mean(), rel=1e-12)
    half = stats.t.ppf(0.975, len(value) - 1) * value.std(ddof=1) / np.sqrt(len(value))
    assert (low, high) == pytest.approx((value.mean() - half, value.mean() + half), rel=1e-9)


def test_weighting_by_retention_is_retention_times_what_active_users_pay() -> None:
    fees, _ = users(900)
    observed = np.random.RandomState(2).randint(8, 13, size=900)
    estimate, *_ = weighted_value(weekly_sums_of(fees, observed), 12, 0.0, 0.95)
    by_hand = 0.0
    for week in range(12):
        seen = fees[observed > week, week]
        by_hand += (seen > 0).mean() * seen[seen > 0].mean()
    assert estimate == pytest.approx(by_hand, rel=1e-12)


def test_weighting_by_retention_has_the_error_that_repeated_samples_show_and_a_smaller_one_than_complete_users() -> (
    None
):
    # 400 samples: their standard deviation is known to 3.5 %, a coverage of 95 % to 1.1 points.
    estimates, plain, held = [], [], 0
    truth = sum(0.85**week * 0.6 * 3 for week in range(12))
    for seed in range(400):
        fees, _ = users(400, seed)
        observed = np.random.RandomState(seed).randint(8, 13, size=400)
        estimate, low, high, _ = weighted_value(weekly_sums_of(fees, observed), 12, 0.0, 0.95)
        estimates.append((estimate, high - low))
        plain.append(fees[observed >= 12].sum(axis=1).mean())
        held += low <= truth <= high
    found = np.array(estimates)
    assert found[:, 0].std() == pytest.approx(found[:, 1].mean() / 2 / 1.96, rel=4 * 0.035)
    assert held / 400 == pytest.approx(0.95, abs=4 * 0.011 + 0.01)
    assert found[:, 0].std() < 0.7 * np.std(plain)


def test_tiers_are_compared_with_all_others_by_their_weeks_and_adjusted_within_a_horizon() -> None:
    fees, tiers = users(1200)
    fees[tiers == "30"] *= 0.5
    rows = rows_of(fees, tiers, np.full(1200, 12))
    row = one(rows, metric="ltv_mean_vs_rest", segment="5", horizon="8w at 0%")
    value = fees[:, :8].sum(axis=1)
    week = np.arange(1200) % 16 // 2
    means = [[value[(tiers == tier) & (week == k)].mean() for k in range(8)] for tier in ("5", "30")]
    theirs = stats.ttest_ind(*means, equal_var=False)
    assert row.method == OF_UNITS and row.family_size == 2
    assert row.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
    assert (row.ci_low, row.ci_high) == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-6)
    assert row.p_adjusted < 0.01 and row.ci_low > 0
    assert row.estimate == pytest.approx(value[tiers == "5"].mean() - value[tiers == "30"].mean(), abs=1e-4)


def test_the_fewer_weeks_of_a_tier_decide_what_is_said_of_its_difference() -> None:
    fees, tiers = users(400)
    held = {
        tier: np.rint(fees[tiers == tier].sum(axis=1) * UNITS_A_DOLLAR).astype(np.int64)
        for tier in ("5", "30")
    }
    cells = {(tier, 12, 0.0): cells_of(x) for tier, x in held.items()}
    found = []
    for weeks in (1, 5, 6):
        units = {
            (tier, 12, 0.0): units_of(x / UNITS_A_DOLLAR, np.arange(200) % (weeks if tier == "5" else 9))
            for tier, x in held.items()
        }
        counts = {"5": 200, "30": 200}
        rows = lifetime_value(cells, counts, CONFIG, units=units, horizons=[12], rates=[0.0])
        row = one(rows, metric="ltv_mean_vs_rest", segment="5")
        found.append((row.ci_low is None, row.p_value is None, row.reason))
    assert found[0] == (True, True, "too_few_periods")
    assert found[1] == (False, True, "few_periods")
    assert found[2][:2] == (False, False) and found[2][2] != "few_periods"
    rows = lifetime_value(cells, counts, CONFIG, units=units, horizons=[12], rates=[0.0], one_spell={"5"})
    spell = one(rows, metric="ltv_mean_vs_rest", segment="5")
    assert (spell.ci_low, spell.p_value) == (row.ci_low, None)
    assert (spell.trust, spell.reason) == ("unreliable", "few_spells")


def test_weeks_that_hold_other_users_than_the_cells_are_refused() -> None:
    cells = {("5", 8, 0.0): cells_of(np.arange(60)), ("10", 8, 0.0): cells_of(np.arange(60))}
    units = {key: Units.of([(30, 1.0)]) for key in cells}
    with pytest.raises(ValueError, match="other users than its cells"):
        lifetime_value(cells, {"5": 60, "10": 60}, CONFIG, units=units, horizons=[8], rates=[0.0])


@pytest.mark.parametrize(
    ("tiers", "fee", "reason"),
    [(["5"] * 20, 1.0, "too_few_users"), (["5"] * 60, 0.0, "too_few_nonzero_users"), (["5"] * 60, 1.0, "no_variation")],
)  # fmt: skip
def test_degenerate_tiers_give_reasons(tiers: list, fee: float, reason: str) -> None:
    rows = rows_of(np.full((len(tiers), 12), fee), np.array(tiers), np.full(len(tiers), 12))
    assert {row.reason for row in rows if row.metric == "ltv_mean"} == {reason}
    assert {row.reason for row in rows if row.metric == "ltv_mean_vs_rest"} <= {"too_few_users", reason}


def test_a_tier_without_users_is_empty_not_unfinished() -> None:
    rows = lifetime_value({}, {"5": 0}, CONFIG, horizons=[8], rates=[0.0], weekly={})
    assert {(row.reason, row.is_mature) for row in rows} == {("empty_segment", True)}


def test_rows_do_not_depend_on_the_order_of_the_users() -> None:
    fees, tiers = users()
    order = np.random.RandomState(1).permutation(len(fees))
    one_way, another = (
        lifetime_value(cells_of_users(x, np.full(len(x), 12), t), {"5": 300, "30": 300}, CONFIG)
        for x, t in ((fees, tiers), (fees[order], tiers[order]))
    )
    assert one_way == another


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="complete of 1 users"):
        lifetime_value({("5", 8, 0.0): cells_of([1, 2])}, {"5": 1}, CONFIG, horizons=[8], rates=[0.0])
    with pytest.raises(ValueError, match="longest horizon"):
        cells_of_users(np.ones((3, 8)), np.ones(3), ["5"] * 3)
    with pytest.raises(ValueError, match="one column per week"):
        weekly_sums_of([1.0], [1])
    with pytest.raises(ValueError, match="finite"):
        weekly_sums_of([[np.nan]], [1])
    assert weighted_value(weekly_sums_of(np.zeros((0, 12)), []), 8, 0.0, 0.95) is None
