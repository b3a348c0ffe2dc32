"""Two independent groups of users compared: differences and ratios of means, differences of rates. Intervals
and p-values agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, stdtr, stdtrit

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.rates import hybrid_score_interval, newcombe_interval
from include.tidemark.statistics.ratios import log_scale_interval
from include.tidemark.statistics.resampling import percentile_interval, totals
from include.tidemark.statistics.streams import Stream

Interval = tuple[float, float]
Floats = NDArray[np.float64]

_LARGEST_Z = 37.0


@dataclass(frozen=True)
class Comparison:
    """A comparison of two groups.

    Attributes:
        estimate: first minus second, or first over second.
        ci_low: lower end.
        ci_high: upper end.
        p_value: two-sided, of no difference; below 1 - confidence level exactly when the interval excludes
            it. Null where the method has none.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float | None


def welch_difference(first: Cells, second: Cells, confidence_level: float) -> Comparison | None:
    """Mean of the first group minus mean of the second, by Welch's t with Satterthwaite's degrees of freedom.

    Hard to beat for a difference: the skewness of two groups of like size cancels (95 % at 100 + 100 users of
    a heavy tail); with unlike sizes it does not (89.5 % at 100 + 1,000). Source: Welch 1947.

    Returns:
        The comparison, or None with fewer than two users in a group or no variation in either.

    >>> def users(amounts):
    ...     return Cells.from_rows({"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in amounts)
    >>> found = welch_difference(users([1, 2, 3, 4]), users([3, 5, 7, 9]), 0.95)
    >>> found.estimate, round(found.p_value, 6)
    (-3.5, 0.066459)
    """
    if min(first.size, second.size) < 2 or (first.variance == 0 and second.variance == 0):
        return None
    alpha = 1.0 - check_level(confidence_level)
    squares = [group.variance / (group.size - 1) for group in (first, second)]
    error = math.sqrt(sum(squares))
    freedom = _freedom(squares, first, second)
    estimate = first.mean - second.mean
    half = error * float(stdtrit(freedom, 1 - alpha / 2))
    p_value = 2 * float(stdtr(freedom, -abs(estimate) / error))
    return Comparison(estimate, estimate - half, estimate + half, p_value)


def log_ratio(first: Cells, second: Cells, confidence_level: float) -> Comparison | None:
    """Mean of the first group over mean of the second, by the delta method on the log scale, with t
    quantiles.

    The upper end is infinite where it is beyond floating point, as when a sum of both signs is nearly zero.

    Returns:
        The comparison, or None unless both means are above zero, each group has two users and one of them
        varies.
    """
    if min(first.size, second.size) < 2 or (first.variance == 0 and second.variance == 0):
        return None
    if first.mean <= 0 or second.mean <= 0:
        return None
    squares = [group.variance / (group.size - 1) / group.mean**2 for group in (first, second)]
    error, freedom = math.sqrt(sum(squares)), _freedom(squares, first, second)
    ratio = first.mean / second.mean
    p_value = 2 * float(stdtr(freedom, -abs(math.log(ratio)) / error))
    t = float(stdtrit(freedom, 0.5 + check_level(confidence_level) / 2))
    low, high = log_scale_interval(ratio, t * error)
    return Comparison(ratio, low, high, p_value)


def bootstrap_ratio(
    first: Cells, second: Cells, streams: tuple[Stream, Stream], n_resamples: int, confidence_level: float
) -> Interval | None:
    """Percentile interval of the ratio of means; None when a replicate of the second mean is not above
    zero."""
    one, two = _replicate_means(first, second, streams, n_resamples)
    if two.min() <= 0:
        return None
    return percentile_interval(one / two, confidence_level)


def newcombe_difference(
    successes_1: int, n_1: int, successes_2: int, n_2: int, confidence_level: float
) -> Comparison:
    """Rate of the first group minus rate of the second: Newcombe's interval, and the p-value that belongs to
    it.

    The p-value is one minus the largest level at which the interval still excludes zero, so that a decision
    from the p-value and one from the interval can't differ.

    >>> found = newcombe_difference(56, 70, 48, 80, 0.95)
    >>> round(found.estimate, 3), found.p_value < 0.01
    (0.2, True)
    """
    counts = (successes_1, n_1, successes_2, n_2)
    low, high = newcombe_interval(*counts, confidence_level)
    estimate = successes_1 / n_1 - successes_2 / n_2

    if estimate == 0:
        return Comparison(0.0, low, high, 1.0)

    def nearest_end(z: float) -> float:
        ends = hybrid_score_interval(*counts, z)
        return ends[0] if estimate > 0 else -ends[1]

    if nearest_end(_LARGEST_Z) >= 0:
        return Comparison(estimate, low, high, 2 * float(ndtr(-_LARGEST_Z)))
    z = brentq(nearest_end, 0.0, _LARGEST_Z, xtol=1e-12)
    return Comparison(estimate, low, high, 2 * float(ndtr(-z)))


def _freedom(squares: list[float], first: Cells, second: Cells) -> float:
    """Satterthwaite's degrees of freedom, from the squared error of each group."""
    # Their own squares would leave floating point for amounts near 1e80; powers of two change no digit.
    unit = math.frexp(max(squares))[1]
    one, two = (math.ldexp(square, -unit) for square in squares)
    return (one + two) ** 2 / (one**2 / (first.size - 1) + two**2 / (second.size - 1))


def _replicate_means(
    first: Cells, second: Cells, streams: tuple[Stream, Stream], n_resamples: int
) -> tuple[Floats, Floats]:
    if streams[0] == streams[1]:
        raise ValueError("streams of the two groups must differ, or their replicates move together.")
    one = totals(first, streams[0], n_resamples)[:, 1] / first.size
    return one, totals(second, streams[1], n_resamples)[:, 1] / second.size
