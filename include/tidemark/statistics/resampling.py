"""Bootstrap replicates drawn from cells: the user-level law at the cost of a few hundred cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.streams import Stream

Floats = NDArray[np.float64]


def totals(cells: Cells, stream: Stream, n_resamples: int, *, poisson: bool = False) -> Floats:
    """Replicates of (users, sum of the amount), shape (n_resamples, 2).

    The number of users drawn from each cell is multinomial: exactly what drawing users with replacement
    gives. Given these counts c, the sum is drawn from a normal with mean c . cell means and variance c . cell
    variances: the first two moments of the ordinary bootstrap, exact; cells of one distinct value have
    variance zero and are exact wholly.

    Args:
        cells: the users of one group.
        stream: see `streams.stream`.
        n_resamples: replicates.
        poisson: draw an independent Poisson number from each cell instead, so that the size of the group
            varies too (Chamandy et al. 2012). Needed where several groups share a denominator.

    >>> from include.tidemark.statistics.streams import stream
    >>> totals(Cells.from_rows([{"bin": 4, "n": 3, "s1": 12, "s2": 48, "s3": 192}]), stream("2026-11-01", "m"), 2).tolist()
    [[3.0, 12.0], [3.0, 12.0]]
    """  # noqa: W505
    n, mean, variance = cells.coarse.moments
    exact = not variance.any()

    def draw(generator: np.random.RandomState, size: int) -> Floats:
        counts = _counts(generator, n, size, poisson=poisson)
        total = _combine(counts, mean)
        if not exact:
            total += np.sqrt(_combine(counts, variance)) * generator.standard_normal(size)
        return np.stack([counts.sum(axis=1), total], axis=1)

    return stream.replicates(n_resamples, draw)


def pair_totals(cells: RatioCells, stream: Stream, n_resamples: int) -> Floats:
    """Replicates of (users, sum of x, sum of y), shape (n_resamples, 3); see `totals`.

    Given the counts, the two sums are drawn from a bivariate normal with the cells' variances and covariance.
    """
    n, x, y, xx, yy, xy = cells.coarse.moments

    def draw(generator: np.random.RandomState, size: int) -> Floats:
        counts = _counts(generator, n, size, poisson=False)
        noise = generator.standard_normal((2, size))
        var_x, var_y, cov = (_combine(counts, part) for part in (xx, yy, xy))
        sd_x = np.sqrt(var_x)
        slope = np.divide(cov, sd_x, out=np.zeros(size), where=sd_x > 0)
        sum_x = _combine(counts, x) + sd_x * noise[0]
        sum_y = _combine(counts, y) + slope * noise[0] + np.sqrt(np.maximum(var_y - slope**2, 0.0)) * noise[1]
        return np.stack([counts.sum(axis=1), sum_x, sum_y], axis=1)

    return stream.replicates(n_resamples, draw)


def percentile_interval(replicates: Floats, confidence_level: float) -> tuple[float, float]:
    """The ends of the middle ``confidence_level`` of the replicates (linear between order statistics).

    >>> low, high = percentile_interval(np.arange(101.0), 0.9)
    >>> round(low, 9), round(high, 9)
    (5.0, 95.0)
    """
    alpha = 1.0 - check_level(confidence_level)
    low, high = np.quantile(replicates, [alpha / 2, 1 - alpha / 2])
    return float(low), float(high)


def _counts(generator: np.random.RandomState, n: Floats, size: int, *, poisson: bool) -> Floats:
    if poisson:
        return generator.poisson(n, size=(size, len(n))).astype(np.float64)
    users = n.sum()
    return generator.multinomial(int(users), n / users, size=size).astype(np.float64)


def _combine(counts: Floats, values: Floats) -> Floats:
    # Not BLAS: its order of additions depends on the number of threads and on the processor.
    return np.asarray(np.einsum("bk,k->b", counts, values))
