"""The change of a number between two months of the same users, from sums of pairs.

Every share and mean is a ratio of sums over users, R = sum y / sum x. With (x0, y0) of a user in the earlier
month and (x1, y1) now, zeros where the user is not counted, the user's influence on R1 - R0 is (y1 - R1 x1) /
X1 - (y0 - R0 x0) / X0, and the squared influences sum to the squared standard error of the change. Who stays,
joins and leaves is thereby in one formula, and what a user's two months have in common cancels. Source:
Särndal, Swensson and Wretman 1992 (linearization of ratios); Qualité and Tillé 2008 (changes between
overlapping samples).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.change import Behind, Change, Form, Month
from include.tidemark.statistics.trust import tail_of_influence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class PairCells:
    """Users of two months, by the segment of each month and by similar amounts.

    Attributes:
        earlier: segment of each cell in the earlier month; None: not counted then.
        now: segment now; None: not counted now.
        sums: by cell, whole numbers: users, and of the amount: sum then, sum now, sum of squares then, of
            squares now, of products, users with an amount other than zero then, and now.
    """

    earlier: tuple[str | None, ...]
    now: tuple[str | None, ...]
    sums: tuple[tuple[int, ...], ...]

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]]) -> PairCells:
        """Cells from records with the keys ``from_segment``, ``to_segment`` and `SUMS`.

        >>> row = {"from_segment": "A", "to_segment": None} | dict.fromkeys(SUMS, 0) | {"n": 3}
        >>> PairCells.from_rows([row]).users
        3
        """
        held = sorted(
            (
                (row["from_segment"], row["to_segment"], tuple(int(row[name]) for name in SUMS))
                for row in rows
            ),
            key=lambda cell: (cell[0] or "", cell[1] or "", cell[2]),
        )
        if any(n < 0 for _, _, (n, *_) in held):
            raise ValueError("a cell of pairs holds fewer than 0 users.")
        cells = [cell for cell in held if cell[2][0] and cell[:2] != (None, None)]
        return cls(*(tuple(part) for part in zip(*cells, strict=True))) if cells else cls((), (), ())

    @cached_property
    def users(self) -> int:
        """Users who are counted in at least one of the months."""
        return sum(n for n, *_ in self.sums)

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Every segment that holds somebody in either month, in alphabetical order."""
        return tuple(sorted({name for name in (*self.earlier, *self.now) if name is not None}))

    def members(self, segment: str | None) -> tuple[Bools, Bools]:
        """Which cells are of a segment then, and now; of None, which are counted at all."""
        return tuple(  # type: ignore[return-value]
            np.array([name is not None and segment in (None, name) for name in names], dtype=bool)
            for names in (self.earlier, self.now)
        )

    def total(self, column: int, of: Bools) -> int:
        """The exact sum of one of `SUMS` over cells."""
        return sum(sums[column] for sums, chosen in zip(self.sums, of, strict=True) if chosen)

    @cached_property
    def moments(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """Of each cell: users, mean then and now, variance then and now, covariance."""
        rows = [
            (
                n,
                s0 / n,
                s1 / n,
                max(n * q0 - s0 * s0, 0) / n**2,
                max(n * q1 - s1 * s1, 0) / n**2,
                (n * c - s0 * s1) / n**2,
            )
            for n, s0, s1, q0, q1, c, *_ in self.sums
        ]
        table = np.array(rows, dtype=float).reshape(-1, 6)
        return table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4], table[:, 5]


SUMS = (
    "n", "prior_s1", "later_s1", "prior_s2", "later_s2", "cross_s2", "prior_nonzero", "later_nonzero",
)  # fmt: skip
_N, _S0, _S1, _Q0, _Q1, _CROSS, _NONZERO0, _NONZERO1 = range(len(SUMS))


class Influence(NamedTuple):
    """A change without its error, and the users' influence on it: constant + of_earlier v0 + of_now v1 in
    each cell."""

    change: Change
    constant: Floats | float = 0.0
    of_earlier: Floats | float = 0.0
    of_now: Floats | float = 0.0


def share_change(cells: PairCells, segment: str) -> Change:
    """The change of the share of people who are in a segment."""
    return _linear(cells, _share(cells, segment))


def _share(cells: PairCells, segment: str) -> Influence:
    (in0, in1), (of0, of1) = cells.members(segment), cells.members(None)
    x0, x1 = cells.total(_N, of0), cells.total(_N, of1)
    r0, r1 = (cells.total(_N, inside) / x if x else None for inside, x in ((in0, x0), (in1, x1)))
    moved = _moved(cells, in0, in1), _moved(cells, of0 & ~in0, of1 & ~in1)
    change = Change(Month(r0, x0), Month(r1, x1), _behind(cells, of0, of1), moved=moved)
    if r0 is None or r1 is None:
        return Influence(change)
    return Influence(change, (in1 - r1 * of1) / x1 - (in0 - r0 * of0) / x0)


