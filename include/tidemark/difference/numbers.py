"""Which published numbers differ between two runs, and which of them by more than chance."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from include.tidemark.difference.result import NumberChange, NumberChanges
from include.tidemark.statistics.independent import difference_of_intervals
from include.tidemark.statistics.multiplicity import adjusted
from include.tidemark.warehouse.base import Row, Warehouse

_NUMBER = ("family", "metric", "segment", "segment_to", "horizon")
_COLUMNS = (*_NUMBER, "estimate", "ci_low", "ci_high", "confidence_level")
_PAIRED = ("family", "metric", "segment", "horizon")
_REST = 1e-9
"""Relative: two sums of the same rows in another order may differ by that."""

Number = tuple[Any, ...]


def number_changes(warehouse: Warehouse, earlier: str, later: str, rate: float) -> NumberChanges:
    """Hold the numbers of two runs against each other.

    Where the later run compared itself with the earlier one, on the same people, its own verdict holds. Else
    a number is beyond noise where its two intervals are too far apart for two independent samples, adjusted
    within the family for the false discovery rate: between two runs of the same people that is asking for
    more than needed, never for less.

    Args:
        earlier: the key of the earlier run.
        later: the key of the later one.
        rate: the false discovery rate, as in the rules of the later run.
    """
    then, now = _numbers(warehouse, earlier), _numbers(warehouse, later)
    both = [number for number in then if number in now]
    differing = [number for number in both if _differs(then[number]["estimate"], now[number]["estimate"])]
    verdicts = _verdicts(warehouse, earlier, later)
    judged = [
        (number, verdict)
        for number in differing
        if (verdict := _judged(number, then[number], now[number], verdicts)) is not None
    ]
    open_ones = [p if how == "two intervals" else None for _, (p, how) in judged]
    found = adjusted(open_ones, [number[0] for number, _ in judged])
    sure = [
        (number, of[0] if of else p, how)
        for (number, (p, how)), of in zip(judged, found, strict=True)
        if (of[0] if of else p) <= rate
    ]
    return NumberChanges(
        compared=len(both),
        differing=len(differing),
        beyond_noise=tuple(
            _change(number, then[number], now[number], p, how)
            for number, p, how in sorted(sure, key=lambda each: (each[1], [part or "" for part in each[0]]))
        ),
        unjudged=len(differing) - len(judged),
        only_earlier=len(then) - len(both),
        only_later=len(now) - len(both),
    )


How = Literal["the same people", "two intervals"]


def _numbers(warehouse: Warehouse, run_key: str) -> dict[Number, Row]:
    """The run's numbers by what they are of: of each the primary method, of a run of an earlier release the
    first one."""
    rows = warehouse.fetch(
        f"select {', '.join(_COLUMNS)} from runs.statistics where run_key = ? and coalesce(is_primary, true)"
        f" order by {', '.join(_NUMBER)}, method",
        (run_key,),
    )
    found: dict[Number, Row] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in _NUMBER), row)
    return found


def _verdicts(warehouse: Warehouse, earlier: str, later: str) -> dict[Number, Row]:
    """What the later run found when it compared itself with the earlier one."""
    rows = warehouse.fetch(
        f"select {', '.join(_PAIRED)}, trust, p_adjusted from runs.changes"
        " where run_key = ? and earlier_run_key = ? and comparison = 'previous' and method <> 'ancova'",
        (later, earlier),
    )
    return {tuple(row[name] for name in _PAIRED): row for row in rows}


def _judged(number: Number, then: Row, now: Row, verdicts: Mapping[Number, Row]) -> tuple[float, How] | None:
    """The p-value of a difference and what it stands on; None where nothing says whether it is more than
    chance."""
    family, metric, segment, segment_to, horizon = number
    verdict = None if segment_to else verdicts.get((family, metric, segment, horizon))
    if verdict is not None:
        known = verdict["trust"] == "ok" and verdict["p_adjusted"] is not None
        return (float(verdict["p_adjusted"]), "the same people") if known else None
    if not _has_interval(then) or not _has_interval(now):
        return None
    return difference_of_intervals(_interval(now), _interval(then)).p_value, "two intervals"


def _has_interval(row: Row) -> bool:
    """Whether a number has an interval around it; that of a resampled statistic may lie beside it."""
    if any(row[name] is None for name in ("estimate", "ci_low", "ci_high", "confidence_level")):
        return False
    return bool(row["ci_low"] <= row["estimate"] <= row["ci_high"])


def _interval(row: Row) -> tuple[float, float, float, float]:
    estimate, low, high, level = (
        float(row[name]) for name in ("estimate", "ci_low", "ci_high", "confidence_level")
    )
    return estimate, low, high, level


def _differs(then: Any, now: Any) -> bool:
    if then is None or now is None:
        return then is not now
    return abs(float(now) - float(then)) > _REST * max(abs(float(now)), abs(float(then)))


def _change(number: Sequence[Any], then: Row, now: Row, p: float, how: How) -> NumberChange:
    return NumberChange(
        **dict(zip(_NUMBER, number, strict=True)),
        earlier=then["estimate"],
        later=now["estimate"],
        change=now["estimate"] - then["estimate"],
        p_adjusted=p,
        judged_on=how,
    )
