"""The files of this family."""

from pathlib import Path

from include.tidemark.artifacts.model_tables import model_rows, model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import wide_rows
from include.tidemark.artifacts.wide_tables import wide_tables, write_tables
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

TABLES = wide_tables(Path(__file__).with_name("tables.yml"))
PLATFORMS = "data/platform_users"


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tuple(TABLES.tables.values())


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    return write_tables(TABLES, {}, run, warehouse, results, ids, target)


def platform_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per platform, the largest first."""
    return wide_rows(TABLES[PLATFORMS], run, model_rows(model_table(PLATFORMS), run, warehouse), results)
