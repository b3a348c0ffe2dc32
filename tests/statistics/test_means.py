import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from include.tidemark.statistics.means import hall_interval
from tests.statistics.users import cells_of

samples = st.lists(st.integers(0, 10**6), min_size=5, max_size=60).filter(lambda values: len(set(values)) > 1)


def transformed(t: float, k: float) -> float:
    return t + k * t**2 / 3 + k**2 * t**3 / 27 + k / 6


@given(samples)
def test_halls_ends_solve_the_cubic_that_removes_the_skewness(values: list[int]) -> None:
    cells = cells_of(values)
    n, k = cells.size, cells.skewness / math.sqrt(cells.size)
    error = np.std(values, ddof=1) / math.sqrt(n)
    quantile = stats.t.ppf(0.975, n - 1)
    low, high = hall_interval(cells, 0.95)
    for end, target in ((low, quantile), (high, -quantile)):
        root = (np.mean(values) - end) / error
        assert transformed(root, k) == pytest.approx(target, rel=1e-7, abs=1e-7)


@given(samples)
def test_halls_ends_equal_a_numerical_inversion(values: list[int]) -> None:
    cells = cells_of(values)
    k = cells.skewness / math.sqrt(cells.size)
    quantile = stats.t.ppf(0.05, cells.size - 1)
    root = optimize.brentq(lambda t: transformed(t, k) - quantile, -1e4, 1e4, xtol=1e-13)
    high = np.mean(values) - root * np.std(values, ddof=1) / math.sqrt(len(values))
    # The cubic is flat at its inflection, where a root is known to a third of the digits only.
    assert hall_interval(cells, 0.9)[1] == pytest.approx(high, rel=1e-3)


def test_without_skewness_hall_is_students_t() -> None:
    values = np.array([1, 2, 3, 4, 5, 6, 7])
    expected = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    assert hall_interval(cells_of(values), 0.95) == pytest.approx(expected, rel=1e-12)


def test_a_hair_of_skewness_moves_the_ends_by_a_hair() -> None:
    values = np.concatenate([np.arange(1, 1001) * 10**6, [500_501_000]])
    expected = stats.t.interval(0.95, 1000, values.mean(), stats.sem(values))
    assert hall_interval(cells_of(values), 0.95) == pytest.approx(expected, rel=1e-6)


def test_right_skewed_amounts_push_the_interval_up(amounts: np.ndarray) -> None:
    low, high = hall_interval(cells_of(amounts), 0.95)
    plain = stats.t.interval(0.95, len(amounts) - 1, amounts.mean(), stats.sem(amounts))
    assert low > plain[0] and high > plain[1]


def test_fewer_than_two_users_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least two users, got 1"):
        hall_interval(cells_of([3]), 0.95)
    assert hall_interval(cells_of([3, 3]), 0.95) == (3.0, 3.0)
