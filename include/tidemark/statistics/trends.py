"""The slope of a number over published months of the same users.

The windows of consecutive months overlap, and most users are in all of them, so the months are no independent
points and a line through them has no error that one could read off the line. Users are independent. The
least-squares slope of R_m = sum y_m / sum x_m is sum c_m R_m with weights that depend on the number of months
alone, and a user's influence on it is sum c_m (y_um - R_m x_um) / X_m: what pairs of two months have with c =
(-1, 1). The squared influences sum to the squared standard error. Source: Särndal, Swensson and Wretman 1992;
Zeger and Liang 1986 (the user as the cluster).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from include.tidemark.statistics.change import Behind, Change, Month, Number, slope_weights
from include.tidemark.statistics.trust import Tail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METHOD = "slope_of_users"

# Influences are summed as whole numbers, so that no order of the rows changes a digit: ten million to a
# standard deviation, were the months independent. The cubes of 10 million users stay below 37 digits.
_STEPS = 1e7


class Sums(NamedTuple):
    """Users of a segment in one month, and an amount of theirs in whole numbers."""

    n: int
    s1: int
    s2: int
    nonzero: int
    negative: int


class Term(NamedTuple):
    """A user's influence in one month: ``constant + slope * amount``, of members, of others who are counted,
    and of a difference of the members of the segment whose number is subtracted."""

    member: tuple[float, float]
    other: tuple[float, float] = (0.0, 0.0)
    versus: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Influences:
    """A number's months, and how each user influences the slope.

    Attributes:
        number: which.
        months: the number in each month, the earliest first.
        counted: users behind it in each month.
        terms: by month; None where a month lacks the number, so that there is no slope.
        scale: how many steps one of the influence's unit has.
        parts: of a difference, the numbers of both segments in each month.
    """

    number: Number
    months: tuple[Month, ...]
    counted: tuple[int, ...]
    terms: tuple[Term, ...] | None
    scale: float = 0.0
    parts: tuple[Month, ...] = ()


class Found(NamedTuple):
    """What the users' influences sum to, in steps.

    Attributes:
        users: behind the number in any month.
        both: in the first and in the last.
        both_yes: of a share, who are counted in both; both_no: who are not, in both; of a difference of
            shares, who are in the other segment in both.
        s2: sum of squares; s3: of cubes; a3: of absolute cubes.
    """

    users: int
    both: int
    both_yes: int
    both_no: int
    s2: int
    s3: int
    a3: int


def influences(number: Number, months: Sequence[Mapping[str, Sums]]) -> Influences:
    """How users influence the slope of a number.

    Args:
        number: which.
        months: segment -> sums of the number's source, the earliest month first.
    """
    members = [_of_segment(sums, number.of) for sums in months]
    everybody = [_of_segment(sums, None) for sums in months]
    others = [_of_segment(sums, number.versus) if number.versus else _NOBODY for sums in months]
    first, second = (
        tuple(_month(number, *each) for each in zip(of, everybody, strict=True)) for of in (members, others)
    )
    is_of_all = number.form in ("share", "ratio")
    counted = tuple(
        all_.n if is_of_all else mine.n + other.n
        for mine, other, all_ in zip(members, others, everybody, strict=True)
    )
    values: tuple[Month, ...] = first
    parts: tuple[Month, ...] = ()
    if number.versus:
        values, parts = tuple(map(_compared, [number] * len(months), first, second, counted)), first + second
    found = Influences(number, values, counted, None, parts=parts)
    if any(month.value is None for month in values):
        return found
    weights = slope_weights(len(months))
    same = [number] * len(months)
    terms = tuple(map(_term, same, weights, first, members, everybody))
    if number.versus:
        subtracted = map(_term, same, weights, second, others, everybody)
        terms = tuple(map(_of_both, same, terms, subtracted, values, second))
    spread = math.fsum(map(_spread, terms, members, others, everybody))
    users = max(*found.counted, 1)
    return replace(found, terms=terms, scale=_STEPS / math.sqrt(spread / users) if spread > 0 else 0.0)


def slope(
    of: Influences, found: Found | None, yes: tuple[int, int] = (0, 0), no: tuple[int, int] | None = None
) -> Change:
    """The slope with its error.

    Args:
        of: the number's months.
        found: of its users; None where there is no slope.
        yes: of a share, who were counted in the first month and who are in the last.
        no: of a difference of shares, the same of the other segment.
    """
    first, *between, last = of.months
    then, today = of.counted[0], of.counted[-1]
    both = found.both if found else 0
    change = Change(
        first, last, Behind(both, today - both, then - both), between=tuple(between), parts=of.parts
    )
    if found is None or of.terms is None:
        return change
    change = replace(change, others=found.users - sum(change.behind))
    users = found.users
    if of.scale == 0 or found.s2 == 0 or users < 2:
        return replace(change, standard_error=0.0, tail=Tail(users, 0.0, 0.0))
    error = math.sqrt(found.s2) / of.scale
    if of.number.form not in ("count", "sum"):
        error *= math.sqrt(users / (users - 1))
    size = users * (found.s2 / users) ** 1.5
    skewness, weight = abs(found.s3) / size, found.a3 / size
    moved = _moved(of, found, yes, no) if of.number.kind == "share" else ()
    return replace(
        change, standard_error=error, tail=Tail(users, skewness, max(skewness, weight)), moved=moved
    )


def _moved(
    of: Influences, found: Found, yes: tuple[int, int], no: tuple[int, int] | None
) -> tuple[tuple[int, int], ...]:
    came, left = yes[1] - found.both_yes, yes[0] - found.both_yes
    if no is not None:
        # Who comes to the one segment and who leaves the other move the difference the same way.
        return ((came + no[0] - found.both_no, left + no[1] - found.both_no),)
    no = of.counted[0] - yes[0], of.counted[-1] - yes[1]
    return (came, left), (no[1] - found.both_no, no[0] - found.both_no)


_NOBODY = Sums(0, 0, 0, 0, 0)


def _of_segment(sums: Mapping[str, Sums], segment: str | None) -> Sums:
    if segment is not None:
        return sums.get(segment, _NOBODY)
    return Sums(*(sum(each) for each in zip(*sums.values(), strict=True))) if sums else _NOBODY


def _month(number: Number, mine: Sums, everybody: Sums) -> Month:
    match number.form:
        case "share":
            return Month(mine.n / everybody.n if everybody.n else None, everybody.n)
        case "ratio":
            return Month(mine.s1 / everybody.s1 if everybody.s1 > 0 else None, everybody.n)
        case "count":
            return Month(float(mine.n), mine.n)
        case "sum":
            return Month(mine.s1 / number.unit, mine.n)
    # Amounts of both signs can cancel while many users carry them: then the quotient does not measure
    # concentration.
    cancel = 0 < mine.negative < mine.nonzero
    effective = math.inf if cancel else mine.s1**2 / mine.s2 if mine.s2 else 0.0
    return Month(mine.s1 / (mine.n * number.unit) if mine.n else None, mine.n, mine.nonzero, effective)


def _term(number: Number, c: float, month: Month, mine: Sums, everybody: Sums) -> Term:
    value = month.value or 0.0
    match number.form:
        case "share":
            return Term((c * (1 - value) / everybody.n, 0.0), (-c * value / everybody.n, 0.0))
        case "ratio":
            return Term((0.0, c * (1 - value) / everybody.s1), (0.0, -c * value / everybody.s1))
        case "count":
            return Term((c, 0.0))
        case "sum":
            return Term((0.0, c / number.unit))
    return Term((-c * value / mine.n, c / (mine.n * number.unit)))


def _compared(number: Number, first: Month, second: Month, counted: int) -> Month:
    """Two segments' numbers of one month as their difference or quotient."""
    value = None
    if first.value is not None and second.value is not None:
        if number.form != "quotient":
            value = first.value - second.value
        elif second.value > 0:
            value = first.value / second.value
    return Month(value, counted, min(first.nonzero, second.nonzero))


def _of_both(number: Number, one: Term, two: Term, value: Month, second: Month) -> Term:
    """What users of either segment influence the difference or quotient by: of shares, each is in the
    denominator of both."""
    if number.form == "share":
        member, versus = one.member[0] - two.other[0], one.other[0] - two.member[0]
        return Term((member, 0.0), (one.other[0] - two.other[0], 0.0), (versus, 0.0))
    a, b = 1.0, -1.0
    if number.form == "quotient":
        a, b = 1 / (second.value or 1.0), -(value.value or 0.0) / (second.value or 1.0)
    return Term((a * one.member[0], a * one.member[1]), versus=(b * two.member[0], b * two.member[1]))


def _spread(term: Term, mine: Sums, second: Sums, everybody: Sums) -> float:
    """The sum of squared influences of one month."""
    others = Sums(*(whole - a - b for whole, a, b in zip(everybody, mine, second, strict=True)))
    return math.fsum(
        k * k * sums.n + 2 * k * b * sums.s1 + b * b * sums.s2
        for (k, b), sums in ((term.member, mine), (term.other, others), (term.versus, second))
    )
