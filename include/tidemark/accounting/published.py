"""The account as readers see it: the file, and the section of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from include.tidemark.accounting.account import SHARED_TEXTS, TABLE, accounts_by_table
from include.tidemark.artifacts.columns import RUN_COLUMNS, columns_of_run_table
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

ROW_ACCOUNT = PublishedTable(
    path="data/row_account",
    columns=(
        *RUN_COLUMNS,
        *columns_of_run_table(TABLE, "position"),
        Column("description", "text", "What the rows of the line are, in words."),
    ),
    description="Where every row of the source tables went. One row per source table, family and reason, and per total.",
    model="row_account_published",
)


def read_account(run: Run, warehouse: Warehouse) -> list[Row]:
    """The lines of the run, in their order, each with its description."""
    rows = warehouse.fetch(f"select * from {TABLE} where run_key = ? order by position", (run.run_key,))
    own = {
        (table, family, line.reason): line.text
        for table, accounts in accounts_by_table(run).items()
        for family, account in accounts.items()
        for line in account.lines
    }
    for row in rows:
        key = (row["source_table"], row["family"], row["reason"])
        row["description"] = own.get(key) or SHARED_TEXTS[row["reason"]]
    return rows


def write_account(rows: Sequence[Row], run: Run, target: Path) -> list[WrittenFile]:
    """Write `data/row_account.csv`."""
    return write_rows(ROW_ACCOUNT.in_currency(run.rules.money), rows, target)


@dataclass(frozen=True)
class ShownLine:
    """One reason with its rows in each family; None where the family has no such line."""

    kind: str
    reason: str
    description: str
    cells: tuple[Row | None, ...]


@dataclass(frozen=True)
class ShownTable:
    """One source table as the report shows it."""

    name: str
    families: tuple[str, ...]
    totals: tuple[Row, ...]
    """The lines that belong to no family, in their order."""
    lines: tuple[ShownLine, ...]


def shown_tables(rows: Sequence[Row]) -> list[ShownTable]:
    """The account by source table: a line for each reason, a column for each family."""
    shown = []
    for table in dict.fromkeys(row["source_table"] for row in rows):
        mine = [row for row in rows if row["source_table"] == table]
        families = tuple(dict.fromkeys(row["family"] for row in mine if row["family"]))
        found = {(row["family"], row["reason"]): row for row in mine}
        by_family = sorted((row for row in mine if row["family"]), key=lambda row: str(row["kind"]) == "used")
        reasons = {row["reason"]: row for row in reversed(by_family)}
        lines = [
            ShownLine(
                reasons[reason]["kind"],
                reason.replace("_", " "),
                reasons[reason]["description"],
                tuple(found.get((family, reason)) for family in families),
            )
            for reason in dict.fromkeys(row["reason"] for row in by_family)
        ]
        totals = tuple(row for row in mine if not row["family"])
        shown.append(ShownTable(table, families, totals, tuple(lines)))
    return shown
