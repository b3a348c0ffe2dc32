"""The files of this family."""

from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows, percent_columns
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

PLATFORMS = PublishedTable(
    path="data/platform_users",
    columns=(
        Column("as_of_date", "date"),
        Column("run_key", "text"),
        Column("platform", "text"),
        Column("users", "integer"),
        Column("share_pct", "number", "Share of the users, in per cent."),
        Column("share_pct_ci_low", "number", "Lower end of its interval."),
        Column("share_pct_ci_high", "number", "Upper end of its interval."),
    ),
    description="One row per platform.",
    model="platform_users",
)


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return (PLATFORMS,)


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    return write_rows(PLATFORMS, platform_rows(run, warehouse, results), target)


def platform_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per platform, the largest first."""
    counts = warehouse.fetch(
        "select * from runs.platform_users where run_key = ? order by users desc, platform", (run.run_key,)
    )
    return [
        row | percent_columns("share_pct", results.find("platform_share", row["platform"])) for row in counts
    ]
