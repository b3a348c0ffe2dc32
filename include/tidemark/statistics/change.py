"""How a number differs between months: what was found, before it is a row."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from include.tidemark.statistics.trust import Tail

Form = Literal["share", "part", "mean", "ratio", "quotient", "count", "sum"]
Kind = Literal["share", "mean", "count", "sum", "ratio"]
TREND = "trend"
"""The comparison with all months since the first of the trend."""


@dataclass(frozen=True)
class Number:
    """A published number whose change is measured on people.

    Attributes:
        metric: what it is called.
        form: share of people in the segment; part of its members of whom the amount 1 says that something
            holds; mean of their amount; ratio, the part of everybody's amount that they hold; quotient, their
            mean over that of another segment; count of them; sum of their amount.
        source: the amount, or which people are counted.
        of: the segment whose members it is about; None for all people.
        segment: what its rows say.
        unit: how many of the amount's whole numbers are one of the result's unit.
        versus: of a difference, the segment whose number is subtracted; of a quotient, the one that is
            divided by.
    """

    metric: str
    form: Form
    source: str
    of: str | None
    segment: str | None
    unit: int = 1
    versus: str | None = None

    @property
    def kind(self) -> Kind:
        """As rows call it."""
        if self.form == "quotient":
            return "ratio"
        return "share" if self.form == "part" else self.form

    @property
    def of_all(self) -> Number | None:
        """The same of all people, whose influence shows what the amounts of few may lack; None where none is
        compared so."""
        return replace(self, of=None, segment=None, versus=None) if self.form in ("mean", "sum") else None


@dataclass(frozen=True)
class Month:
    """A number in one month.

    Attributes:
        value: None where there is nothing to divide by.
        n: users behind it: of a share and a mean those that are divided by, of a count and a sum those
            counted.
        nonzero: those of them with an amount other than zero.
        effective_n: (sum)^2 / sum of squares of the amount.
    """

    value: float | None
    n: int
    nonzero: int = 0
    effective_n: float = math.inf


class Behind(NamedTuple):
    """Users behind a number.

    Attributes:
        both: in both months.
        joined: now only.
        left: then only.
    """

    both: int
    joined: int
    left: int


@dataclass(frozen=True)
class Change:
    """The change of a number between two months, or its slope over more.

    Attributes:
        earlier: the number then, in the first month.
        now: the number now, in the last.
        behind: the users behind the number in these two.
        standard_error: of `value`; None where that is missing.
        tail: how unevenly users influence the change; None likewise.
        moved: of a share, how many users came to what is counted and how many left it; then the same of all
            others.
        between: of a slope, the number in the months between both.
        others: of a slope, users behind the number in none but these.
        fitted: how many numbers were fitted to the users' own.
        parts: of a difference or quotient, the numbers of both segments in its months, which must be
            publishable too.
    """

    earlier: Month
    now: Month
    behind: Behind
    standard_error: float | None = None
    tail: Tail | None = None
    moved: tuple[tuple[int, int], ...] = ()
    between: tuple[Month, ...] = ()
    others: int = 0
    fitted: int = 1
    parts: tuple[Month, ...] = ()

    @property
    def months(self) -> tuple[Month, ...]:
        """The number in every month, the earliest first."""
        return (self.earlier, *self.between, self.now)

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the standard error, at least 1."""
        return max(sum(self.behind) + self.others - self.fitted, 1)

    @property
    def value(self) -> float | None:
        """The least-squares slope per month; of two months, now minus then."""
        values = [month.value for month in self.months if month.value is not None]
        if len(values) < len(self.months):
            return None
        return math.fsum(c * value for c, value in zip(slope_weights(len(values)), values, strict=True))


def slope_weights(months: int) -> tuple[float, ...]:
    """What each of equally spaced months is multiplied by, so that the sum is the least-squares slope per
    month.

    >>> slope_weights(2), slope_weights(4)
    ((-1.0, 1.0), (-0.3, -0.1, 0.1, 0.3))
    """
    squares = months * (months**2 - 1) / 12
    return tuple((month - (months - 1) / 2) / squares for month in range(months))
