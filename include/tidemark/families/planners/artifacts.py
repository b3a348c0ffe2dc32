"""The files of this family: the users, their segments in numbers, the weekly series, the verification, the
audiences."""

from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide_tables import wide_tables, write_tables
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.families.planners.verification import verification_rows
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse

TABLES = wide_tables(Path(__file__).with_name("tables.yml"))


def published_tables(run: Run) -> tuple[PublishedTable, ...]:  # noqa: ARG001 - as every family's
    """Every table of the family, for the data dictionary."""
    return tuple(TABLES.tables.values())


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    lines = {
        "data/planner_ratios": [{"metric": metric} for metric in UNITS],
        "data/planner_verification": verification_rows(run, warehouse),
    }
    return write_tables(TABLES, lines, run, warehouse, results, ids, target)
