"""The files of this family."""

from pathlib import Path

from include.tidemark.artifacts.model_tables import model_rows, model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import Place, Statistic, wide_rows, write_wide
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

_SHARE = Statistic("weekend_share", lambda line: Place(line["platform"]), factor=100)
PLATFORMS = model_table("data/platform_users").plus(
    *_SHARE.interval(
        "weekend_share_pct", "number", "Share of the users who signed up at a weekend, in per cent"
    )
)


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return (PLATFORMS,)


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    return write_wide(PLATFORMS, run, model_rows(PLATFORMS, run, warehouse), results, target)


def platform_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per platform, the largest first."""
    return wide_rows(PLATFORMS, run, model_rows(PLATFORMS, run, warehouse), results)
