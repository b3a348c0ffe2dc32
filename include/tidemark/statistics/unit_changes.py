"""The change of a number between months whose users came in weeks (or days) of their own, which are the
observations: as rows.

How it is judged is in `unit_months`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scipy.special import ndtri, stdtr, stdtrit

from include.tidemark.statistics.change import TREND, Kind, slope_weights
from include.tidemark.statistics.change_rows import POWER, ChangeRow
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.trust import Flag, Sample, flag, tail_of, weakest
from include.tidemark.statistics.unit_months import Key, UnitMonths, UnitNumber
from include.tidemark.statistics.units import Units, against_units_flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

METHOD, TREND_METHOD = "paired_units", "slope_of_units"
FEWEST_EXPECTED = 5
"""Users with the outcome, and without it, that should be among those who came and went."""
ENOUGH_TO_SHOW_WHAT_LASTS = 150
"""Units below which an autocorrelation of 0.6 is missed so often that the intervals where none was seen hold
in 78 to 93 %."""


def unit_change_rows(
    months: Sequence[Mapping[Key, UnitNumber]],
    comparison: str,
    config: StatisticsConfig,
    margin_pct: float,
) -> list[ChangeRow]:
    """The change of each number that any of the months has, not adjusted yet.

    Args:
        months: the numbers of each month, the earliest first: two, or more of a trend.
        comparison: ``previous``, ``year_before`` or ``trend``.
        config: the run's settings.
        margin_pct: what counts as no change: points of a share, per cent of the earlier mean.

    >>> of = {str(week): (100, 40 + week % 3) for week in range(12)}
    >>> key = ("retention_in_window", "10 bps", "week 1")
    >>> months = ({key: UnitNumber("share", of)}, {key: UnitNumber("share", of | {"12": (100, 60)})})
    >>> [(row.change, row.n_joined, row.method) for row in unit_change_rows(months, "previous", StatisticsConfig("2026-11-01"), 2)]
    [(0.0146153846154, 100, 'paired_units')]
    """  # noqa: W505
    rows = []
    for key in dict.fromkeys(key for month in reversed(months) for key in month):
        known = next(month[key] for month in reversed(months) if key in month)
        nobody = known._replace(units={}, users=None, rest=None if known.rest is None else {})
        numbers = [month.get(key, nobody) for month in months]
        rows.append(_row(_known(key, known.kind, comparison, config), numbers, config, margin_pct))
    return rows


def unjudged_rows(
    numbers: Iterable[tuple[Key, Kind, str]], comparison: str, config: StatisticsConfig
) -> list[ChangeRow]:
    """The rows of numbers whose change is not judged: key, kind and reason."""
    return [replace(_known(key, kind, comparison, config), reason=reason) for key, kind, reason in numbers]


def _known(key: Key, kind: Kind, comparison: str, config: StatisticsConfig) -> ChangeRow:
    metric, segment, horizon = key
    return ChangeRow(
        metric,
        kind,
        comparison,
        segment,
        horizon,
        confidence_level=config.confidence_level,
        method=TREND_METHOD if comparison == TREND else METHOD,
        reason="no_earlier_publication",
    )


def _row(
    known: ChangeRow, numbers: Sequence[UnitNumber], config: StatisticsConfig, margin_pct: float
) -> ChangeRow:
    held, spans = UnitMonths.of(numbers), len(numbers) - 1
    both, joined, left = held.behind
    first, last = numbers[0].value, numbers[-1].value
    row = replace(
        known,
        estimate=last,
        earlier_estimate=first,
        months=spans + 1 if spans > 1 else None,
        n=both + joined,
        n_earlier=both + left,
        n_both=both,
        n_joined=joined,
        n_left=left,
    )
    reason = next(filter(None, (_withheld(number, config) for number in numbers)), None)
    values = [number.value for number in numbers]
    if reason or None in values:
        return replace(row, reason=reason or "empty_segment")
    if held.is_same:
        return replace(row, change=0.0, reason="same_users")
    if held.count < MINIMUM_PERIODS or held.degrees < MINIMUM_PERIODS / 2:
        return replace(row, reason="too_few_periods")
    change = sum(c * (value or 0.0) for c, value in zip(slope_weights(spans + 1), values, strict=True))
    error = held.error()
    sizes = [abs(size) for number in numbers for size in number.sides if size is not None]
    if error <= 1e-12 * max(sizes):
        return replace(row, change=change, reason="no_variation")
    half = error * float(stdtrit(held.degrees, 0.5 + config.confidence_level / 2))
    # A number whose line stays within the margin from the first month to the last has not changed.
    margin = margin_pct / 100 * (1 if known.kind == "share" else abs(numbers[0].sides[0] or 0.0)) / spans
    low, high = change - half, change + half
    trust, warning = _flag(held, numbers[-1], known.method)
    return replace(
        row,
        change=change,
        ci_low=low,
        ci_high=high,
        p_value=min(1.0, 2 * float(stdtr(held.degrees, -abs(change) / error))),
        detectable_change=half + float(ndtri(POWER)) * error,
        margin=margin,
        no_change=-margin <= low and high <= margin,
        trust=trust,
        reason=warning,
    )


def _withheld(number: UnitNumber, config: StatisticsConfig) -> str | None:
    """Why a month's number has no change: what a month would not publish is compared with nothing."""
    for units in (number.units, *([] if number.rest is None else [number.rest])):
        users = sum(n for n, _ in units.values())
        if users == 0:
            return "window_not_complete" if units else "empty_segment"
        if users < config.minimum_sample_size:
            return "too_few_users"
    return withheld(number.users, config) if number.users is not None else None


def _flag(held: UnitMonths, number: UnitNumber, method: str) -> Flag:
    """Too few units speak first, then units that are alike one after the other, then too few users with the
    outcome among those who moved, or a tail that they may lack."""
    units = against_units_flag(Units(held.users, held.totals))
    if units[1]:
        return units
    if held.lasts:
        return "unreliable", "autocorrelated"
    few: Flag = ("caution", "few_periods") if held.count < ENOUGH_TO_SHOW_WHAT_LASTS else ("ok", None)
    if number.users is None:
        expected = held.moved * min(min(rate, 1 - rate) for rate in number.sides if rate is not None)
        return ("caution", "few_successes") if expected < FEWEST_EXPECTED else few
    own = tail_of(number.users)
    return weakest(flag(method, Sample(replace(own, users=max(held.moved, 1)), number.everybody or own)), few)
