"""The segments of a declared segmentation in numbers: the rows of its files, which its chapter of the report reads, too."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from include.tidemark.artifacts.results import (
    StatisticRows,
    estimate_columns,
    mean_columns,
    percent_columns,
    trust_columns,
)
from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.questions import moves
from include.tidemark.warehouse.base import Row, Warehouse


def summary_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment in order of priority, then one of all."""
    counted = warehouse.fetch(
        "select segment, count(*) as members, sum(case when is_dormant then 1 else 0 end) as dormant"
        " from runs.segment_members where run_key = ? and segmentation = ? group by segment",
        (run.run_key, of.name),
    )
    found = {row["segment"]: (int(row["members"]), int(row["dormant"])) for row in counted}
    total = tuple(map(sum, zip(*found.values(), strict=True))) or (0, 0)
    groups = [(number, name, found.get(name, (0, 0))) for number, name in enumerate(of.names, start=1)]
    return [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "priority": priority,
            "segment": segment or f"All {of.of}",
            of.of: counts[0],
            f"dormant_{of.of}": counts[1],
            **percent_columns("share_pct", results.find("segment_share", segment)),
            **percent_columns("share_active_pct", results.find("segment_share_active", segment)),
            **{
                key: value
                for name in of.means
                for key, value in mean_columns(f"mean_{name}", results, segment).items()
            },
            "expected_share_low_pct": _expected(of, segment, 0),
            "expected_share_high_pct": _expected(of, segment, 1),
        }
        for priority, segment, counts in [*groups, (None, None, total)]
    ]


def _expected(of: Segmentation, segment: str | None, end: int) -> float | None:
    share = of.expected_shares.get(segment or "")
    return float(share[end]) if share else None


def movement_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per pair of segments; without an earlier publication, each says so."""
    previous = run.previous_of(of.name)
    counts = {
        (row["from_segment"], row["to_segment"]): int(row["members"])
        for row in moves(of.name, run, warehouse)
    }
    starts: dict[str | None, int] = {}
    for (origin, _), members in counts.items():
        starts[origin] = starts.get(origin, 0) + members
    statistics = {(row["segment"], row["segment_to"]): row for row in results.of("movement")}
    order = {name: number for number, name in enumerate((*of.names, of.joined))}
    pairs = sorted(
        counts.keys() | statistics.keys(),
        key=lambda pair: [(order.get(name or "", len(order)), name or "") for name in pair],
    )
    return [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "previous_as_of_date": previous.as_of_date if previous else None,
            "previous_run_key": previous.run_key if previous else None,
            "from_segment": origin,
            "to_segment": to,
            of.of: counts.get((origin, to), 0) if previous else None,
            f"from_{of.of}": starts.get(origin, 0) if previous else None,
            **percent_columns("share_pct", statistics.get((origin, to))),
            **trust_columns(statistics.get((origin, to))),
        }
        for origin, to in pairs
    ]


def backtest_rows(of: Segmentation, run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per segment of the earlier date, then one of all; nulls with a reason where there is no such date."""
    metric = f"backtest_{of.backtest}_ratio"
    sums = warehouse.fetch(
        "select segment, sum(n) as members, sum(prior_s1) as prior, sum(later_s1) as later"
        " from runs.segment_backtest_cells where run_key = ? and segmentation = ? group by segment",
        (run.run_key, of.name),
    )
    found: dict[str | None, Row] = {row.pop("segment"): row for row in sums}
    if found:
        found[None] = {key: sum(row[key] for row in found.values()) for key in ("members", "prior", "later")}
    earlier = run.backtest_of(of.name)
    segments = dict.fromkeys(row["segment"] for row in results.of(metric))
    return [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "backtest_as_of_date": earlier.as_of_date if earlier else None,
            "backtest_run_key": earlier.run_key if earlier else None,
            "segment": segment or f"All {of.of}",
            **_sums(of, found.get(segment), is_known=earlier is not None),
            **estimate_columns(f"{of.backtest}_ratio", results.find(metric, segment)),
            **trust_columns(results.find(metric, segment)),
        }
        for segment in (*(name for name in of.names if name in segments), *_others(segments, of), None)
    ]


def _others(segments: Mapping[str | None, Any], of: Segmentation) -> list[str]:
    """Segments that the file declared then and no longer does."""
    return [name for name in segments if name is not None and name not in of.names]


def _sums(of: Segmentation, row: Row | None, *, is_known: bool) -> Row:
    amount = _dollars if of.backtest == "spend" else int
    return {
        of.of: int(row["members"]) if row else (0 if is_known else None),
        f"prior_{of.backtest}": amount(row["prior"]) if row else None,
        f"later_{of.backtest}": amount(row["later"]) if row else None,
    }


def _dollars(cents: Any) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)
