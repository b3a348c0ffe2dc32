"""The files of this family: the drivers of staying, who uses what in the first week, and the users behind
it."""

from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide_tables import Line, WideTables, wide_tables, write_tables
from include.tidemark.families.early_engagement.cells import read_platforms
from include.tidemark.families.early_engagement.driver_table import FEATURE
from include.tidemark.families.early_engagement.features import event_features, features_of
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, with the columns of this run's list of events."""
    return tuple(tables(run).tables.values())


def tables(run: Run) -> WideTables:
    """What `tables.yml` says, with the columns of the run's list of events."""
    columns = (
        Column(f.name, _KINDS[f.kind], f.description) for f in features_of(run.rules.early_engagement_events)
    )
    return wide_tables(Path(__file__).with_name("tables.yml"), features=tuple(columns))


_KINDS: dict[str, Kind] = {"has": "boolean", "cnt_days": "integer", "cnt_events": "integer"}
_UNITS = {"has": "did it at all", "cnt_days": "one more day", "cnt_events": "one more event"}


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    lines = {
        "data/retention_drivers": driver_lines(results),
        "data/retention_driver_details": detail_lines(run, warehouse, results),
        "data/first_week_usage": _usage_lines(run),
    }
    return write_tables(tables(run), lines, run, warehouse, results, ids, target)


def driver_lines(results: StatisticRows) -> list[Line]:
    """Every feature of the model, the highest odds ratio first, those without one last."""
    rows = sorted(
        results.of("odds_ratio"),
        key=lambda row: (row["estimate"] is None, -(row["estimate"] or 0.0), row["segment"]),
    )
    return [
        {FEATURE: row["segment"], "feature": row["segment"], "collinear_with": row["segment_to"]}
        for row in rows
    ]


def detail_lines(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Line]:
    """The same features with what each is about and what one unit of it is."""
    reference = read_platforms(run, warehouse).reference
    of_event = {feature.name: feature for feature in features_of(run.rules.early_engagement_events)}
    lines: list[Line] = []
    for line in driver_lines(results):
        feature = of_event.get(line["feature"])
        lines.append(
            {
                **line,
                "event_name": feature.event if feature else None,
                "unit": _UNITS[feature.kind] if feature else f"against {reference}",
            }
        )
    return lines


def _usage_lines(run: Run) -> list[Line]:
    return [
        {"event_name": event, "feature": event_features(event)[0].name}
        for event in run.rules.early_engagement_events
    ]
