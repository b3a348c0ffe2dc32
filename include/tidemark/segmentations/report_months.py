"""The report's small charts: each segment's share over the published months."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.history.ledger import current_publications
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, Panel, share_over_time, small_multiples
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

_MONTHS_SHOWN = 24


def share_panels(  # noqa: PLR0917 - what a chapter of the report has at hand
    run: Run,
    warehouse: Warehouse,
    results: StatisticRows,
    colours: Mapping[str, str],
    family: str,
    segments: Sequence[str],
    people: str,
) -> dict[str, Any]:
    """One small chart per segment. All span the same number of percentage points, so that slopes can be
    compared.

    Args:
        people: who is segmented, `customers` or `users`.
    """
    months = _share_history(run, warehouse, results, family)
    series = {
        segment: [
            Estimate.of(words.short_day(as_of), shares.get(segment), date=as_of.isoformat())
            for as_of, shares in months
        ]
        for segment in segments
    }
    ends = {segment: _extent(points) for segment, points in series.items()}
    span = max([high - low for low, high in ends.values()] + [0.03]) * 1.15
    panels = []
    for segment in segments:
        low, high = ends[segment]
        bottom = min(max((low + high - span) / 2, 0.0), max(1.0 - span, 0.0))
        points = series[segment]
        told = "; ".join(f"{p.label} {words.percent(p.value)}" for p in points)
        panels.append(
            Panel(
                segment,
                share_over_time(
                    points,
                    colours[segment],
                    (bottom, bottom + span),
                    f"Share of {people} in {segment} by month: {told}.",
                ),
                figure=words.percent(points[-1].value),
                colour=colours[segment],
                facets={"segment": segment},
            )
        )
    return {"panels": small_multiples(panels), "months": len(months)}


def _share_history(
    run: Run, warehouse: Warehouse, results: StatisticRows, family: str
) -> list[tuple[date, dict[str, Row]]]:
    """Shares of every published month before this one, then those of this run."""
    earlier = [p for p in current_publications(warehouse) if p.as_of_date < run.as_of_date][
        -(_MONTHS_SHOWN - 1) :
    ]
    months = []
    for publication in earlier:
        rows = warehouse.fetch(
            "select segment, estimate, ci_low, ci_high, n, method, trust, reason from runs.statistics"
            " where run_key = ? and family = ? and metric = 'segment_share'",
            (publication.run_key, family),
        )
        months.append((publication.as_of_date, {row["segment"]: row for row in rows}))
    return [*months, (run.as_of_date, {row["segment"]: row for row in results.of("segment_share")})]


def _extent(points: list[Estimate]) -> tuple[float, float]:
    known = [end for point in points for end in (point.value, point.low, point.high) if end is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)
