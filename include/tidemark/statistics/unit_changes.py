"""The change of a number between two months whose users came in weeks (or days) of their own, which are the observations.

A cohort grows at one end: who has been counted in the earlier month is counted now with the same outcome, and what changes the
number are the units whose windows have ended since, and those that are no longer looked at. So who is in both months cancels, and
the change is as uncertain as new units differ from old ones by chance. How much that is, is read from all of them: a user's own
chance, and by moments what units differ beyond it, as where one unit is held against many others (`units.rate_against_units`).
Sources: DerSimonian and Laird 1986 (moments); Särndal, Swensson and Wretman 1992 (change of a ratio).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.change import Kind
from include.tidemark.statistics.change_rows import POWER, ChangeRow
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.trust import Flag, Sample, Tail, flag, tail_of
from include.tidemark.statistics.units import Units, against_units_flag

Floats = NDArray[np.float64]
Key = tuple[str, str | None, str | None]
"""Metric, segment and horizon of a number."""

METHOD = "paired_units"
FEWEST_EXPECTED = 5
"""Users with the outcome, and without it, that should be among those who came and went."""


class UnitNumber(NamedTuple):
    """A rate or mean of one month, by the units in which its users came.

    Attributes:
        kind: ``share`` or ``mean``.
        units: unit -> users, and of these those with the outcome, or the sum of an amount. A unit whose window is open has 0 users.
        users: of an amount, its users in cells.
        everybody: of an amount, the tail of all groups' users.
        scale: how many of the cells' whole numbers are one of the sums' units.
    """

    kind: Kind
    units: Mapping[str, tuple[int, float]]
    users: Cells | None = None
    everybody: Tail | None = None
    scale: float = 1

    @property
    def value(self) -> float | None:
        """The number; of an amount as the cells have it, which keep whole numbers of each user."""
        if self.users is not None and self.users.size:
            return self.users.mean / self.scale
        users = sum(n for n, _ in self.units.values())
        return sum(total for _, total in self.units.values()) / users if users else None


@dataclass(frozen=True)
class UnitPairs:
    """The units of two months. Make them with `of`.

    Attributes:
        n0: users of each then; 0 where it was not counted.
        total0: their sum then.
        n1: users of each now.
        total1: their sum now.
    """

    n0: Floats
    total0: Floats
    n1: Floats
    total1: Floats

    @classmethod
    def of(cls, then: Mapping[str, tuple[int, float]], today: Mapping[str, tuple[int, float]]) -> UnitPairs:
        """The units that have users in either month.

        >>> UnitPairs.of({"a": (10, 4)}, {"a": (10, 4), "b": (5, 1)}).behind
        (10, 5, 0)
        """
        names = sorted({*then, *today})
        rows = [(*then.get(name, (0, 0)), *today.get(name, (0, 0))) for name in names]
        table = np.array([row for row in rows if row[0] or row[2]], dtype=np.float64).reshape(-1, 4)
        return cls(*table.T)

    @cached_property
    def behind(self) -> tuple[int, int, int]:
        """Users in both months, now only, then only."""
        both = np.minimum(self.n0, self.n1).sum()
        return tuple(round(float(n)) for n in (both, self.n1.sum() - both, self.n0.sum() - both))  # type: ignore[return-value]

    @cached_property
    def is_same(self) -> bool:
        """Whether every unit says the same in both months."""
        return bool((self.n0 == self.n1).all() and (self.total0 == self.total1).all())

    @property
    def count(self) -> int:
        """How many units there are."""
        return len(self.n0)

    @cached_property
    def _newest(self) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Users and sum of each unit as last seen, and whether that was in both months (0), now only (1) or then only (2)."""
        now = self.n1 > 0
        place = np.where(now & (self.n0 > 0), 0, np.where(now, 1, 2))
        return np.where(now, self.n1, self.n0), np.where(now, self.total1, self.total0), place

    @property
    def newest(self) -> Units:
        """All units as they were last seen."""
        n, total, _ = self._newest
        return Units(n, total)

    def error(self, variance: float) -> tuple[float, int]:
        """The standard error of the change and its degrees of freedom.

        Args:
            variance: of a user: p (1 - p) of a rate.

        With the weight c = n1 / N1 - n0 / N0 of a unit, the change is sum c times the units' means, plus what late data changed
        in the units of both months. The variance of a unit's mean is t^2 + variance / n; t^2 by moments from how units differ
        among those of both months, of now only and of then only, so that the change itself is no part of it.
        """
        n, total, place = self._newest
        mean = total / n
        spread, free, groups = 0.0, float(n.sum()), 0
        for each in range(3):
            held = place == each
            if held.any():
                groups += 1
                users = n[held].sum()
                spread += float((n[held] * (mean[held] - total[held].sum() / users) ** 2).sum())
                free -= float((n[held] ** 2).sum() / users)
        degrees = self.count - groups
        of_units = max((spread - degrees * variance) / free, 0.0) if free > 0 else 0.0
        weight = self.n1 / self.n1.sum() - self.n0 / self.n0.sum()
        squared = float((weight**2 * (of_units + variance / n)).sum()) + self._late(place == 0)
        return math.sqrt(squared), degrees

    def _late(self, both: NDArray[np.bool_]) -> float:
        """The variance of what data that came late changed in units of both months."""
        if both.sum() < 2:
            return 0.0
        part = self.n0[both] / self.n0.sum()
        moved = part * (self.total1[both] / self.n1[both] - self.total0[both] / self.n0[both])
        left = moved - part / part.sum() * moved.sum()
        return float((left**2).sum() * both.sum() / (both.sum() - 1))


