"""Columns that published tables of several families have in common."""

from collections.abc import Mapping

from include.tidemark.artifacts.tables import Column, Kind
from include.tidemark.warehouse.control import run_tables

KINDS: Mapping[str, Kind] = {
    "varchar": "text", "date": "date", "timestamp": "timestamp", "boolean": "boolean", "integer": "integer",
    "bigint": "integer", "decimal(18,2)": "money", "double": "number",
}  # fmt: skip
"""What a column holds, by its type in the warehouse."""

RUN_COLUMNS = (
    Column("as_of_date", "date", "The date that the numbers stand for; rows before it are in, rows on it are not."),
    Column("run_key", "text", "The run that made the row."),
)  # fmt: skip

REASON = "Why a number or an end of its interval is empty, or why trust is not ok; see the report for the codes in words."


def interval_columns(name: str, kind: Kind, what: str) -> tuple[Column, ...]:
    """A published number and the ends of its confidence interval; `what` says in words what the number is."""
    return (
        Column(name, kind, f"{what}; empty where it can't be estimated."),
        Column(f"{name}_ci_low", kind, f"Lower end of the confidence interval of {name}."),
        Column(f"{name}_ci_high", kind, f"Upper end of the confidence interval of {name}."),
    )


def n_column(what: str) -> Column:
    """The users behind a row; `what` says which of its numbers is meant."""
    return Column("n", "integer", f"Users behind {what}; for a share, its denominator.")


def trust_columns(what: str = "the interval") -> tuple[Column, ...]:
    """How far a row can be relied on, and why it has empty cells; `what` says which of its numbers is
    meant."""
    return (
        Column("trust", "text", f"How far {what} can be relied on: ok, caution or unreliable."),
        Column("reason", "text", REASON),
    )


def columns_of_run_table(table: str, *without: str) -> tuple[Column, ...]:
    """The columns of a table of Python's own after date and key of the run, which its view describes."""
    left_out = {"as_of_date", "run_key", *without}
    return tuple(
        Column(name, KINDS[data_type])
        for name, data_type in run_tables()[table].items()
        if name not in left_out
    )
