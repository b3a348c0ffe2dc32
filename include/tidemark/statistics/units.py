"""Groups compared where what is compared holds for whole weeks or days: these are the observations, not their
users."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS, jackknife_error
from include.tidemark.statistics.groups import Comparison
from include.tidemark.statistics.trust import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable

Floats = NDArray[np.float64]

FEWEST_EFFECTIVE = 5
MANY_UNITS = 30
"""From that many days on the interval of one day against them has its nominal coverage; with fewer it holds
too often."""


@dataclass(frozen=True)
class Units:
    """The weeks (or days) of a group. Make it with `of`.

    Attributes:
        n: users of each, above 0.
        total: what they sum to: users with an outcome, or an amount.
    """

    n: Floats
    total: Floats

    @classmethod
    def of(cls, units: Iterable[tuple[int, float]]) -> Units:
        """From users and sum of each unit; one without users says nothing and is left out."""
        held = np.array([(n, total) for n, total in units if n > 0], dtype=np.float64).reshape(-1, 2)
        return cls(held[:, 0], held[:, 1])

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.n)

    @property
    def effective(self) -> float:
        """As how many units of equal size they count: (sum n)^2 / sum n^2.

        >>> Units.of([(10, 1), (10, 2), (20, 3)]).effective
        2.6666666666666665
        """
        return float(self.n.sum() ** 2 / (self.n**2).sum()) if self.count else 0.0

    @property
    def mean(self) -> float:
        """Sum over users."""
        return float(self.total.sum() / self.n.sum())

    @property
    def error(self) -> float:
        """Standard error of the mean by leaving out one unit at a time; unbiased in its square where all have
        equal size."""
        n, total = self.n.sum(), self.total.sum()
        return float(jackknife_error(total / n, (total - self.total) / (n - self.n)))


def units_difference(first: Units, second: Units, confidence_level: float) -> Comparison | None:
    """Mean of the first group minus that of the second, each with the error that its units show.

    Errors are jackknifed over the units of each group; the t quantile has Satterthwaite's degrees of freedom,
    in which a group counts as its effective number of units, so that one week with most of the users is no
    help. Below six units a group no p-value is given. Sources: MacKinnon, Nielsen and Webb 2023; Welch 1947;
    Kish 1965 (effective number).

    Returns:
        The comparison; None with fewer than two units in a group or no variation in either.

    >>> one, two = Units.of([(10, n) for n in range(6)]), Units.of([(10, n) for n in range(3, 9)])
    >>> found = units_difference(one, two, 0.95)
    >>> round(found.estimate, 9), round(found.p_value, 6)
    (-0.3, 0.019536)
    """
    if min(first.count, second.count) < 2:
        return None
    squares = [group.error**2 for group in (first, second)]
    estimate = first.mean - second.mean
    if sum(squares) <= (1e-12 * max(abs(first.mean), abs(second.mean))) ** 2:
        return None
    parts = zip(squares, (first, second), strict=True)
    # With one unit's worth of users there is no freedom left; a single degree is as wide as a t interval
    # gets.
    freedom = sum(squares) ** 2 / sum(part**2 / max(group.effective - 1, 1e-3) for part, group in parts)
    few = min(first.count, second.count) < MINIMUM_PERIODS
    return _comparison(estimate, math.sqrt(sum(squares)), max(freedom, 1.0), confidence_level, few=few)


def rate_against_units(successes: int, n: int, rest: Units, confidence_level: float) -> Comparison | None:
    """The rate of one unit minus that of many others: how far is it out, seen against how units differ
    anyway?

    The variance of a unit's rate is p (1 - p) / n and what units differ beyond it, t^2, by moments from the
    others (none where they differ less than chance would have them); t quantiles have the effective number of
    others less one. One unit can't show how it would differ from another of its kind, so that is taken from
    the others. The interval holds the differences that this test does not reject, each with the variance of a
    unit of that rate q, in proportion to q (1 - q): with the others' variance throughout, a day of 7 % among
    days of 4 % was held in 89 % of samples. Below six others no p-value is given. Sources: Wilson 1927 (the
    interval); DerSimonian and Laird 1986 (t^2); Crawford and Howell 1998 (one case against several).

    Args:
        successes: users of the unit with the outcome.
        n: its users.
        rest: the other units, whose totals count users with the outcome.
        confidence_level: nominal coverage.

    Returns:
        The comparison; None with fewer than two others or no variation.

    >>> found = rate_against_units(30, 100, Units.of([(100, 40 + place % 3) for place in range(30)]), 0.95)
    >>> round(found.estimate, 9), 0.01 < found.p_value < 0.05
    (-0.11, True)
    """
    if rest.count < 2:
        return None
    users, rate = float(rest.n.sum()), rest.mean
    of_users = rate * (1 - rate)
    spread = float((rest.n * (rest.total / rest.n - rate) ** 2).sum())
    share = float((rest.n**2).sum()) / users
    of_units = max((spread - (rest.count - 1) * of_users) / (users - share), 0.0)
    if of_users <= 0:
        return None
    of_rest = (of_units * share + of_users) / users
    of_one = 1 / n + of_units / of_users
    few = rest.count < MINIMUM_PERIODS
    freedom = max(rest.effective - 1, 1.0)
    error, own = math.sqrt(of_rest + of_one * of_users), successes / n
    tested = _comparison(own - rate, error, freedom, confidence_level, few=few)
    squared = float(stdtrit(freedom, 0.5 + confidence_level / 2)) ** 2
    # (own - q)^2 = squared (of_rest + of_one q (1 - q)), solved for q.
    linear, spare = squared * of_one, squared * of_rest
    half = math.sqrt(linear * (4 * own * (1 - own) + linear) + 4 * spare * (1 + linear))
    low, high = ((2 * own + linear + side * half) / (2 * (1 + linear)) - rate for side in (-1, 1))
    return replace(tested, ci_low=low, ci_high=high)


def units_flag(first: Units, second: Units) -> Flag:
    """The trust of `units_difference`: ``ok`` from six units in each group that count as five of equal size.

    >>> units_flag(Units.of([(10, 1)] * 6), Units.of([(10, 1)] * 5))
    ('unreliable', 'few_periods')
    """
    if min(first.count, second.count) < MINIMUM_PERIODS:
        return "unreliable", "few_periods"
    if min(first.effective, second.effective) < FEWEST_EFFECTIVE:
        return "caution", "few_periods"
    return "ok", None


def against_units_flag(rest: Units) -> Flag:
    """The trust of `rate_against_units`: ``ok`` from thirty others."""
    if rest.count < MINIMUM_PERIODS:
        return "unreliable", "few_periods"
    many = rest.count >= MANY_UNITS and rest.effective >= MANY_UNITS / 2
    return ("ok", None) if many else ("caution", "few_periods")


def _comparison(
    estimate: float, error: float, freedom: float, confidence_level: float, *, few: bool
) -> Comparison:
    half = error * float(stdtrit(freedom, 0.5 + check_level(confidence_level) / 2))
    p_value = None if few else 2 * float(stdtr(freedom, -abs(estimate) / error))
    return Comparison(estimate, estimate - half, estimate + half, p_value)
