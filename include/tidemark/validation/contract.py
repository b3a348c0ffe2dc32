"""Whether the source tables exist with the columns and types of their contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Asset, Check
from include.tidemark.warehouse.base import Warehouse

_TEXT = frozenset({"varchar", "text", "string", "char", "character varying", "uuid"})
_INTEGERS = frozenset(
    {"bigint", "integer", "int", "smallint", "tinyint", "hugeint", "uinteger", "ubigint", "number"}
)
_DOUBLES = frozenset({"double", "float", "real", "double precision"})
_DECIMALS = frozenset({"decimal", "numeric", "number"})
_TIMESTAMPS = frozenset({"timestamp", "timestamp_ns", "timestamp_ms", "timestamp_s", "timestamp_ntz", "datetime",
                         "timestamp without time zone"})  # fmt: skip
_ACCEPTED = {
    "varchar": _TEXT | _INTEGERS,
    "bigint": _INTEGERS,
    "double": _INTEGERS | _DOUBLES | _DECIMALS,
    "decimal": _INTEGERS | _DOUBLES | _DECIMALS,
    "timestamp": _TIMESTAMPS,
    "date": frozenset({"date"}),
    "boolean": frozenset({"boolean"}),
}
"""Base types of DuckDB and Snowflake that staging casts to a contract's type without loss of meaning. A timestamp with a
time zone is not among them: its value would depend on the session that reads it."""


@dataclass(frozen=True)
class FoundTable:
    """A source table as it stands in the warehouse."""

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
        return base_type(self.types[column]) in _DOUBLES


def base_type(data_type: str) -> str:
    """A type without its precision: `decimal(18,4)` is `decimal`."""
    return re.sub(r"\(.*?\)", "", data_type).strip().lower()


def is_accepted(contract_type: str, actual_type: str) -> bool:
    """Whether a column of the actual type can stand in for the contract's type."""
    return base_type(actual_type) in _ACCEPTED[base_type(contract_type)]


def found_table(contract: SourceTable, rows: SourceRows, warehouse: Warehouse) -> FoundTable:
    """A source table with the types of its columns; those of a mapped one are the contract's, because the mapping makes them."""
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
    if actual:
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
