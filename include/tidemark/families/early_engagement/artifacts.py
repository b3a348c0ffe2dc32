"""The files of this family: the drivers of staying, who uses what in the first week, and the users behind it."""

from pathlib import Path

from include.tidemark.artifacts.model_tables import write_model_table
from include.tidemark.artifacts.results import (
    StatisticRows,
    closing_columns,
    estimate_columns,
    percent_columns,
    trust_columns,
)
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.early_engagement import tables
from include.tidemark.families.early_engagement.cells import read_platforms
from include.tidemark.families.early_engagement.driver_table import FEATURE, ODDS_RATIO
from include.tidemark.families.early_engagement.features import event_features, features_of
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, with the columns of this run's list of events."""
    return tables.tables(run)


_UNITS = {"has": "did it at all", "cnt_days": "one more day", "cnt_events": "one more event"}


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    written = write_model_table(tables.users_table(run), run, warehouse, ids, target)
    written += write_rows(tables.DRIVERS, driver_rows(run, results), target)
    written += write_rows(tables.DETAILS, detail_rows(run, warehouse, results), target)
    written += write_rows(tables.USAGE, usage_rows(run, results), target)
    return written


def driver_rows(run: Run, results: StatisticRows) -> list[Row]:
    """Every feature with its odds ratio, the highest first, those without one last."""
    rows: list[Row] = [
        {FEATURE: row["segment"], ODDS_RATIO: row["estimate"], **closing_columns(run, row)}
        for row in results.of("odds_ratio")
    ]
    return sorted(rows, key=lambda row: (row[ODDS_RATIO] is None, -(row[ODDS_RATIO] or 0.0), row[FEATURE]))


def detail_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """Every feature with its intervals and with what stands against believing it, in the order of `driver_rows`."""
    reference = read_platforms(run, warehouse).reference
    of_event = {feature.name: feature for feature in features_of(run.rules.early_engagement_events)}
    rows = []
    for driver in driver_rows(run, results):
        name = driver[FEATURE]
        feature = of_event.get(name)
        adjusted = results.find("odds_ratio", name)
        impactful = results.find("odds_ratio_impactful", name)
        inflation, cell = (results.find(metric, name) for metric in ("variance_inflation", "smallest_cell"))
        rows.append(
            {
                "as_of_date": run.as_of_date,
                "run_key": run.run_key,
                "feature": name,
                "event_name": feature.event if feature else None,
                "unit": _UNITS[feature.kind] if feature else f"against {reference}",
                "is_impactful": bool(impactful and impactful["estimate"] is not None),
                **estimate_columns("odds_ratio", adjusted),
                "p_adjusted": adjusted["p_adjusted"] if adjusted else None,
                **estimate_columns("odds_ratio_univariate", results.find("odds_ratio_univariate", name)),
                "variance_inflation": inflation["estimate"] if inflation else None,
                "smallest_cell": cell["estimate"] if cell else None,
                "collinear_with": adjusted["segment_to"] if adjusted else None,
                "users": adjusted["n"] if adjusted else None,
                "method": adjusted["method"] if adjusted else None,
                **trust_columns(adjusted),
            }
        )
    return rows


def usage_rows(run: Run, results: StatisticRows) -> list[Row]:
    """One row per event of the list, in its order."""
    rows = []
    for event in run.rules.early_engagement_events:
        name = event_features(event)[0].name
        used = results.find("first_week_usage", name)
        rows.append(
            {
                "as_of_date": run.as_of_date,
                "run_key": run.run_key,
                "event_name": event,
                "users": used["n"] if used else None,
                **percent_columns("usage_pct", used),
                **percent_columns("retained_if_used_pct", results.find("retained_if_used", name)),
                **percent_columns("retained_if_not_used_pct", results.find("retained_if_not_used", name)),
            }
        )
    return rows
