"""Retention of a cohort (or tier) minus that of all others, with the weeks or days that set it as the
observations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.proportions import rate_flag
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.retention import METRICS, RetentionCount, whole_groups
from include.tidemark.statistics.trust import Flag
from include.tidemark.statistics.units import (
    Units,
    against_units_flag,
    rate_against_units,
    units_difference,
    units_flag,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

OF_UNITS = "unit_jackknife_t"
OF_ONE_UNIT = "between_units_t"
FEWEST_EXPECTED = 5
"""Users with the outcome (or without it) that one unit should have: with one expected, t quantiles alarm in 8
% of cases."""


def retention_differences(
    counts: Iterable[RetentionCount],
    config: StatisticsConfig,
    *,
    each_is_a_unit: bool = False,
    one_spell: Collection[str] = (),
) -> list[ResultRow]:
    """Each group against all others together in the same window.

    What happens in a week (or day) happens to all users who came in it: with a shock of 0.2 to the log odds
    of a week, and no effect at all, an interval that counts users calls 20 to 29 % of tiers different.

    Args:
        counts: one entry per group, window and unit.
        config: the run's settings.
        each_is_a_unit: each group is one unit, as the sign-ups of a day are: it is compared with how the
            others differ among themselves (``between_units_t``). Otherwise a group shows by its own units how
            it differs by chance (``unit_jackknife_t``).
        one_spell: groups that are held against the others within one spell of weeks, as `spells.in_one_spell`
            finds them: their rows are ``unreliable`` and have no p-value.

    Returns:
        For each group, window and definition a row of ``<metric>_vs_rest``, its p-value adjusted within
        metric x window. Below six units there is no p-value, with one no interval. A group that is left out
        gets a null with the reason, and is no part of the rest of any other.

    >>> counts = [RetentionCount(g, "7d", 50, 50, k, k, str(u)) for g, k in (("a", 20), ("b", 10)) for u in range(6)]
    >>> rows = retention_differences(counts, StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.metric, row.estimate, row.reason) for row in rows][:1]
    [('a', 'retention_in_window_vs_rest', 0.2, 'no_variation')]
    """  # noqa: W505
    held = list(counts)
    wholes = whole_groups(held)
    rows = []
    for window in dict.fromkeys(count.window for count in wholes):
        parts = [count for count in held if count.window == window and count.left_out is None]
        for metric in METRICS:
            units = _UnitsOfGroups.of(metric, parts)
            found = [
                _row(metric, whole, *units.split(whole.group), config, alone=each_is_a_unit)
                for whole in wholes
                if whole.window == window
            ]
            rows += [of_one_spell(row) if row.segment in one_spell else row for row in found]
    return adjust(rows)


@dataclass(frozen=True)
class _UnitsOfGroups:
    """All units of one window, and the group of each."""

    group: NDArray[np.str_]
    n: NDArray[np.float64]
    total: NDArray[np.float64]

    @classmethod
    def of(cls, metric: str, counts: Sequence[RetentionCount]) -> _UnitsOfGroups:
        over = [count for count in counts if count.outcome(metric)[1] > 0]
        outcomes = np.array([count.outcome(metric) for count in over], dtype=np.float64).reshape(-1, 2)
        return cls(np.array([count.group for count in over], dtype=np.str_), outcomes[:, 1], outcomes[:, 0])

    def split(self, group: str) -> tuple[Units, Units]:
        """The units of a group, and those of all others."""
        own = self.group == group
        return Units(self.n[own], self.total[own]), Units(self.n[~own], self.total[~own])


def _row(
    metric: str, whole: RetentionCount, one: Units, others: Units, config: StatisticsConfig, *, alone: bool
) -> ResultRow:
    name, method = f"{metric}_vs_rest", OF_ONE_UNIT if alone else OF_UNITS
    known = whole.known(metric, config)
    active, n = whole.outcome(metric)
    too_few = others.n.sum() < max(config.minimum_sample_size, 1)
    reason = whole.withheld(metric, config) or whole.left_out or ("too_few_users" if too_few else None)
    if reason:
        return null_row(name, method, reason, **known)
    level = config.confidence_level
    found = rate_against_units(active, n, others, level) if alone else units_difference(one, others, level)
    if found is None:
        few = others.count < 2 or (one.count < 2 and not alone)
        reason = "too_few_periods" if few else "no_variation"
        return ResultRow(name, active / n - others.mean, method, reason=reason, **known)
    trust, warning = _flag(one, others, config, alone=alone)
    return ResultRow(
        name,
        found.estimate,
        method,
        # Rates differ by 1 at most.
        ci_low=max(found.ci_low, -1.0),
        ci_high=min(found.ci_high, 1.0),
        p_value=found.p_value,
        trust=trust,
        reason=warning,
        **known,
    )


def _flag(one: Units, others: Units, config: StatisticsConfig, *, alone: bool) -> Flag:
    """Too few units speak first, then too few users with the outcome or without it."""
    if alone:
        return unit_rate_flag(float(one.n.sum()), others)
    units = units_flag(one, others)
    if units[1]:
        return units
    flags = [
        rate_flag(round(float(part.total.sum())), round(float(part.n.sum())), config)
        for part in (one, others)
    ]
    return next((flag for flag in flags if flag[1]), flags[0])


def of_one_spell(row: ResultRow) -> ResultRow:
    """The row of a comparison that sees one change of the fee only: its estimate and interval stand, and say
    nothing of the fee."""
    if row.trust is None:
        return row
    return replace(row, p_value=None, trust="unreliable", reason="few_spells")


def unit_rate_flag(n: float, others: Units) -> Flag:
    """The trust of `rate_against_units` for a unit of ``n`` users: enough others, and enough users with and
    without the outcome."""
    units = against_units_flag(others)
    expected = n * min(others.mean, 1 - others.mean)
    return ("caution", "few_successes") if units[1] is None and expected < FEWEST_EXPECTED else units
