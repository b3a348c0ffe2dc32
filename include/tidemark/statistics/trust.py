"""How far an interval can be relied on: one rule for every method whose coverage suffers from uneven
amounts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from include.tidemark.statistics.cells import Cells, Floats, merge
from include.tidemark.statistics.results import TRUST_LEVELS

SKEWNESS_LIMITS = {
    "hall_skew_t": 0.25,
    "percentile_bootstrap": 0.2,
    "retention_weighted": 0.2,
    "welch": 0.2,
    "unit_jackknife_t": 0.25,
    "log_delta": 0.2,
    "percentile_of_ratio": 0.15,
    "logit_delta": 0.2,
    "percentile_of_share": 0.15,
    "paired_users": 0.25,
    "slope_of_users": 0.25,
    "ancova": 0.25,
    "paired_units": 0.25,
    "slope_of_units": 0.25,
}
"""Method -> the largest k at which its interval still holds the truth in 93 % of samples; see
docs/methods.md."""
WEIGHT_LIMIT = 0.25
MOVED_SKEWNESS_LIMIT = 0.2
UNRELIABLE_ABOVE = 0.35
IMPRECISE_ABOVE = 0.4

# The fewer users tell of the tail, the lighter it has to be: what a sample has missed is missing in its own
# figures, too.
REFERENCE_USERS = 5_000
ALONE_WEIGHT_LIMIT = 0.05
FEW_REFERENCE_USERS = 1_000
FEW_WEIGHT_LIMIT = 0.05
OWN_PART = 1.4
"""How many times the reference's limit the users' own tail may have. With the same limit for both, of the
populations just beyond it the samples pass that have missed their tail, and these hold in 91 to 93 %."""

Flag = tuple[str, str | None]


@dataclass(frozen=True)
class Tail:
    """How unevenly users influence a number.

    Attributes:
        users: how many they are.
        skewness: absolute third central moment of their influence, over the 1.5th power of its variance.
        weight: the same of its absolute values: also large where far values of both signs cancel in the
            skewness.
    """

    users: int
    skewness: float
    weight: float


@dataclass(frozen=True)
class Sample:
    """Users whose number is published, beside a larger group of the same metric.

    Attributes:
        own: their tail.
        reference: the tail of all groups together; None where nothing is known but the users themselves.
    """

    own: Tail
    reference: Tail | None = None

    @property
    def skewness(self) -> float:
        """k, the skewness of the number itself, as the reference has it, or the users' own where that is far
        larger."""
        return max(self.own.skewness / OWN_PART, self._known.skewness) / math.sqrt(self.own.users)

    @property
    def weight(self) -> float:
        """The same of the absolute influence."""
        return max(self.own.weight / OWN_PART, self._known.weight) / math.sqrt(self.own.users)

    @property
    def largest_skewness(self) -> float:
        """k as the more uneven of both has it."""
        return max(self.own.skewness, self._known.skewness) / math.sqrt(self.own.users)

    @property
    def weight_limit(self) -> float:
        """The largest weight at which those who are known would have shown rare large amounts."""
        known = max(self.own.users, self._known.users)
        if known >= REFERENCE_USERS:
            return min(WEIGHT_LIMIT, ALONE_WEIGHT_LIMIT * math.pow(known / self.own.users, 0.75))
        return FEW_WEIGHT_LIMIT if known >= FEW_REFERENCE_USERS else 0.0

    @property
    def _known(self) -> Tail:
        """Whom the tail is known by: the users themselves where there is no one else."""
        return self.own if self.reference is None else self.reference


def flag(method: str, *samples: Sample) -> Flag:
    """The trust of an interval and the reason where it is not ``ok``.

    ``ok`` where k = skewness / sqrt(n) keeps the method's limit, with the skewness of a reference, since the
    sample's own is small exactly where the sample has missed the tail; its own may be two fifths larger.
    Without a reference that would show the tail it is ``caution``.

    Args:
        method: one of `SKEWNESS_LIMITS`.
        samples: the groups that make the number.

    >>> everybody = Tail(50_000, 4.0, 5.0)
    >>> flag("hall_skew_t", Sample(Tail(400, 1.0, 2.0), everybody))
    ('ok', None)
    >>> flag("hall_skew_t", Sample(Tail(50, 1.0, 2.0), everybody))
    ('unreliable', 'skewed')
    >>> flag("hall_skew_t", Sample(Tail(400, 1.0, 2.0)))
    ('caution', 'no_reference')
    """
    # Not the sum of both by their part of the error: a group that has missed its tail seems to have hardly
    # any.
    k = max(sample.skewness for sample in samples)
    if not k <= SKEWNESS_LIMITS[method] or not max(sample.weight for sample in samples) <= WEIGHT_LIMIT:
        far = not max(sample.largest_skewness for sample in samples) <= UNRELIABLE_ABOVE
        return ("unreliable" if far else "caution"), "skewed"
    if any(sample.weight > sample.weight_limit for sample in samples):
        return "caution", "no_reference"
    return "ok", None


def flag_of_counts(own: Tail, *moved: tuple[int, int]) -> Flag:
    """The trust of the interval of a change of counts and shares, on which users have bounded influence: no
    rare large amount is missed.

    ``ok`` where enough users moved, and not nearly all of them in one direction.

    Args:
        own: the tail of the users' influence.
        moved: of a share, how many users came to what is counted and how many left it, and the same of the
            others: who joins changes the denominator, too, which hides from the influence alone that nobody
            among them was counted.

    >>> flag_of_counts(Tail(10_000, 0.0, 10.0)), flag_of_counts(Tail(10_000, 0.0, 10.0), (12, 8), (0, 3))
    (('ok', None), ('unreliable', 'few_movers'))
    """
    root = math.sqrt(own.users) or 1.0
    uneven = [(own.skewness / root, own.weight / root)]
    uneven += [
        (abs(i - o) / (i + o) ** 1.5, (i + o) ** -0.5) if i + o else (math.inf, math.inf) for i, o in moved
    ]
    skewness, weight = (max(each) for each in zip(*uneven, strict=True))
    if skewness <= MOVED_SKEWNESS_LIMIT and weight <= WEIGHT_LIMIT:
        return "ok", None
    return ("caution" if weight <= UNRELIABLE_ABOVE else "unreliable"), "few_movers"


def precise(*relative_errors: float) -> Flag:
    """``imprecise`` where a standard error is so large against its number that quotients and logarithms are
    not close to linear.

    Refunds that nearly cancel a denominator do that.

    >>> precise(0.02, 0.5)
    ('caution', 'imprecise')
    """
    return ("ok", None) if max(relative_errors) <= IMPRECISE_ABOVE else ("caution", "imprecise")


def weakest(*flags: Flag) -> Flag:
    """The flag that warns most, the first of those.

    >>> weakest(("ok", None), ("caution", "imprecise"))
    ('caution', 'imprecise')
    """
    return max(flags, key=lambda found: TRUST_LEVELS.index(found[0]))


def tail_of(cells: Cells) -> Tail:
    """The tail of one amount per user, for its mean.

    >>> rows = [{"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in (0, 0, 0, 4)]
    >>> found = tail_of(Cells.from_rows(rows))
    >>> round(found.skewness, 6), round(found.weight, 6)
    (1.154701, 1.443376)
    """
    if cells.variance == 0:
        return Tail(cells.size, 0.0, 0.0)
    n, mean, variance = cells.moments
    found = tail_of_influence((n, mean - cells.mean, variance))
    skewness = abs(cells.skewness)
    return Tail(cells.size, skewness, max(skewness, found.weight))


def samples_of(first: Cells, second: Cells) -> tuple[Sample, Sample]:
    """Two groups whose means are compared; both together are the reference of each."""
    everybody = tail_of(merge([first, second]))
    return Sample(tail_of(first), everybody), Sample(tail_of(second), everybody)


def tail_of_influence(*groups: tuple[Floats, Floats, Floats]) -> Tail:
    """The tail of influences that sum to zero.

    Args:
        groups: users, mean influence and variance inside of each cell. A cell's users are taken as symmetric
            about its mean: with cells of two leading digits the spread inside is small against the spread
            between.
    """
    n, centre, inside = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    users = float(n.sum())
    with np.errstate(over="ignore", invalid="ignore"):
        variance = float((n * (centre**2 + inside)).sum()) / max(users, 1.0)
        if variance == 0:
            return Tail(round(users), 0.0, 0.0)
        unit = math.sqrt(variance)
        y, v = centre / unit, inside / variance
        skewness = abs(float((n * (y**3 + 3 * y * v)).sum())) / users
        weight = float((n * (np.abs(y) ** 3 + 3 * np.abs(y) * v)).sum()) / users
    if not (math.isfinite(skewness) and math.isfinite(weight)):
        return Tail(round(users), math.inf, math.inf)
    return Tail(round(users), skewness, max(skewness, weight))
