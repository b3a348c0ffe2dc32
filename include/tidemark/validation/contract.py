"""Whether the raw tables exist with the columns and types of their contract."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.validation.checks import Asset, Check, count_where, text_list, text_literal

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
class RawTable:
    """A raw table as it stands in the warehouse."""

    contract: SourceTable
    types: dict[str, str]
    """Actual type of each column, in lower case; empty when the table does not exist."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The table, for `Asset.needs`."""
        return (self.contract.qualified_name,)

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


def contract_asset(tables: Sequence[RawTable]) -> Asset:
    """Existence, columns and types of the raw tables, asked of the warehouse's information schema."""
    checks = [check for table in tables for check in _contract_checks(table)]
    return Asset(
        name="sources.contract",
        table="raw",
        source="information_schema.columns where lower(table_schema) = 'raw' and table_catalog = current_database()",
        checks=tuple(checks),
    )


def _contract_checks(table: RawTable) -> list[Check]:
    name = table.contract.qualified_name
    in_table = f"lower(table_name) = {text_literal(table.contract.name)}"
    exists = Check(
        name=f"{table.contract.name}__exists",
        measure=count_where(in_table),
        minimum=1,
        claim=f"The table {name} exists.",
        failure=f"The table {name} does not exist; load it from a landing file or map your own table to it.",
    )
    if not table.types:
        return [exists]
    return [exists, *(_column_check(table, column, in_table) for column in table.contract.columns)]


def _column_check(table: RawTable, column: Column, in_table: str) -> Check:
    name = f"{table.contract.qualified_name}.{column.name}"
    base = "lower(trim(split_part(data_type, '(', 1)))"
    accepted = text_list(sorted(_ACCEPTED[base_type(column.data_type)]))
    if actual := table.types.get(column.name):
        failure = f"The column {name} has the type {actual}, but the contract says {column.data_type}; cast or reload it."
    else:
        failure = (
            f"The column {name} ({column.data_type}) is missing; add it to the table or to the landing file."
        )
    return Check(
        name=f"{table.contract.name}__{column.name}",
        measure=count_where(
            f"{in_table} and lower(column_name) = {text_literal(column.name)} and {base} in {accepted}"
        ),
        minimum=1,
        column=column.name,
        claim=f"The column {name} exists and can be read as {column.data_type}.",
        failure=failure,
    )
