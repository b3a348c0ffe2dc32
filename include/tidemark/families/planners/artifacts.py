"""The files of this family: the users, their segments in numbers, the weekly series, the verification, the audiences."""

from pathlib import Path

from include.tidemark.artifacts.model_tables import model_rows, write_model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import write_wide
from include.tidemark.families.planners import tables
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.families.planners.verification import verification_rows
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    written = write_model_table(tables.USERS, run, warehouse, ids, target)
    for table, lines in (
        (tables.SUMMARY, model_rows(tables.SUMMARY, run, warehouse)),
        (tables.RATIOS, [{"metric": metric} for metric in UNITS]),
        (tables.WEEKS, model_rows(tables.WEEKS, run, warehouse)),
    ):
        written += write_wide(table, run, lines, results, target)
    written += write_rows(tables.VERIFICATION, verification_rows(run, warehouse), target)
    for audience in (tables.ALMOST_PLANNERS, tables.AT_RISK_PLANNERS):
        written += write_model_table(audience, run, warehouse, ids, target)
    return written
