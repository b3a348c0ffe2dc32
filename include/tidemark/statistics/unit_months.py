"""A number in two months or more whose users came in weeks (or days) of their own, and how uncertain its
change is.

A cohort grows at one end: who has been counted in an earlier month is counted now with the same outcome, and
what changes the number are the units whose windows have ended since, and those that are no longer looked at.
So who is in all months cancels, and the change is as uncertain as new units differ from old ones by chance.
How much that is, is read from all of them: a user's own chance, and by moments what units differ beyond it,
as where one unit is held against many others (`units.rate_against_units`). Sources: DerSimonian and Laird
1986 (moments); Särndal, Swensson and Wretman 1992 (change of a ratio).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.change import Kind, slope_weights
from include.tidemark.statistics.trust import Tail

Floats = NDArray[np.float64]
Sums = Mapping[str, tuple[int, float]]


class UnitNumber(NamedTuple):
    """A rate or mean of one month, by the units in which its users came.

    Attributes:
        kind: ``share`` or ``mean``.
        units: unit -> users, and of these those with the outcome, or the sum of an amount. A unit whose
            window is open has 0 users.
        users: of an amount, its users in cells.
        everybody: of an amount, the tail of all groups' users.
        scale: how many of the cells' whole numbers are one of the sums' units.
        rest: of a difference, the units of all other groups together, whose rate or mean is subtracted.
    """

    kind: Kind
    units: Sums
    users: Cells | None = None
    everybody: Tail | None = None
    scale: float = 1
    rest: Sums | None = None

    @property
    def sides(self) -> tuple[float | None, ...]:
        """The group's own number, and that of the others where it is held against them."""
        if self.rest is not None:
            return _mean(self.units), _mean(self.rest)
        # Of an amount as the cells have it, which keep whole numbers of each user.
        of_cells = self.users is not None and self.users.size
        return (self.users.mean / self.scale if self.users and of_cells else _mean(self.units),)

    @property
    def value(self) -> float | None:
        """The number, of a difference that of the group minus that of the others."""
        own, *others = self.sides
        if own is None or None in others:
            return None
        return own - sum(each or 0.0 for each in others)


Key = tuple[str, str | None, str | None]
"""Metric, segment and horizon of a number."""


def against_rest(numbers: Mapping[Key, UnitNumber], metrics: Collection[str]) -> dict[Key, UnitNumber]:
    """Of the numbers of groups, `<metric>_vs_rest`: each minus that of all others together in the same
    window.

    >>> found = against_rest({("m", name, None): UnitNumber("share", {name: (10, 4)}) for name in "abc"}, ["m"])
    >>> found["m_vs_rest", "a", None].rest
    {'b': (10, 4), 'c': (10, 4)}
    """  # noqa: W505
    found: dict[Key, UnitNumber] = {}
    for (metric, group, horizon), number in numbers.items():
        if metric not in metrics or group is None:
            continue
        rest: dict[str, tuple[int, float]] = {}
        for key, other in numbers.items():
            if (key[0], key[2]) == (metric, horizon) and key[1] not in (None, group):
                for name, (n, total) in other.units.items():
                    held = rest.get(name, (0, 0))
                    rest[name] = held[0] + n, held[1] + total
        found[f"{metric}_vs_rest", group, horizon] = number._replace(rest=rest)
    return found


def _mean(units: Sums) -> float | None:
    users = sum(n for n, _ in units.values())
    return sum(total for _, total in units.values()) / users if users else None


class _Lasting(NamedTuple):
    """How alike neighbours are: the autocorrelation as found, that of what units differ by themselves, and
    the variance of that."""

    found: float
    rho: float
    of_units: float


