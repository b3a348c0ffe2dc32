import math

import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratios import (
    bootstrap_ratio_interval,
    log_delta_interval,
    ratio_tail,
    standard_error,
    steadiness,
)
from include.tidemark.statistics.streams import stream
from tests.statistics.customers import segment_backtest
from tests.statistics.users import ratio_cells_of


@pytest.fixture
def users() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(11)
    x = np.rint(np.exp(random.standard_normal(4000) + 7)).astype(int)
    y = np.rint(x * np.exp(0.5 * random.standard_normal(4000))).astype(int)
    return x, y


def test_the_standard_error_is_that_of_the_influence_values(users: tuple) -> None:
    x, y = users
    influence = (y - y.sum() / x.sum() * x) / x.mean()
    cells = ratio_cells_of(x, y)
    assert standard_error(cells) == pytest.approx(stats.sem(influence), rel=1e-10)
    assert ratio_tail(cells).skewness == pytest.approx(abs(stats.skew(influence)), rel=0.02)
    weight = (np.abs(influence) ** 3).mean() / influence.std() ** 3
    assert ratio_tail(cells).weight == pytest.approx(weight, rel=0.02)


def test_the_log_interval_is_symmetric_about_the_log_ratio(users: tuple) -> None:
    cells = ratio_cells_of(*users)
    low, high = log_delta_interval(cells, 0.95)
    assert low * high == pytest.approx(cells.ratio**2, rel=1e-12)
    half = stats.t.ppf(0.975, cells.size - 1) * standard_error(cells) / cells.ratio
    assert math.log(high / low) == pytest.approx(2 * half, rel=1e-12)


def test_swapping_numerator_and_denominator_inverts_the_log_interval(users: tuple) -> None:
    x, y = users
    low, high = log_delta_interval(ratio_cells_of(x, y), 0.95)
    assert log_delta_interval(ratio_cells_of(y, x), 0.95) == pytest.approx((1 / high, 1 / low), rel=1e-3)


def test_the_bootstrap_agrees_with_scipys_within_monte_carlo_noise(users: tuple) -> None:
    x, y = (part[:800] for part in users)
    cells = ratio_cells_of(x, y)
    ours = bootstrap_ratio_interval(cells, stream("2026-11-01", "r"), 1000, 0.95)
    theirs = stats.bootstrap(
        (y, x),
        lambda a, b, axis: a.sum(axis) / b.sum(axis),
        paired=True,
        method="percentile",
        n_resamples=1000,
        batch=200,
        random_state=3,
        vectorized=True,
    ).confidence_interval
    assert ours == pytest.approx(tuple(theirs), abs=4 * math.sqrt(2) * 0.084 * standard_error(cells))


def test_a_denominator_that_may_vanish_has_no_bounded_interval() -> None:
    cells = ratio_cells_of([-5, 5, 1, 0], [1, 1, 1, 1])
    assert bootstrap_ratio_interval(cells, stream("2026-11-01", "r"), 1000, 0.95) is None


def test_a_denominator_that_nearly_cancels_has_a_log_interval_without_an_upper_end() -> None:
    cells = ratio_cells_of([-1000, 1000] * 30 + [1], [100] * 61)
    assert log_delta_interval(cells, 0.95) == (0.0, math.inf)
    row = segment_backtest({"a": cells}, StatisticsConfig("2026-11-01", n_resamples=1000), segments=["a"])[1]
    assert (row.method, row.estimate, row.ci_low, row.ci_high) == ("log_delta", 6100.0, 0.0, None)
    assert row.reason == "unbounded_interval" and row.trust is None


def test_amounts_near_the_largest_number_leave_an_infinite_error_not_an_exception() -> None:
    cells = ratio_cells_of([-1e89, 1e89] * 30 + [1.0], [1e80, 2e80] * 30 + [1e80])
    assert standard_error(cells) == math.inf == ratio_tail(cells).skewness
    assert steadiness(cells) == ("caution", "imprecise")
    assert log_delta_interval(cells, 0.95) == (0.0, math.inf)


def test_a_ratio_that_is_not_positive_has_no_log_interval() -> None:
    with pytest.raises(ValueError, match="above zero"):
        log_delta_interval(ratio_cells_of([1, 2], [0, 0]), 0.95)


def test_proportional_amounts_have_no_error() -> None:
    cells = ratio_cells_of([2, 4, 8], [1, 2, 4])
    assert standard_error(cells) == 0
    assert ratio_tail(cells).skewness == 0
