"""What a segment did later, against all customers who had done as much before: a comparison without
regression to the mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr, stdtrit

from include.tidemark.statistics import binning, ratios
from include.tidemark.statistics.cells import Floats
from include.tidemark.statistics.config import StatisticsConfig, check_level
from include.tidemark.statistics.groups import Comparison
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from include.tidemark.statistics.ratios import ratio_tail
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.trust import Sample, Tail, flag, tail_of_influence, weakest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METHOD = "standardized_t"
PARTS_OF_OCTAVE = 8
"""Classes of prior amounts: within half octaves, what is left of regression to the mean shows from 4,000
customers on."""


@dataclass(frozen=True)
class Alike:
    """A segment against customers alike.

    Attributes:
        comparison: its ratio minus that of all customers of the same prior amounts; None where nothing
            varies.
        own: the tail of the influence that the segment's customers have on the difference.
        others: that of all others.
    """

    comparison: Comparison | None
    own: Tail
    others: Tail


class Standardized:
    """All customers of a backtest by their prior amount, to say what is expected of a segment.

    Customers whose prior amounts are in the same eighth of an octave are alike, those without any on their
    own. What is expected of a customer is the prior amount times the later over the prior sum of all who are
    alike (of those without any: their mean), so high amounts fall back, and low ones rise, as they do for
    everybody. This is direct standardization with a ratio estimator in each class. Source: Cochran 1977,
    sections 6.10 (separate ratio estimate) and 5A.

    Args:
        cells: segment -> cells with x = prior and y = later.

    >>> rows = [{"bin": f"{x} {y}", "n": 30, "x1": 30 * x, "y1": 30 * y, "x2": 30 * x**2, "y2": 30 * y**2, "xy": 30 * x * y}
    ...         for x, y in ((100, 60), (100, 80))]
    >>> both = {"a": RatioCells.from_rows(rows[:1]), "b": RatioCells.from_rows(rows[1:])}
    >>> round(Standardized(both).of("a", 0.95).comparison.estimate, 6)
    -0.1
    """  # noqa: W505

    def __init__(self, cells: Mapping[str, RatioCells]) -> None:
        self._names = list(cells)
        parts = [group.moments for group in cells.values()]
        self._n, self._x, self._y, self._xx, self._yy, self._xy = (
            np.concatenate([part[place] for part in parts] or [np.zeros(0)]) for place in range(6)
        )
        self._segment = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
        classes = [binning.part_of_octave(float(mean), PARTS_OF_OCTAVE) for mean in self._x]
        self._classes, self._class = np.unique(np.array(classes, dtype=np.int64), return_inverse=True)
        # What the expected amount is a multiple of: the prior amount, or 1 for customers without any.
        self._unit = np.where(self._x == 0, 1.0, self._x)
        self._users = self._sums(self._n)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self._rate = (self._sums(self._n * self._y) / self._sums(self._n * self._unit))[self._class]
            self._excess = self._y - self._rate * self._unit

    def users_alike(self, segment: str) -> tuple[int, int]:
        """The segment's customers who are like some other customer, and those others."""
        inside = self._inside(segment)
        own = self._sums(self._n * inside)
        others = self._users - own
        return round(float(own[others > 0].sum())), round(float(others[own > 0].sum()))

    def of(self, segment: str, confidence_level: float) -> Alike:
        """The segment against all customers alike, itself among them.

        Args:
            segment: one with a sum of prior amounts above zero.
            confidence_level: coverage of the interval, by Student's t.
        """
        inside = self._inside(segment)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            prior = float((self._n * self._x * inside).sum())
            estimate = float((self._n * self._excess * inside).sum()) / prior
            # A customer moves the segment's sum, and what is expected of all alike.
            part = (self._sums(self._n * self._unit * inside) / self._sums(self._n * self._unit))[self._class]
            weight = inside - part
            slope = weight * self._rate + inside * estimate
            centre = weight * self._excess - inside * estimate * self._x
            spread = weight**2 * self._yy - 2 * weight * slope * self._xy + slope**2 * self._xx
            spread = np.maximum(spread, 0.0)
            # What is expected was fitted to these very customers, which takes one of each class.
            users = self._users[self._class]
            fitted = users / np.maximum(users - 1, 1)
            variance = float((self._n * (centre**2 + spread) * fitted).sum())
        own, others = (self._tail(centre, spread, which) for which in (inside > 0, inside == 0))
        alike = min(self.users_alike(segment))
        if variance == 0 or alike < 2:
            return Alike(None, own, others)
        error = math.sqrt(variance) / abs(prior) if math.isfinite(variance) else math.inf
        half = error * float(stdtrit(alike - 1, 0.5 + check_level(confidence_level) / 2))
        p_value = 2 * float(stdtr(alike - 1, -abs(estimate) / error))
        return Alike(Comparison(estimate, estimate - half, estimate + half, p_value), own, others)

    def _inside(self, segment: str) -> Floats:
        inside: Floats = (self._segment == self._names.index(segment)).astype(np.float64)
        return inside

    def _sums(self, of_cells: Floats) -> Floats:
        found: Floats = np.bincount(self._class, weights=of_cells, minlength=len(self._classes))
        return found

    def _tail(self, centre: Floats, spread: Floats, which: np.ndarray) -> Tail:
        n, held = self._n[which], centre[which]
        if not n.sum():
            return Tail(0, 0.0, 0.0)
        return tail_of_influence((n, held - float((n * held).sum() / n.sum()), spread[which]))


