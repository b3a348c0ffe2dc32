"""The difference of two numbers of which only the intervals are known, as of two independent samples."""

import math
from typing import NamedTuple

from scipy.special import ndtr, ndtri

from include.tidemark.statistics.config import check_level


class IntervalDifference(NamedTuple):
    """How far two numbers are apart.

    Attributes:
        estimate: the first minus the second.
        ci_low: lower end of the interval at the level of the first.
        ci_high: upper end.
        p_value: two-sided, of no difference: below 1 - level where the interval excludes zero, and only
            there.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float


def difference_of_intervals(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> IntervalDifference:
    """The first number minus the second, with an interval that keeps the asymmetry of theirs.

    Each end combines the distances of both numbers to the ends of their own intervals (the method of variance
    estimates recovery; of two Wilson intervals it is Newcombe's). Of two samples that share people the
    interval is too wide, since their errors go together. Source: Zou and Donner 2008.

    Args:
        first: estimate, low end, high end and level of its interval.
        second: the same of the other number; its level may be another.

    Raises:
        ValueError: a level is not between 0 and 1, or an estimate is outside its interval by more than
            rounding.

    >>> found = difference_of_intervals((0.8, 0.692, 0.877, 0.95), (0.6, 0.490, 0.700, 0.95))
    >>> round(found.estimate, 3), found.p_value < 0.05, found.ci_low > 0
    (0.2, True, True)
    """
    (one, *arms_of_one), (other, *arms_of_other) = _in_units(*first), _in_units(*second)
    estimate = one - other
    # In units of z the arms are standard errors, each to the side on which the difference would vanish.
    downwards, upwards = (
        math.hypot(arms_of_one[0], arms_of_other[1]),
        math.hypot(arms_of_one[1], arms_of_other[0]),
    )
    z = _quantile(first[3])
    towards_zero = downwards if estimate > 0 else upwards
    if estimate == 0:
        p_value = 1.0
    elif towards_zero == 0:
        p_value = 0.0
    else:
        p_value = 2 * float(ndtr(-abs(estimate) / towards_zero))
    return IntervalDifference(estimate, estimate - z * downwards, estimate + z * upwards, p_value)


def _in_units(estimate: float, low: float, high: float, level: float) -> tuple[float, float, float]:
    """The estimate, and the distances to both ends as multiples of the level's normal quantile."""
    rest = 1e-9 * max(abs(low), abs(high), abs(estimate))
    if not low - rest <= estimate <= high + rest:
        raise ValueError(f"an estimate must lie within its interval, got {estimate} in [{low}, {high}].")
    z = _quantile(level)
    return estimate, max(estimate - low, 0.0) / z, max(high - estimate, 0.0) / z


def _quantile(level: float) -> float:
    return float(ndtri(0.5 + check_level(level) / 2))
