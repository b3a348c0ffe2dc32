"""The segments in numbers: the rows of a segmentation's files, which its chapter of the report reads, too."""

from decimal import Decimal
from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.wide_tables import Line, Place, wide_rows
from include.tidemark.run import Run
from include.tidemark.segmentations import tables
from include.tidemark.segmentations.counts import backtest_sums, moves, sizes
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.statistics.segments import BACKTEST_HORIZON
from include.tidemark.warehouse.base import Row, Warehouse


def summary_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment in order of priority, then one of all."""
    counted = ("members", "dormant", *of.home.totals)
    found = sizes(of, run, warehouse, of.home.totals)
    total = {name: sum(row[name] for row in found.values()) for name in counted}
    groups = [(number, name, found.get(name)) for number, name in enumerate(of.names, start=1)]
    lines = (
        _summary_line(of, priority, segment, counts or dict.fromkeys(counted, 0))
        for priority, segment, counts in [*groups, (None, None, total)]
    )
    return wide_rows(tables.summary(of), run, lines, results)


def _summary_line(of: Segmentation, priority: int | None, segment: str | None, counts: Row) -> Line:
    return {
        "place": Place(segment),
        "priority": priority,
        of.home.segment: segment or f"All {of.of}",
        of.of: int(counts["members"]),
        f"dormant_{of.of}": int(counts["dormant"]),
        **{name: counts[name] for name in of.home.totals},
        **_shares(of, segment),
    }


def _shares(of: Segmentation, segment: str | None) -> Row:
    what, shares = of.shares_beside
    low, high = shares.get(segment or "", (None, None))
    return {f"{what}_share_low_pct": low, f"{what}_share_high_pct": high}


def movement_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per pair of segments; without an earlier publication, each says so."""
    previous = run.previous_of(of.name)
    counts = {
        (row["from_segment"], row["to_segment"]): int(row["members"]) for row in moves(of, run, warehouse)
    }
    starts: dict[str | None, int] = {}
    for (origin, _), members in counts.items():
        starts[origin] = starts.get(origin, 0) + members
    estimated = {(row["segment"], row["segment_to"]) for row in results.of("movement")}
    order = {name: number for number, name in enumerate((*of.names, of.joined))}
    pairs = sorted(
        counts.keys() | estimated,
        key=lambda pair: [(order.get(name or "", len(order)), name or "") for name in pair],
    )
    lines = (
        {
            "place": Place(origin, to),
            "previous_as_of_date": previous.as_of_date if previous else None,
            "previous_run_key": previous.run_key if previous else None,
            "from_segment": origin,
            "to_segment": to,
            of.of: counts.get((origin, to), 0) if previous else None,
            f"from_{of.of}": starts.get(origin, 0) if previous else None,
        }
        for origin, to in pairs
    )
    return wide_rows(tables.movement(of), run, lines, results)


def backtest_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment of the earlier date, then one of all; nulls with a reason where there is no such
    date."""
    found = backtest_sums(of, run, warehouse)
    if found:
        found[None] = {key: sum(row[key] for row in found.values()) for key in ("members", "prior", "later")}
    earlier = run.backtest_of(of.name)
    then = dict.fromkeys(row["segment"] for row in results.of(of.backtest_metric))
    lines = (
        {
            "place": Place(segment, horizon=BACKTEST_HORIZON),
            "backtest_as_of_date": earlier.as_of_date if earlier else None,
            "backtest_run_key": earlier.run_key if earlier else None,
            of.home.segment: segment or f"All {of.of}",
            **_sums(of, found.get(segment), is_known=earlier is not None),
        }
        for segment in (*of.names, *(name for name in then if name not in (*of.names, None)), None)
    )
    return wide_rows(tables.backtest(of), run, lines, results)


def _sums(of: Segmentation, row: Row | None, *, is_known: bool) -> Row:
    amount = _dollars if of.backtest == "spend" else int
    return {
        of.of: int(row["members"]) if row else (0 if is_known else None),
        f"prior_{of.backtest}": amount(row["prior"]) if row else None,
        f"later_{of.backtest}": amount(row["later"]) if row else None,
    }


def _dollars(cents: Any) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)