@dataclass(frozen=True)
class UnitMonths:
    """The units of several months. Make them with `of`.

    Attributes:
        n: users of each unit by month; 0 where it was not counted.
        total: their sums.
        side: 0 of the units of the group, 1 of those of the others.
        variance: of a user, by unit: p (1 - p) of a rate.
    """

    n: Floats
    total: Floats
    side: NDArray[np.int64]
    variance: Floats

    @classmethod
    def of(cls, numbers: Sequence[UnitNumber]) -> UnitMonths:
        """The units that have users in any of the months, the earliest month first.

        >>> months = [UnitNumber("share", of) for of in ({"a": (10, 4)}, {"a": (10, 4), "b": (5, 1)})]
        >>> UnitMonths.of(months).behind
        (10, 5, 0)
        """
        last = numbers[-1]
        sides = [[number.units for number in numbers]]
        if last.rest is not None:
            sides.append([number.rest or {} for number in numbers])
        rows, side = [], []
        for place, months in enumerate(sides):
            for name in sorted({name for units in months for name in units}):
                row = [units.get(name, (0, 0)) for units in months]
                if any(n for n, _ in row):
                    rows.append(row)
                    side.append(place)
        table = np.array(rows, dtype=np.float64).reshape(-1, len(numbers), 2)
        of_users = [
            value * (1 - value) if last.users is None else last.users.variance / last.scale**2
            for value in (each or 0.0 for each in last.sides)
        ]
        places = np.array(side, dtype=np.int64)
        return cls(table[:, :, 0].T, table[:, :, 1].T, places, np.array(of_users)[places])

    @cached_property
    def _of_group(self) -> NDArray[np.bool_]:
        return np.equal(self.side, 0)

    @cached_property
    def behind(self) -> tuple[int, int, int]:
        """Users of the group in the first and the last month, in the last of both only, in the first only."""
        first, last = self.n[0, self._of_group], self.n[-1, self._of_group]
        both = np.minimum(first, last).sum()
        return tuple(round(float(n)) for n in (both, last.sum() - both, first.sum() - both))  # type: ignore[return-value]

    @cached_property
    def is_same(self) -> bool:
        """Whether every unit says the same in all months."""
        return bool((self.n == self.n[0]).all() and (self.total == self.total[0]).all())

    @property
    def count(self) -> int:
        """How many units there are."""
        return int(self.n.shape[1])

    @cached_property
    def _there(self) -> NDArray[np.bool_]:
        return np.greater(self.n, 0)

    @cached_property
    def _newest(self) -> NDArray[np.int64]:
        """The last month of each unit."""
        return len(self.n) - 1 - np.argmax(self._there[::-1], axis=0)

    @cached_property
    def users(self) -> Floats:
        """Users of each unit as it was last seen."""
        return self.n[self._newest, np.arange(self.count)]

    @cached_property
    def totals(self) -> Floats:
        """The sum of each unit as it was last seen."""
        return self.total[self._newest, np.arange(self.count)]

    @property
    def moved(self) -> int:
        """Users of the units that are not in all of the months."""
        return round(float(self.users[~self._there.all(axis=0)].sum()))

    @cached_property
    def _groups(self) -> NDArray[np.int64]:
        """Units of one side that are in the same months."""
        patterns = np.column_stack([self.side, self._there.T])
        return np.unique(patterns, axis=0, return_inverse=True)[1].reshape(-1)

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the error."""
        return self.count - len(set(self._groups.tolist()))

    @cached_property
    def _parts(self) -> Floats:
        """Of each month and unit, the part of the users of its side, with the month's weight and the side's
        sign."""
        weights = np.array(slope_weights(len(self.n)))[:, None] * np.where(self._of_group, 1.0, -1.0)
        whole = np.column_stack([self.n[:, self.side == place].sum(axis=1) for place in range(2)])
        return weights * self.n / np.maximum(whole, 1)[:, self.side]

    @cached_property
    def _of_units(self) -> float:
        """What units differ beyond their users' chance, t^2, by moments from those of one side that are in
        the same months."""
        mean = self.totals / self.users
        users, within = np.bincount(self._groups, self.users), np.bincount(self._groups, self.totals)
        centre = (within / users)[self._groups]
        squares = np.bincount(self._groups, self.users**2)
        spread = float((self.users * (mean - centre) ** 2).sum())
        by_chance = float((self.variance * (1 - self.users / users[self._groups])).sum())
        free = float((users - squares / users).sum())
        return max((spread - by_chance) / free, 0.0) if free > 0 else 0.0

    def error(self) -> float:
        """The standard error of the change, of more than two months of the least-squares slope per month.

        With the weight c of a unit, the sum over months of the month's weight times the part of the users
        that are the unit's, the change is sum c times the units' means, plus what late data changed in units
        of several months. The variance of a unit's mean is t^2 + variance / n; t^2 is taken from units that
        are in the same months, so that the change itself is no part of it. Units that follow each other are
        alike by rho to the power of their distance, where they are alike at all.
        """
        weight, of_units, lasting = self._parts.sum(axis=0), self._of_units, self._lasting
        squared = float((weight**2 * (of_units + self.variance / self.users)).sum())
        if lasting.rho > 0:
            # Units of the same months are neighbours, which differ less than others do.
            of_units = max(of_units, lasting.of_units)
            place = np.arange(self.count)
            alike = lasting.rho ** np.abs(place[:, None] - place) * np.equal.outer(self.side, self.side)
            squared = float(
                of_units * weight @ alike @ weight + (weight**2 * self.variance / self.users).sum()
            )
        return math.sqrt(squared + self._late(self.totals / self.users))

    @property
    def lasts(self) -> bool:
        """Whether units that follow each other are alike beyond chance: one-sided, 10 %."""
        return self._lasting.found > 1.282 / math.sqrt(self.count)

    @cached_property
    def _lasting(self) -> _Lasting:
        """How alike units are that follow each other, a line through them left aside, so that a steady change
        is no part of it.

        The lag-1 autocorrelation is too low by about 2 / units; of what units differ by themselves it is
        larger, as users' chance has none.
        """
        products = squares = beyond = 0.0
        chance = self.variance / self.users
        for place in range(2):
            of = self.side == place
            n = int(of.sum())
            if n < 4:
                continue
            weight = 1 / np.sqrt(np.maximum(self._of_units + chance[of], 1e-300))
            line = np.column_stack([np.ones(n), np.arange(n)])
            mean = self.totals[of] / self.users[of]
            fitted = np.linalg.lstsq(line * weight[:, None], mean * weight, rcond=None)[0]
            left = mean - line @ fitted
            products += float((left[:-1] * left[1:] * weight[:-1] * weight[1:]).sum())
            squares += float(((left * weight) ** 2).sum())
            beyond += float((left**2).sum() * n / (n - 2) - chance[of].sum())
        of_units = max(beyond / self.count, 0.0)
        if squares <= 0 or of_units == 0:
            return _Lasting(0.0, 0.0, 0.0)
        found = products / squares + 2 / self.count
        # What is within half a standard error of nothing is taken as nothing, or intervals would hold too
        # often where nothing lasts.
        if found <= 0.5 / math.sqrt(self.count):
            return _Lasting(found, 0.0, of_units)
        part = float(np.mean(of_units / (of_units + chance)))
        return _Lasting(found, min(found / part, 0.9), of_units)

    def _late(self, newest: Floats) -> float:
        """The variance of what data that came late changed in units of several months."""
        several = self._there.sum(axis=0) > 1
        if several.sum() < 2:
            return 0.0
        n, total = np.maximum(self.n[:, several], 1), self.total[:, several]
        moved = (self._parts[:, several] * (total / n - newest[several])).sum(axis=0)
        earlier = np.arange(len(self.n))[:, None] < self._newest[several]
        part = (np.abs(self._parts[:, several]) * earlier).sum(axis=0)
        left = moved - part / part.sum() * moved.sum()
        return float((left**2).sum() * several.sum() / (several.sum() - 1))
