"""Whether the source tables exist with the columns and types of their contract."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.kinds import Kind, is_floating, kind_of
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Asset, Check
from include.tidemark.warehouse.base import Warehouse

_ACCEPTED = {
    Kind.TEXT: {Kind.TEXT, Kind.INTEGER},
    Kind.INTEGER: {Kind.INTEGER},
    Kind.NUMBER: {Kind.INTEGER, Kind.NUMBER},
    Kind.TIMESTAMP: {Kind.TIMESTAMP},
    Kind.DATE: {Kind.DATE},
    Kind.BOOLEAN: {Kind.BOOLEAN},
}
"""What staging casts to a contract's type without loss of meaning. A timestamp with a time zone is not among
them: its value would depend on the session that reads it."""


@dataclass(frozen=True)
class FoundTable:
    """A source table as it is in the warehouse."""

    contract: SourceTable
    rows: SourceRows
    types: dict[str, str]
    """Actual type of each column, in lower case; empty when the table does not exist."""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.rows.relation

    @property
    def is_sound(self) -> bool:
        """Whether every column of the contract is there with a type that can be read as the contract's."""
        return all(
            is_accepted(column.data_type, self.types.get(column.name, "")) for column in self.contract.columns
        )

    def is_double(self, column: str) -> bool:
        """Whether a column may hold NaN and infinity."""
        return is_floating(self.types[column])


def is_accepted(contract_type: str, actual_type: str) -> bool:
    """Whether a column of the actual type can stand in for the contract's type."""
    return kind_of(actual_type) in _ACCEPTED[kind_of(contract_type)]


def found_table(contract: SourceTable, rows: SourceRows, warehouse: Warehouse) -> FoundTable:
    """A source table with the types of its columns; those of a mapped one are the contract's, because the
    mapping makes them."""
    if rows.sql is not None:
        return FoundTable(contract, rows, {column.name: column.data_type for column in contract.columns})
    return FoundTable(contract, rows, warehouse.columns("raw", contract.name))


def contract_asset(tables: Sequence[FoundTable]) -> Asset:
    """Existence, columns and types of the source tables, as the warehouse has told them."""
    checks = [check for table in tables for check in _contract_checks(table)]
    return Asset(
        name="sources.contract", table="sources", source="(select 1 as one) as contract", checks=tuple(checks)
    )


def _contract_checks(table: FoundTable) -> list[Check]:
    exists = Check(
        name=f"{table.contract.name}__exists",
        measure=_held(bool(table.types)),
        minimum=1,
        claim=f"The table {table.name} exists.",
        failure=f"The table {table.name} does not exist; load it from a landing file or map your own table to it.",
    )
    if not table.types:
        return [exists]
    return [exists, *(_column_check(table, column) for column in table.contract.columns)]


def _column_check(table: FoundTable, column: Column) -> Check:
    name, actual = f"{table.name}.{column.name}", table.types.get(column.name)
    quoted = next((other for other in table.types if other.lower() == f'"{column.name}"'), None)
    if quoted:
        failure = (
            f"The column {name} is there only as {quoted}, which SQL without quotes does not find; rename it, or map the table by"
            " `from` in sources.yml."
        )
    elif actual:
        failure = f"The column {name} has the type {actual}, but the contract says {column.data_type}; cast or reload it."
    else:
        failure = (
            f"The column {name} ({column.data_type}) is missing; add it to the table or to the landing file."
        )
    return Check(
        name=f"{table.contract.name}__{column.name}",
        measure=_held(is_accepted(column.data_type, actual or "")),
        minimum=1,
        column=column.name,
        claim=f"The column {name} exists and can be read as {column.data_type}.",
        failure=failure,
    )


def _held(holds: bool) -> str:
    return f"max({int(holds)})"