def alike_rows(
    metric: str,
    cells: Mapping[str, RatioCells] | None,
    config: StatisticsConfig,
    segments: Sequence[str],
    *,
    reason_if_absent: str | None = None,
    horizon: str,
) -> list[ResultRow]:
    """Each segment's ratio of later to prior minus that of all customers alike, whose regression to the mean
    is the same.

    Args:
        metric: of the rows.
        cells: segment of then -> cells with x = prior and y = later; None where there is nothing to look back
            at.
        config: the run's settings.
        segments: all segments of then, in the order of the rows.
        reason_if_absent: why ``cells`` is None.
        horizon: of the rows.

    Returns:
        A ``standardized_t`` row for each segment, with the p-value of no difference, adjusted over the
        segments. ``nobody_alike`` where fewer than the minimum sample size of its customers, or of others,
        have any who are alike.
    """
    known = {"horizon": horizon, "confidence_level": config.confidence_level}
    if cells is None:
        mature = reason_if_absent != "window_not_complete"
        return [
            null_row(metric, METHOD, reason_if_absent or "", segment=segment, is_mature=mature, **known)
            for segment in segments
        ]
    held = {segment: cells.get(segment, merge_ratio([])) for segment in segments}
    everybody = merge_ratio(held.values())
    reference = ratio_tail(everybody) if sum(everybody.x1) > 0 else None
    all_alike = Standardized(held)
    return adjust(
        (_row(metric, segment, held[segment], all_alike, reference, config, known) for segment in segments),
        lambda row: (row.metric, row.horizon),
    )


def _row(  # noqa: PLR0917 - one call above
    metric: str,
    segment: str,
    cells: RatioCells,
    everybody: Standardized,
    reference: Tail | None,
    config: StatisticsConfig,
    known: Mapping[str, Any],
) -> ResultRow:
    known = {**known, "segment": segment, "n": cells.size}
    reason = withheld(cells, config)
    if reason is None and min(everybody.users_alike(segment)) < max(config.minimum_sample_size, 2):
        reason = "nobody_alike"
    if reason:
        return null_row(metric, METHOD, reason, **known)
    found = everybody.of(segment, config.confidence_level)
    if found.comparison is None:
        return null_row(metric, METHOD, "no_variation", **known)
    samples = (Sample(tail, reference) for tail in (found.own, found.others))
    trust, warning = weakest(ratios.steadiness(cells), flag("welch", *samples))
    return ResultRow(metric, method=METHOD, trust=trust, reason=warning, **vars(found.comparison), **known)
