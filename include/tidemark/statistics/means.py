"""The mean of an amount per user, with the percentile bootstrap and Hall's skew-corrected t beside it."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.resampling import percentile_interval, totals
from include.tidemark.statistics.streams import Stream

Interval = tuple[float, float]


def bootstrap_interval(cells: Cells, stream: Stream, n_resamples: int, confidence_level: float) -> Interval:
    """Percentile bootstrap interval of the mean, in the amount's unit.

    The law of the replicates is that of drawing users with replacement (Efron 1979); see `resampling.totals`.
    On skewed data it is too low and too narrow: read it with `trust.flag` and beside `hall_interval`.

    Args:
        cells: at least one user.
        stream: the seed.
        n_resamples: replicates.
        confidence_level: nominal coverage.
    """
    drawn = totals(cells, stream, n_resamples)
    return percentile_interval(drawn[:, 1] / cells.size, confidence_level)


def hall_interval(cells: Cells, confidence_level: float) -> Interval:
    """Hall's (1992) skew-corrected t interval of the mean, in the amount's unit, without resampling.

    The studentized mean T is transformed by the cubic g(T) = T + kT^2/3 + k^2 T^3/27 + k/6 with k =
    skewness/sqrt(n), which removes its skewness and can be inverted: T = 3 (cbrt(1 + k (t - k/6)) - 1) / k at
    the t quantiles of n - 1 degrees of freedom. Without skewness it is Student's t interval.

    Args:
        cells: at least two users.
        confidence_level: nominal coverage.

    Raises:
        ValueError: for fewer than two users.

    Source: P. Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992) 221-228.

    >>> rows = [{"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in (1, 2, 3, 4, 5)]
    >>> low, high = hall_interval(Cells.from_rows(rows), 0.95)
    >>> round(low, 6), round(high, 6)
    (1.036757, 4.963243)
    """
    if cells.size < 2:
        raise ValueError(f"hall_interval needs at least two users, got {cells.size}.")
    alpha = 1.0 - check_level(confidence_level)
    n = cells.size
    error = math.sqrt(cells.variance / (n - 1))
    k = cells.skewness / math.sqrt(n)
    high, low = (
        cells.mean - error * _remove_skewness(float(stdtrit(n - 1, q)), k) for q in (alpha / 2, 1 - alpha / 2)
    )
    return low, high


def _remove_skewness(t: float, k: float) -> float:
    change = k * (t - k / 6)
    if abs(k) < 1e-9:
        return t
    root_minus_one = math.expm1(math.log1p(change) / 3) if change > -1 else float(np.cbrt(1 + change)) - 1
    return 3 * root_minus_one / k