def mean_change(cells: PairCells, segment: str | None, unit: int = 1) -> Change:
    """The change of the mean amount of a segment's members, of all people where ``segment`` is None.

    Args:
        cells: the pairs.
        segment: whose mean.
        unit: how many of the cells' whole numbers are one of the result's: 100 where they are cents.
    """
    return _linear(cells, _of_mean(cells, segment, unit))


def _of_mean(cells: PairCells, segment: str | None, unit: int = 1) -> Influence:
    in0, in1 = cells.members(segment)
    then = _mean(cells, in0, (_S0, _Q0, _NONZERO0), unit)
    today = _mean(cells, in1, (_S1, _Q1, _NONZERO1), unit)
    change = Change(then, today, _behind(cells, in0, in1))
    if then.value is None or today.value is None:
        return Influence(change)
    of0, of1 = in0.astype(float) / then.n, in1.astype(float) / today.n
    return Influence(change, of0 * then.value - of1 * today.value, -of0 / unit, of1 / unit)


def difference_change(cells: PairCells, form: Form, first: str, second: str, unit: int = 1) -> Change:
    """The change of how much larger a number of one segment is than that of another: a user influences both.

    Args:
        cells: the pairs.
        form: ``share``, ``mean`` or ``part``.
        first: the segment from whose number the other is subtracted.
        second: that other.
        unit: as of `mean_change`.
    """
    one, two = (_influence(cells, form, name, unit) for name in (first, second))
    then, today = (one.change.earlier, two.change.earlier), (one.change.now, two.change.now)
    (a0, a1), (b0, b1) = cells.members(first), cells.members(second)
    of = cells.members(None) if form == "share" else (a0 | b0, a1 | b1)
    moved = one.change.moved + two.change.moved
    if form == "share":
        # Who comes to the one segment and who leaves the other move the difference the same way.
        came, left = one.change.moved[0], two.change.moved[0]
        moved = ((came[0] + left[1], came[1] + left[0]),)
    months = [
        Month(
            _minus(*(month.value for month in each)),
            cells.total(_N, people),
            min(month.nonzero for month in each),
        )
        for each, people in zip((then, today), of, strict=True)
    ]
    change = Change(months[0], months[1], _behind(cells, *of), moved=moved, parts=(*then, *today))
    if change.value is None:
        return change
    return _linear(cells, Influence(change, *(a - b for a, b in zip(one[1:], two[1:], strict=True))))


def quotient_change(cells: PairCells, first: str, second: str) -> Change:
    """The change of the mean amount of one segment over that of another: a user influences a mean by as much,
    over the divisor."""
    (a0, a1), (b0, b1) = cells.members(first), cells.members(second)
    one, two = (_of_mean(cells, name).change for name in (first, second))
    pairs = (one.earlier, two.earlier), (one.now, two.now)
    months = [
        Month(_over(mine.value, other.value), mine.n + other.n, min(mine.nonzero, other.nonzero))
        for mine, other in pairs
    ]
    change = Change(
        months[0], months[1], _behind(cells, a0 | b0, a1 | b1), parts=tuple(m for pair in pairs for m in pair)
    )
    if change.value is None:
        return change
    constant, slopes = np.zeros(len(a0)), []
    for sign, a, b, (mine, other), month in zip((-1, 1), (a0, a1), (b0, b1), pairs, months, strict=True):
        value, of_a, of_b = month.value or 0.0, a / mine.n, b / other.n
        slopes.append(sign * (of_a - value * of_b) / (other.value or 1.0))
        constant -= sign * value * (of_a - of_b)
    return _linear(cells, Influence(change, constant, slopes[0], slopes[1]))


