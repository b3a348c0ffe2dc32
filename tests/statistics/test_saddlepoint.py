import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.means import bootstrap_interval
from include.tidemark.statistics.streams import stream
from tests.statistics.users import cells_of


def exact_quantiles(values: np.ndarray, levels: list[float]) -> list[float]:
    """Quantiles of the mean of len(values) draws with replacement, by convolving the empirical law with
    itself."""
    n = len(values)
    length = 1 << math.ceil(math.log2(n * values.max() + 1))
    law = np.zeros(length)
    law[: values.max() + 1] = np.bincount(values) / n
    cumulative = np.cumsum(np.fft.irfft(np.fft.rfft(law) ** n, length))
    return [float(np.searchsorted(cumulative, level)) / n for level in levels]


def heavy(n: int, zeros: float, sigma: float, seed: int) -> np.ndarray:
    random = np.random.RandomState(seed)
    values = np.rint(np.exp(random.standard_normal(n) * sigma + 4)).astype(np.int64)
    return np.where(random.uniform(size=n) < zeros, 0, np.minimum(values, 5_000))


@pytest.mark.parametrize(
    ("n", "zeros", "sigma"), [(200, 0.45, 1.0), (200, 0.45, 1.6), (1000, 0.45, 1.6), (1000, 0.7, 2.0)]
)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_ends_lie_within_0_002_standard_errors_of_the_exact_convolution(
    n: int, zeros: float, sigma: float, level: float
) -> None:
    values = heavy(n, zeros, sigma, seed=n)
    cells = cells_of(values)
    error = math.sqrt(cells.variance / n)
    lattice = 1 / n  # the exact law lives on multiples of 1/n
    exact = exact_quantiles(values, [(1 - level) / 2, (1 + level) / 2])
    assert saddlepoint.percentile_interval(cells, level) == pytest.approx(exact, abs=0.002 * error + lattice)


def test_binning_moves_the_ends_by_less_than_a_millionth_of_a_standard_error() -> None:
    random = np.random.RandomState(2)
    values = np.rint(np.exp(random.standard_normal(20_000) * 1.6 + 8)).astype(np.int64)
    each, binned = (cells_of(values, max_distinct=many) for many in (10**9, 0))
    error = math.sqrt(each.variance / each.size)
    exact = saddlepoint.percentile_interval(each, 0.95)
    assert saddlepoint.percentile_interval(binned, 0.95) == pytest.approx(exact, abs=1e-6 * error)
    assert saddlepoint.percentile_interval(binned.coarse, 0.95) == pytest.approx(exact, abs=5e-5 * error)


def test_monte_carlo_ends_scatter_around_it_by_their_stated_noise(amounts: np.ndarray) -> None:
    cells = cells_of(amounts)
    error = math.sqrt(cells.variance / cells.size)
    exact = np.array(saddlepoint.percentile_interval(cells, 0.95))
    drawn = [
        bootstrap_interval(cells, stream("2026-11-01", "m", str(salt)), 1000, 0.95) for salt in range(40)
    ]
    away = (np.array(drawn) - exact) / error
    assert np.abs(away.mean(axis=0)).max() < 4 * 0.1 / math.sqrt(40)
    assert away.std(axis=0) == pytest.approx([0.084, 0.084], rel=0.6)


def test_scaling_scales_and_a_constant_has_no_width(amounts: np.ndarray) -> None:
    plain = saddlepoint.percentile_interval(cells_of(amounts), 0.95)
    scaled = saddlepoint.percentile_interval(cells_of(amounts * 100), 0.95)
    assert scaled == pytest.approx([end * 100 for end in plain], rel=1e-9)
    assert saddlepoint.percentile_interval(cells_of([4] * 9), 0.95) == (4.0, 4.0)


@settings(max_examples=60)
@given(st.lists(st.integers(-(10**6), 10**9), min_size=2, max_size=80), st.sampled_from([0.5, 0.95, 0.999]))
def test_any_users_give_finite_ordered_ends_within_their_range(values: list[int], level: float) -> None:
    cells = cells_of(values)
    low, high = saddlepoint.percentile_interval(cells, level)
    slack = 1e-9 * max(abs(min(values)), abs(max(values)), 1)
    assert min(values) - slack <= low <= high <= max(values) + slack
