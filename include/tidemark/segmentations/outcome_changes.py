"""How what became of a segmentation's members changed: who stayed, moved and left, and who was there again
after the backtest's date."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from include.tidemark.families.comparison_part import COMPARISONS, earlier_run, no_months
from include.tidemark.run import Run
from include.tidemark.segmentations.counts import backtest_sums
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.statistics.change import TREND, Kind, Month, Number
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.measured import NOBODY, Measured
from include.tidemark.statistics.pairs import PairCells, difference_change, part_change, sum_change
from include.tidemark.statistics.segment_pairs import RETAINED, RETAINED_DIFFERENCE
from include.tidemark.statistics.segments import BACKTEST_HORIZON
from include.tidemark.warehouse.base import Row, Warehouse

MOVES = {"stayed": "movement_stayed", "moved": "movement_moved", "gone": "movement_left"}
"""Metric of the cells -> metric of the change: the part of the members of the month before of whom that
became."""
RETAINED_CELLS, OWN_RATIO, RATIO_OF_ALL = "retained", "ratio", "ratio_of_all"
OF_OUTCOMES = frozenset({*MOVES, RETAINED_CELLS, OWN_RATIO, RATIO_OF_ALL})
"""The metrics of the cells of outcomes."""
_BILLION = 10**9
Sums = Mapping[str | None, Row]


def outcome_changes(
    of: Segmentation, run: Run, warehouse: Warehouse, comparison: str, cells: Mapping[str, PairCells]
) -> list[Measured]:
    """The changes of a segmentation's outcomes in one comparison.

    Args:
        of: the segmentation.
        run: the run.
        warehouse: where the sums of both months' backtests are.
        comparison: which earlier month.
        cells: metric -> cells of pairs, by the segments that people had where each month looks back to.
    """
    names = _names(of, cells)
    found = [
        Measured(metric, "share", name, part_change(cells.get(source, NOBODY), name))
        for source, metric in MOVES.items()
        for name in names
    ]
    if of.backtest is None:
        return found
    retained = cells.get(RETAINED_CELLS, NOBODY)
    found += [Measured(RETAINED, "share", name, part_change(retained, name)) for name in names]
    found.append(Measured(RETAINED, "share", None, part_change(_as_one(retained), _ALL)))
    found += [
        Measured(
            RETAINED_DIFFERENCE,
            "share",
            first,
            difference_change(retained, "part", first, second),
            segment_to=second,
        )
        for first, second in itertools.combinations(names, 2)
    ]
    earlier = earlier_run(run, of.name, comparison)
    then = run.model_copy(update={"run_key": earlier.run_key}) if earlier else None
    sums = [backtest_sums(of, each, warehouse) if each else {} for each in (then, run)]
    return found + _ratios(of, names, cells, *sums)


def dated(of: Segmentation, row: ChangeRow, run: Run) -> ChangeRow:
    """The row with the horizon of outcomes, and with the reason why a month has none."""
    if row.metric in MOVES.values() and row.reason == "zero_denominator" and not row.n_earlier:
        return replace(row, reason="no_earlier_publication")
    if of.backtest is None or row.metric not in (
        RETAINED,
        RETAINED_DIFFERENCE,
        of.backtest_metric,
        of.alike_metric,
    ):
        return row
    reason = row.reason
    if reason == "zero_denominator" and not (row.n and row.n_earlier):
        reason = (run.backtest_reason_of(of.name) if not row.n else None) or "no_earlier_publication"
    return replace(row, horizon=BACKTEST_HORIZON, reason=reason)


def unjudged(of: Segmentation, run: Run) -> list[ChangeRow]:
    """What is not judged: people alike, as what is expected of a segment is fitted to all people of a month;
    of a trend all that a backtest finds, whose windows look at the same 90 days again from month to month."""
    level = run.options.confidence_level
    numbers: list[tuple[str, Kind, tuple[str, ...]]] = [(of.alike_metric, "ratio", (*COMPARISONS, TREND))]
    numbers += [(RETAINED, "share", (TREND,)), (of.backtest_metric, "ratio", (TREND,))]
    return [
        ChangeRow(
            metric,
            kind,
            comparison,
            name,
            BACKTEST_HORIZON,
            confidence_level=level,
            reason=no_months(run, of.name, comparison) or "not_paired",
        )
        for metric, kind, comparisons in numbers
        for comparison in comparisons
        for name in (of.names if of.backtest is not None else ())
    ]


def moves(of: Segmentation) -> tuple[str, list[Number]]:
    """SQL of what became of the members that each run looked back at, one row per run and person, and the
    numbers made of it."""
    home = of.home
    mine = "1 = 1" if not home.is_shared else f"segmentation = '{of.name}'"
    people = (
        f"select run_key, {home.person} as person, {home.segment} as segment from {home.members} where {mine}"
    )
    sql = (
        "select looked.run_key, earlier.person, earlier.segment, false as is_dormant,"
        " case when later.segment = earlier.segment then 1 else 0 end as stayed,"
        " case when later.segment <> earlier.segment then 1 else 0 end as moved,"
        " case when later.segment is null then 1 else 0 end as gone"
        f" from (select distinct run_key, previous_run_key from {home.table('movement')} where {mine}) as looked"
        f" inner join ({people}) as earlier on looked.previous_run_key = earlier.run_key"
        f" left join ({people}) as later on looked.run_key = later.run_key and earlier.person = later.person"
    )
    numbers = [
        Number(metric, "part", source, name, name) for source, metric in MOVES.items() for name in of.names
    ]
    return sql, numbers


def _names(of: Segmentation, cells: Mapping[str, PairCells]) -> tuple[str, ...]:
    held = {name for metric in OF_OUTCOMES for name in cells.get(metric, NOBODY).segments}
    return (*of.names, *sorted(held - set(of.names)))


_ALL = "all"


def _as_one(cells: PairCells) -> PairCells:
    """Everybody in one segment."""
    earlier, now = (
        tuple(None if name is None else _ALL for name in names) for names in (cells.earlier, cells.now)
    )
    return replace(cells, earlier=earlier, now=now)


def _ratios(
    of: Segmentation, names: Iterable[str], cells: Mapping[str, PairCells], then: Sums, today: Sums
) -> list[Measured]:
    """The changes of the ratio of what was done later to what was done before.

    The cells hold by how much each person moves the ratio, so the difference of a person's two months is the
    influence on its change (`pairs`), and the squares of these sum to its squared error.
    """
    everybody = sum_change(cells.get(RATIO_OF_ALL, NOBODY), None, _BILLION)
    found = []
    for name in (*names, None):
        change = everybody
        if name is not None:
            change = sum_change(cells.get(OWN_RATIO, NOBODY), name, _BILLION)
        months = [_month(sums, name) for sums in (then, today)]
        change = replace(change, earlier=months[0], now=months[1])
        found.append(Measured(of.backtest_metric, "ratio", name, change, everybody.tail))
    return found


def _month(sums: Sums, name: str | None) -> Month:
    held: list[Row] = [row for segment, row in sums.items() if name in (None, segment)]
    members, prior, later = (_total(held, column) for column in ("members", "prior", "later"))
    return Month(later / prior if prior > 0 else None, members)


def _total(rows: Iterable[Row], column: str) -> Any:
    return sum(int(row[column]) for row in rows)