def _over(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None or second <= 0 else first / second


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def change_given_earlier(cells: PairCells, segment: str | None, unit: int = 1) -> Change | None:
    """The change of the mean amount of who is in a segment in both months, given what each had in the earlier
    one.

    Least squares of the amount now on the amount then, through the users' own mean: what the earlier amount
    foretells is no chance, so the error is that of the residuals. None where nothing is foretold, because all
    had the same.
    """
    in0, in1 = cells.members(segment)
    stayed = in0 & in1
    n, s0, s1, q0, products = (cells.total(column, stayed) for column in (_N, _S0, _S1, _Q0, _CROSS))
    spread = n * q0 - s0 * s0
    if n <= 2 or spread == 0:
        return None
    slope = (n * products - s0 * s1) / spread
    then = _mean(cells, stayed, (_S0, _Q0, _NONZERO0), unit)
    today = _mean(cells, stayed, (_S1, _Q1, _NONZERO1), unit)
    of_each = stayed.astype(float) / (n * unit)
    constant = (slope * s0 - s1) / n * of_each
    change = Change(then, today, Behind(n, 0, 0), fitted=2)
    return _linear(cells, Influence(change, constant, -slope * of_each, of_each))


def part_change(cells: PairCells, segment: str) -> Change:
    """The change of the share of a segment's members of whom something holds: their amount is 1, else 0."""
    return _linear(cells, _part(cells, segment))


def _part(cells: PairCells, segment: str) -> Influence:
    in0, in1 = cells.members(segment)
    stayed = in0 & in1
    yes0, yes1, yes_both = (
        cells.total(column, of) for column, of in ((_S0, in0), (_S1, in1), (_CROSS, stayed))
    )
    no0, no1 = cells.total(_N, in0) - yes0, cells.total(_N, in1) - yes1
    no_both = cells.total(_N, stayed) - cells.total(_S0, stayed) - cells.total(_S1, stayed) + yes_both
    moved = (yes1 - yes_both, yes0 - yes_both), (no1 - no_both, no0 - no_both)
    found = _of_mean(cells, segment)
    return found._replace(change=replace(found.change, moved=moved))


def _influence(cells: PairCells, form: Form, segment: str, unit: int) -> Influence:
    if form == "mean":
        return _of_mean(cells, segment, unit)
    return {"share": _share, "part": _part}[form](cells, segment)


def sum_share_change(cells: PairCells, segment: str) -> Change:
    """The change of the part of an amount's sum that a segment's members hold."""
    (in0, in1), (of0, of1) = cells.members(segment), cells.members(None)
    then, today = (
        Month(cells.total(column, inside) / total if total > 0 else None, cells.total(_N, of))
        for column, inside, of, total in (
            (_S0, in0, of0, cells.total(_S0, of0)),
            (_S1, in1, of1, cells.total(_S1, of1)),
        )
    )
    change = Change(then, today, _behind(cells, of0, of1))
    if then.value is None or today.value is None:
        return change
    of_earlier = (then.value * of0 - in0) / cells.total(_S0, of0)
    of_now = (in1 - today.value * of1) / cells.total(_S1, of1)
    return _linear(cells, Influence(change, 0.0, of_earlier, of_now))


def count_change(cells: PairCells, segment: str | None) -> Change:
    """The change of the number of a segment's members.

    Who enters and who leaves is taken as a Poisson number each, so that the variance of the change is the
    number of both.
    """
    in0, in1 = cells.members(segment)
    then, today = (Month(float(n), n) for n in (cells.total(_N, in0), cells.total(_N, in1)))
    change = Change(then, today, _behind(cells, in0, in1))
    return _linear(cells, Influence(change, in1.astype(float) - in0), is_total=True)


def sum_change(cells: PairCells, segment: str | None, unit: int = 1) -> Change:
    """The change of the sum of an amount over a segment's members, of whom there is a Poisson number as in
    `count_change`."""
    in0, in1 = cells.members(segment)
    then, today = (
        Month(cells.total(column, inside) / unit, cells.total(_N, inside))
        for column, inside in ((_S0, in0), (_S1, in1))
    )
    change = Change(then, today, _behind(cells, in0, in1))
    of0, of1 = in0.astype(float) / unit, in1.astype(float) / unit
    return _linear(cells, Influence(change, 0.0, -of0, of1), is_total=True)


def _mean(cells: PairCells, inside: Bools, columns: tuple[int, int, int], unit: int) -> Month:
    total, squares, nonzero = (cells.total(column, inside) for column in columns)
    n = cells.total(_N, inside)
    parts = [sums[columns[0]] for sums, chosen in zip(cells.sums, inside, strict=True) if chosen]
    # Amounts of both signs can cancel while many users carry them: then the quotient does not measure
    # concentration.
    cancel = parts and min(parts) < 0 < max(parts)
    effective = math.inf if cancel else total**2 / squares if squares else 0.0
    return Month(total / (n * unit) if n else None, n, nonzero, effective)


def _moved(cells: PairCells, then: Bools, today: Bools) -> tuple[int, int]:
    return cells.total(_N, today & ~then), cells.total(_N, then & ~today)


def _behind(cells: PairCells, then: Bools, today: Bools) -> Behind:
    return Behind(*(cells.total(_N, of) for of in (then & today, today & ~then, then & ~today)))


def _linear(cells: PairCells, of: Influence, *, is_total: bool = False) -> Change:
    """The change with its error; without one where a month lacks the number."""
    change, constant, of_earlier, of_now = of
    if change.value is None:
        return change
    n, m0, m1, v00, v11, v01 = cells.moments
    centre = np.zeros(len(n)) + constant + of_earlier * m0 + of_now * m1
    inside = np.zeros(len(n)) + of_earlier**2 * v00 + of_now**2 * v11 + 2 * of_earlier * of_now * v01
    inside = np.maximum(inside, 0.0)
    error = math.sqrt(math.fsum(n * (centre**2 + inside)))
    users = sum(change.behind)
    # Users who are not behind the number have no influence, and are no evidence of how much those behind it
    # vary.
    moved = (centre != 0) | (inside != 0)
    still = np.array([max(users - float(n[moved].sum()), 0.0)])
    tail = tail_of_influence((n[moved], centre[moved], inside[moved]), (still, np.zeros(1), np.zeros(1)))
    if not is_total:
        error *= math.sqrt(users / max(users - change.fitted, 1))
    return replace(change, standard_error=error, tail=tail)
