"""Users summed into cells by two amounts, for the ratio of their sums."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics import binning
from include.tidemark.statistics.binning import Exact
from include.tidemark.statistics.cells import accumulate, add_up, check_squares, held_by_nobody

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Floats = NDArray[np.float64]
MAX_DRAWN_CELLS = 256
_SUMS = ("n", "x1", "y1", "x2", "y2", "xy")


@dataclass(frozen=True)
class RatioCells:
    """Sufficient statistics of two amounts per user, by cell: x (the denominator) and y (the numerator).

    Attributes:
        labels: name of each cell; a cell holds users alike in both amounts.
        n: users in each cell.
        x1: sum of x in each cell.
        y1: sum of y.
        x2: sum of x squared.
        y2: sum of y squared.
        xy: sum of x times y.

    >>> RatioCells.from_rows({"bin": x, "n": 1, "x1": x, "y1": y, "x2": x**2, "y2": y**2, "xy": x * y} for x, y in ((10, 5), (20, 10), (30, 15))).ratio
    0.5
    """  # noqa: W505

    labels: tuple[str, ...]
    n: tuple[int, ...]
    x1: tuple[Exact, ...]
    y1: tuple[Exact, ...]
    x2: tuple[Exact, ...]
    y2: tuple[Exact, ...]
    xy: tuple[Exact, ...]

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] | None = None
    ) -> RatioCells:
        """Cells from the records of a GROUP BY with the keys ``bin, n, x1, y1, x2, y2, xy``; see
        `Cells.from_rows`.

        >>> row = {"bin": "0", "n": 3, "prior": 0, "y1": 0, "x2": 0, "y2": 0, "xy": 0}
        >>> RatioCells.from_rows([row], {"x1": "prior"}).size
        3
        """
        table = add_up(rows, _SUMS, columns)
        held = {label: sums for label, sums in table.items() if not held_by_nobody(label, sums)}
        for label, (n, x1, y1, x2, y2, xy) in held.items():
            check_squares(label, ("x1", "x2"), n, x1, x2)
            check_squares(label, ("y1", "y2"), n, y1, y2)
            check_squares(label, ("xy", "x2 * y2"), 1, xy, x2 * y2)
        return cls._of(held)

    @classmethod
    def _of(cls, held: Mapping[str, tuple[Exact, ...]]) -> RatioCells:
        def place(label: str) -> tuple[Fraction, Fraction, str]:
            n, x1, y1, *_ = held[label]
            return Fraction(x1) / n, Fraction(y1) / n, label

        order = sorted(held, key=place)
        columns = list(zip(*(held[label] for label in order), strict=True)) or [()] * len(_SUMS)
        return cls(
            tuple(order), tuple(int(n) for n in columns[0]), *(tuple(column) for column in columns[1:])
        )

    @cached_property
    def coarse(self) -> RatioCells:
        """The same users in cells of half an octave in both amounts, for drawing; unchanged up to 256
        cells."""
        if len(self.n) <= MAX_DRAWN_CELLS:
            return self
        table: dict[str, tuple[Exact, ...]] = {}
        for sums in self.table().values():
            x, y = (binning.half_octave(float(total / sums[0])) for total in sums[1:3])
            accumulate(table, {f"{x} {y}": sums})
        return RatioCells._of(table)

    def table(self) -> dict[str, tuple[Exact, ...]]:
        """Label -> (n, x1, y1, x2, y2, xy)."""
        columns = (self.n, self.x1, self.y1, self.x2, self.y2, self.xy)
        return dict(zip(self.labels, zip(*columns, strict=True), strict=True))

    @cached_property
    def size(self) -> int:
        """Users."""
        return sum(self.n)

    @cached_property
    def nonzero(self) -> int:
        """Users whose denominator amount is not zero."""
        return sum(n for n, x2 in zip(self.n, self.x2, strict=True) if x2)

    @cached_property
    def effective_n(self) -> float:
        """(sum x)^2 / sum x^2 of the denominator."""
        x1, x2 = sum(self.x1), sum(self.x2)
        return float((x1 * x1) / x2) if x2 else 0.0

    @cached_property
    def ratio(self) -> float:
        """Sum of y over sum of x; ZeroDivisionError where the sum of x is zero."""
        return float(sum(self.y1) / sum(self.x1))

    @cached_property
    def moments(self) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
        """Of each cell: users, mean of x, mean of y, variance of x, variance of y, covariance."""
        n = self.n
        x = [s / k for s, k in zip(self.x1, n, strict=True)]
        y = [s / k for s, k in zip(self.y1, n, strict=True)]
        xx = [max((k * s - a * a) / k**2, 0) for s, k, a in zip(self.x2, n, self.x1, strict=True)]
        yy = [max((k * s - b * b) / k**2, 0) for s, k, b in zip(self.y2, n, self.y1, strict=True)]
        xy = [(k * s - a * b) / k**2 for s, k, a, b in zip(self.xy, n, self.x1, self.y1, strict=True)]
        six = [np.array([float(value) for value in column]) for column in (n, x, y, xx, yy, xy)]
        return six[0], six[1], six[2], six[3], six[4], six[5]


def merge_ratio(parts: Iterable[RatioCells]) -> RatioCells:
    """The cells of all users of ``parts`` together; nothing gives an empty `RatioCells`."""
    table: dict[str, tuple[Exact, ...]] = {}
    for part in parts:
        accumulate(table, part.table())
    return RatioCells._of(table)