def unit_change_rows(
    then: Mapping[Key, UnitNumber],
    today: Mapping[Key, UnitNumber],
    comparison: str,
    config: StatisticsConfig,
    margin_pct: float,
) -> list[ChangeRow]:
    """The change of each number that either month has, not adjusted yet.

    Args:
        then: the earlier month's numbers.
        today: those of now.
        comparison: ``previous`` or ``year_before``.
        config: the run's settings.
        margin_pct: what counts as no change: points of a share, per cent of the earlier mean.

    >>> of = {str(week): (100, 40 + week % 3) for week in range(12)}
    >>> key = ("retention_in_window", "10 bps", "week 1")
    >>> months = ({key: UnitNumber("share", of)}, {key: UnitNumber("share", of | {"12": (100, 60)})})
    >>> [(row.change, row.n_joined, row.method) for row in unit_change_rows(*months, "previous", StatisticsConfig("2026-11-01"), 2)]
    [(0.0146153846154, 100, 'paired_units')]
    """
    rows = []
    for key in dict.fromkeys((*today, *then)):
        number = today.get(key) or then[key]._replace(units={}, users=None)
        earlier = then.get(key) or number._replace(units={}, users=None)
        rows.append(_row(_known(key, number.kind, comparison, config), earlier, number, config, margin_pct))
    return rows


def unjudged_rows(
    numbers: Iterable[tuple[Key, Kind, str]], comparison: str, config: StatisticsConfig
) -> list[ChangeRow]:
    """The rows of numbers whose change is not judged: key, kind and reason."""
    return [replace(_known(key, kind, comparison, config), reason=reason) for key, kind, reason in numbers]


def _known(key: Key, kind: Kind, comparison: str, config: StatisticsConfig) -> ChangeRow:
    metric, segment, horizon = key
    return ChangeRow(
        metric, kind, comparison, segment, horizon,
        confidence_level=config.confidence_level, method=METHOD, reason="no_earlier_publication",
    )  # fmt: skip


def _row(
    known: ChangeRow,
    earlier: UnitNumber,
    number: UnitNumber,
    config: StatisticsConfig,
    margin_pct: float,
) -> ChangeRow:
    pairs = UnitPairs.of(earlier.units, number.units)
    value0, value1, (both, joined, left) = earlier.value, number.value, pairs.behind
    row = replace(
        known, estimate=value1, earlier_estimate=value0, n=both + joined, n_earlier=both + left,
        n_both=both, n_joined=joined, n_left=left,
    )  # fmt: skip
    reason = _withheld(both + left, earlier, config) or _withheld(both + joined, number, config)
    if reason or value0 is None or value1 is None:
        return replace(row, reason=reason or "empty_segment")
    if pairs.is_same:
        return replace(row, change=0.0, reason="same_users")
    if pairs.count < MINIMUM_PERIODS:
        return replace(row, reason="too_few_periods")
    change = value1 - value0
    variance = value1 * (1 - value1) if number.users is None else number.users.variance / number.scale**2
    error, degrees = pairs.error(variance)
    if error <= 1e-12 * max(abs(value0), abs(value1)):
        return replace(row, change=change, reason="no_variation")
    half = error * float(stdtrit(degrees, 0.5 + config.confidence_level / 2))
    margin = margin_pct / 100 * (1 if known.kind == "share" else abs(value0))
    low, high = change - half, change + half
    trust, warning = _flag(pairs, number, value1)
    return replace(
        row,
        change=change,
        ci_low=low,
        ci_high=high,
        p_value=min(1.0, 2 * float(stdtr(degrees, -abs(change) / error))),
        detectable_change=half + float(ndtri(POWER)) * error,
        margin=margin,
        no_change=-margin <= low and high <= margin,
        trust=trust,
        reason=warning,
    )


def _withheld(n: int, number: UnitNumber, config: StatisticsConfig) -> str | None:
    """Why a month's number has no change: what a month would not publish is compared with nothing."""
    if n == 0:
        return "window_not_complete" if number.units else "empty_segment"
    if n < config.minimum_sample_size:
        return "too_few_users"
    return withheld(number.users, config) if number.users is not None else None


def _flag(pairs: UnitPairs, number: UnitNumber, rate: float) -> Flag:
    """Too few units speak first, then too few users with the outcome among those who moved, or a tail that they may lack."""
    units = against_units_flag(pairs.newest)
    if units[1]:
        return units
    _, joined, left = pairs.behind
    moved = joined + left
    if number.users is None:
        expected = moved * min(rate, 1 - rate)
        return ("caution", "few_successes") if expected < FEWEST_EXPECTED else ("ok", None)
    own = tail_of(number.users)
    return flag(METHOD, Sample(replace(own, users=max(moved, 1)), number.everybody or own))
