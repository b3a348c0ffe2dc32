"""The files of this family: the users, their segments in numbers, the weekly series, the verification, the audiences."""

from pathlib import Path

from include.tidemark.artifacts.model_tables import write_model_table
from include.tidemark.artifacts.results import (
    StatisticRows,
    closing_columns,
    estimate_columns,
    percent_columns,
)
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.planners import tables
from include.tidemark.families.planners.definitions import USER_TYPES
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.families.planners.verification import verification_rows
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    written = write_model_table(tables.USERS, run, warehouse, ids, target)
    written += write_rows(tables.SUMMARY, [summary_row(run, warehouse, results)], target)
    written += write_rows(tables.RATIOS, ratio_rows(run, results), target)
    written += write_rows(tables.WEEKS, week_rows(run, warehouse, results), target)
    written += write_rows(tables.VERIFICATION, verification_rows(run, warehouse), target)
    for audience in (tables.ALMOST_PLANNERS, tables.AT_RISK_PLANNERS):
        written += write_model_table(audience, run, warehouse, ids, target)
    return written


def summary_row(run: Run, warehouse: Warehouse, results: StatisticRows) -> Row:
    """The one row of `user_segmentation_summary.csv`."""
    (row,) = warehouse.fetch("select * from runs.user_segmentation_summary where run_key = ?", (run.run_key,))
    return row | closing_columns(run, results.find("planner_share", None))


def ratio_rows(run: Run, results: StatisticRows) -> list[Row]:
    """One row per metric that planners and passengers are compared by."""
    rows = []
    for metric in UNITS:
        ratio = results.find(f"ratio_{metric}", "Planner", "percentile_bootstrap")
        delta = results.find(f"ratio_{metric}", "Planner", "log_delta")
        means = [
            results.find(f"mean_{metric}", user_type, "percentile_bootstrap") for user_type in USER_TYPES
        ]
        rows.append(
            {
                "metric": metric,
                **estimate_columns("planner_mean", means[0]),
                **estimate_columns("passenger_mean", means[1]),
                **estimate_columns("ratio", ratio),
                "p_adjusted": delta["p_adjusted"] if delta else None,
                **closing_columns(run, ratio),
            }
        )
    return rows


def week_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per week, with the shares of planners and their intervals."""
    found = {(row["metric"], row["horizon"]): row for row in results.rows}
    weeks = warehouse.fetch(
        "select * from runs.planner_weeks where run_key = ? order by week_start", (run.run_key,)
    )
    return [
        week
        | percent_columns(
            "share_of_signups_pct", found.get(("planner_share_of_signups", str(week["week_start"])))
        )
        | percent_columns("share_to_date_pct", found.get(("planner_share_to_date", str(week["week_start"]))))
        for week in weeks
    ]
