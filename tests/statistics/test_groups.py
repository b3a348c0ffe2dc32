import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from include.tidemark.statistics.groups import (
    bootstrap_ratio,
    log_ratio,
    newcombe_difference,
    welch_difference,
)
from include.tidemark.statistics.streams import stream
from tests.statistics.users import cells_of

STREAMS = (stream("2026-11-01", "m", "a"), stream("2026-11-01", "m", "b"))
users = st.lists(st.integers(0, 10**6), min_size=2, max_size=50)
counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(users, users)
def test_welch_equals_scipy(first: list[int], second: list[int]) -> None:
    found = welch_difference(cells_of(first), cells_of(second), 0.9)
    if len(set(first)) == len(set(second)) == 1:
        assert found is None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's own, about nearly equal values
        theirs = stats.ttest_ind(first, second, equal_var=False)
        ends = theirs.confidence_interval(0.9)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-7, abs=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((ends.low, ends.high), rel=1e-7, abs=1e-6)


@given(users, users, st.sampled_from([0.8, 0.95]))
def test_an_interval_excludes_no_difference_exactly_when_its_p_value_says_so(
    first: list, second: list, level: float
) -> None:
    one, two = cells_of(first), cells_of(second)
    for found, nothing in ((welch_difference(one, two, level), 0.0), (log_ratio(one, two, level), 1.0)):
        if found is not None and abs(found.p_value - (1 - level)) > 1e-9:
            assert (found.p_value < 1 - level) == (not found.ci_low <= nothing <= found.ci_high)


@given(counts, counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_newcombes_p_value_is_where_its_interval_touches_zero(
    first: tuple[int, int], second: tuple[int, int], level: float
) -> None:
    found = newcombe_difference(*first, *second, level)
    assert 0 <= found.p_value <= 1
    if abs(found.p_value - (1 - level)) > 1e-9:
        assert (found.p_value < 1 - level) == (found.ci_low > 0 or found.ci_high < 0)
    if 1e-12 < found.p_value < 1 - 1e-6:
        edge = newcombe_difference(*first, *second, 1 - found.p_value)
        assert min(abs(edge.ci_low), abs(edge.ci_high)) < 1e-6


@given(counts, counts)
def test_swapping_the_groups_mirrors_the_difference(first: tuple[int, int], second: tuple[int, int]) -> None:
    one, two = newcombe_difference(*first, *second, 0.95), newcombe_difference(*second, *first, 0.95)
    assert (one.ci_low, one.ci_high) == pytest.approx((-two.ci_high, -two.ci_low), abs=1e-12)
    assert one.p_value == pytest.approx(two.p_value, rel=1e-9, abs=1e-12)


def test_newcombes_p_value_is_close_to_the_score_test_in_large_groups() -> None:
    found = newcombe_difference(5200, 10_000, 5050, 10_000, 0.95)
    assert found.p_value == pytest.approx(proportions_ztest([5200, 5050], [10_000, 10_000])[1], rel=0.02)


def test_overwhelming_differences_have_a_tiny_p_value_not_an_error() -> None:
    assert newcombe_difference(10**6, 10**6, 0, 10**6, 0.95).p_value < 1e-100


def test_alike_groups_raise_false_alarms_at_the_nominal_rate() -> None:
    # 4,000 A/A comparisons: the rate of alarms has a standard error of 0.34 points.
    random = np.random.RandomState(9)
    k = random.binomial(400, 0.3, size=(4000, 2))
    alarms = np.mean([newcombe_difference(a, 400, b, 400, 0.95).p_value < 0.05 for a, b in k.tolist()])
    assert alarms == pytest.approx(0.05, abs=4 * 0.0034)


def test_alike_means_raise_false_alarms_at_the_nominal_rate() -> None:
    random = np.random.RandomState(10)
    amounts = np.rint(np.exp(random.standard_normal((1500, 2, 200)) + 6)).astype(np.int64)
    alarms = [
        log_ratio(*(cells_of(group, max_distinct=0) for group in pair), 0.95).p_value < 0.05  # type: ignore[call-arg]
        for pair in amounts
    ]
    assert np.mean(alarms) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 1500))


def test_a_planted_difference_is_recovered() -> None:
    random = np.random.RandomState(12)
    low, high = (np.rint(np.exp(random.standard_normal(4000)) * scale).astype(int) for scale in (1000, 1300))
    first, second = cells_of(high), cells_of(low)
    assert log_ratio(first, second, 0.95).ci_low < 1.3 < log_ratio(first, second, 0.95).ci_high


def test_the_bootstrap_agrees_with_the_closed_form_in_large_groups() -> None:
    random = np.random.RandomState(13)
    first, second = (cells_of(random.poisson(mean, 5000)) for mean in (12, 10))
    ratio = log_ratio(first, second, 0.95)
    width = ratio.ci_high - ratio.ci_low
    assert bootstrap_ratio(first, second, STREAMS, 4000, 0.95) == pytest.approx(
        (ratio.ci_low, ratio.ci_high), abs=0.06 * width
    )


def test_a_mean_that_nearly_cancels_leaves_the_ratio_without_an_upper_end() -> None:
    found = log_ratio(cells_of([90, 110] * 30), cells_of([-1000, 1000] * 30 + [1]), 0.95)
    assert (found.ci_low, found.ci_high) == (0.0, math.inf) and 0.9 < found.p_value < 1


@pytest.mark.parametrize("unit", [1e-80, 1e80])
def test_welch_does_not_depend_on_the_unit_however_large_or_small(unit: float) -> None:
    first, second = np.array([1.5, 2.25, 3.0, 4.5] * 8), np.array([3.0, 5.0, 7.0, 9.5] * 10)
    plain, scaled = (welch_difference(cells_of(first * k), cells_of(second * k), 0.95) for k in (1, unit))
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert (scaled.ci_low, scaled.ci_high) == pytest.approx(
        (plain.ci_low * unit, plain.ci_high * unit), rel=1e-12
    )


def test_what_cannot_be_compared_gives_none_and_one_seed_for_both_is_refused() -> None:
    one, zeros = cells_of([5, 6, 7]), cells_of([0, 0, 0])
    assert log_ratio(cells_of([5]), one, 0.95) is None
    assert log_ratio(one, zeros, 0.95) is None
    assert log_ratio(cells_of([5, 5]), cells_of([6, 6]), 0.95) is None
    assert bootstrap_ratio(one, zeros, STREAMS, 1000, 0.95) is None
    with pytest.raises(ValueError, match="must differ"):
        bootstrap_ratio(one, one, (STREAMS[0], STREAMS[0]), 1000, 0.95)
