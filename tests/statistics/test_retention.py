import jsonschema
import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW, RetentionCount, retention

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)


def find(rows: list, **wanted: object) -> list:
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def valid(rows: list) -> list:
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="engagement"):
        jsonschema.validate(record, result_schema())
    return rows


def test_each_cohort_and_window_has_both_definitions_by_each_method() -> None:
    counts = [RetentionCount(group, window, 200, 200, 60, 80) for group in "ab" for window in ("1d", "7d")]
    rows = valid(retention(counts, CONFIG))
    assert len(rows) == 4 * 2 * 2
    (row,) = find(rows, segment="a", horizon="7d", metric=IN_WINDOW, method="wilson")
    assert (row.estimate, row.n) == (0.3, 200)
    assert (row.ci_low, row.ci_high) == pytest.approx(wilson_interval(60, 200, 0.95), rel=1e-11)
    assert find(rows, segment="a", horizon="7d", metric=IN_OR_AFTER)[0].estimate == 0.4


def test_a_window_that_is_not_over_is_null_not_zero() -> None:
    counts = [RetentionCount("new", "30d", 500, 0, 0, 0), RetentionCount("old", "30d", 500, 500, 100, 150)]
    rows = valid(retention(counts, CONFIG))
    assert {(r.estimate, r.reason, r.is_mature) for r in find(rows, segment="new")} == {
        (None, "window_not_complete", False)
    }
    assert all(row.is_mature for row in find(rows, segment="old"))


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (RetentionCount("a", "7d", 0, 0, 0, 0), "empty_segment"),
        (RetentionCount("a", "7d", 90, 29, 9, 9), "too_few_users"),
    ],
)
def test_small_cohorts_give_nulls_with_a_reason(count: RetentionCount, reason: str) -> None:
    rows = valid(retention([count, RetentionCount("b", "7d", 900, 900, 100, 100)], CONFIG))
    assert {(row.estimate, row.reason) for row in find(rows, segment="a")} == {(None, reason)}


def test_the_parts_of_a_group_are_counted_together() -> None:
    parts = [RetentionCount("a", "7d", 50 + k, 40 + k, 10 + k, 20 + k, str(k)) for k in range(3)]
    together = retention([RetentionCount("a", "7d", 153, 123, 33, 63)], CONFIG)
    assert retention(parts, CONFIG) == together


def test_nobody_active_leaves_room_for_doubt_and_flags_the_bootstrap() -> None:
    rows = valid(retention([RetentionCount("a", "7d", 100, 100, 0, 0)], CONFIG))
    assert find(rows, metric=IN_WINDOW, method="wilson")[0].ci_high > 0.03
    drawn = find(rows, metric=IN_WINDOW, method="binomial_bootstrap")[0]
    assert (drawn.ci_low, drawn.ci_high, drawn.trust) == (0, 0, "unreliable")


def test_in_the_window_or_after_counts_only_users_whose_follow_up_is_over() -> None:
    parts = [
        RetentionCount("a", "7d", 100, 100, 30, 50, "old", followed=100),
        RetentionCount("a", "7d", 100, 100, 40, 0, "young", followed=0),
    ]
    rows = valid(retention(parts, CONFIG))
    found = {row.metric: (row.estimate, row.n) for row in rows if row.method == "wilson"}
    assert found == {IN_WINDOW: (0.35, 200), IN_OR_AFTER: (0.5, 100)}
    (later,) = find(valid(retention(parts[1:], CONFIG)), metric=IN_OR_AFTER, method="wilson")
    assert (later.estimate, later.is_mature, later.reason) == (None, False, "window_not_complete")


def staggered(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Days observed (entry over 90 days) and day of leaving of 20,000 users with a true 30-day survival of
    0.424."""
    random = np.random.RandomState(seed)
    observed = random.randint(1, 91, size=20_000)
    left = np.ceil(random.exponential(30 / -np.log(0.424), size=20_000)).astype(int)
    return observed, left


def test_matured_users_alone_give_the_truth_and_kaplan_meier_agrees() -> None:
    observed, left = staggered(1)
    matured = observed >= 30
    stayed = left > 30
    by_matured = stayed[matured].mean()
    error = np.sqrt(0.424 * 0.576 / matured.sum())
    assert by_matured == pytest.approx(0.424, abs=4 * error)
    assert (stayed & matured).mean() < 0.35  # what counting everybody would say
    # Uses users whose 30 days are not over for as long as they were seen.
    survival = SurvfuncRight(np.minimum(observed, left), left <= observed)
    assert survival.surv_prob[survival.surv_times <= 30][-1] == pytest.approx(by_matured, abs=4 * error)


@pytest.mark.parametrize("numbers", [(10, 11, 1, 1), (10, 5, 6, 6), (10, 5, 3, 2), (10, 5, -1, 2)])
def test_impossible_counts_are_refused_by_name(numbers: tuple) -> None:
    with pytest.raises(ValueError, match="retention of 'a' in '7d'"):
        RetentionCount("a", "7d", *numbers)


@pytest.mark.parametrize(("later", "followed"), [(6, 5), (0, 11), (-1, 5)])
def test_impossible_follow_ups_are_refused_by_name(later: int, followed: int) -> None:
    with pytest.raises(ValueError, match="retention of 'a' in '7d'"):
        RetentionCount("a", "7d", 20, 10, 3, later, followed=followed)


def test_repeated_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        retention([RetentionCount("a", "7d", 1, 1, 1, 1)] * 2, CONFIG)
