"""The ratio of two groups' means, as rows."""

import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.cells import merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from tests.statistics.users import cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=10_000)
NAMES = {"segment": "Planner", "segment_to": "Passenger"}


def groups(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.poisson(8, 500), generator.poisson(2, 900)


def test_the_ratio_is_that_of_the_means_and_both_intervals_agree_with_scipys_bootstrap():
    first, second = groups()
    rows = mean_ratio_rows("ratio", cells_of(first), cells_of(second), CONFIG, **NAMES)
    found = stats.bootstrap(
        (first, second),
        lambda a, b, axis: a.mean(axis=axis) / b.mean(axis=axis),
        n_resamples=9_999,
        method="percentile",
        rng=np.random.default_rng(1),
        vectorized=True,
    )
    error = found.standard_error
    for row in rows:
        assert row.estimate == pytest.approx(first.mean() / second.mean(), rel=1e-11)
        assert abs(row.ci_low - found.confidence_interval.low) < 0.15 * error
        assert abs(row.ci_high - found.confidence_interval.high) < 0.15 * error
    assert rows[1].p_value < 1e-100


def test_turning_the_ratio_around_turns_the_delta_interval_around():
    first, second = (cells_of(group) for group in groups())
    row = mean_ratio_rows("ratio", first, second, CONFIG, **NAMES)[1]
    other = mean_ratio_rows("ratio", second, first, CONFIG, segment="Passenger", segment_to="Planner")[1]
    assert other.ci_low == pytest.approx(1 / row.ci_high)
    assert other.ci_high == pytest.approx(1 / row.ci_low)


def test_an_interval_of_equal_groups_holds_one_as_often_as_it_says():
    generator = np.random.default_rng(11)
    config = StatisticsConfig("2026-11-01", n_resamples=1_000)
    held = np.zeros(2)
    runs = 400
    for _ in range(runs):
        first, second = (cells_of(generator.poisson(3, size)) for size in (120, 300))
        rows = mean_ratio_rows("ratio", first, second, config, **NAMES)
        held += [row.ci_low <= 1 <= row.ci_high for row in rows]
    # Four standard errors of a share of 0.95 in 400 runs.
    assert np.all(np.abs(held / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs))


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        ([], [1] * 40, "empty_segment"),
        ([3] * 29, [1, 2] * 40, "too_few_users"),
        ([1, 2] * 40, [0] * 100, "too_few_nonzero_users"),
        ([1, 2] * 40, [-1, -2] * 40, "zero_denominator"),
    ],
)
def test_what_cannot_be_estimated_is_null_with_a_reason(first, second, reason):
    cells = [cells_of(group) if group else merge([]) for group in (first, second)]
    rows = mean_ratio_rows("ratio", *cells, CONFIG, **NAMES)
    assert [(row.estimate, row.reason) for row in rows] == [(None, reason)] * 2


def test_two_constants_have_a_ratio_and_no_interval():
    rows = mean_ratio_rows("ratio", cells_of([6] * 40), cells_of([3] * 40), CONFIG, **NAMES)
    assert [(row.estimate, row.ci_low, row.reason) for row in rows] == [(2.0, None, "no_variation")] * 2


def test_refunds_that_nearly_cancel_the_second_mean_give_reasons():
    second = cells_of([-1000, 1000] * 30 + [1])
    rows = mean_ratio_rows("ratio", cells_of([90, 110] * 30), second, CONFIG, **NAMES)
    assert [row.reason for row in rows] == ["unbounded_interval"] * 2
    assert [(row.estimate, row.ci_high, row.trust) for row in rows] == [(6100.0, None, None)] * 2


def test_a_negative_ratio_has_no_logarithm_but_a_bootstrap_interval():
    first = cells_of([-4, -8] * 30)
    row, delta = mean_ratio_rows("ratio", first, cells_of([1, 3] * 30), CONFIG, **NAMES)
    assert row.ci_low < row.estimate == -3 < row.ci_high
    assert (delta.estimate, delta.reason) == (-3, "not_positive")
