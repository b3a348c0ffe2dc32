"""The contract of the raw tables, read from dbt's source file, which is the one place that states it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from include.tidemark.paths import DBT_SOURCES_FILE
from include.tidemark.yaml_reading import read_yaml

LOADED_AT = "_loaded_at"
"""When the row came into the raw schema (UTC); the loader adds it, files do not hold it."""
MOMENTS = {
    "users": "created_at", "events": "event_at", "transactions": "transaction_at", "fee_periods": "period_start_date",
    "market_prices": "price_date",
}  # fmt: skip
"""The column of each table that says when a row happened."""


@dataclass(frozen=True)
class Column:
    """One column of a raw table."""

    name: str
    description: str
    data_type: str
    """In words that DuckDB and Snowflake share, such as `decimal(18,4)`."""
    required: bool
    """May not be null."""
    unique: bool
    """Identifies what the row tells of."""
    at_least_once: bool
    """The same row may be delivered more than once; then a value that occurs twice is no defect."""
    without: str
    """What is lost where a source has no such column; empty for a column that every source must have."""
    holds_json: bool = False
    """Whether its texts are JSON, so that lists, structs and variants can be written as such."""


@dataclass(frozen=True)
class SourceTable:
    """One raw table."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def qualified_name(self) -> str:
        """Schema and table, as SQL writes them."""
        return f"raw.{self.name}"

    @property
    def file_columns(self) -> tuple[Column, ...]:
        """The columns that a landing file must have."""
        return tuple(column for column in self.columns if column.name != LOADED_AT)

    def column(self, name: str) -> Column:
        """One column by its name."""
        return next(column for column in self.columns if column.name == name)


@cache
def source_tables() -> dict[str, SourceTable]:
    """Every raw table by its name."""
    text = DBT_SOURCES_FILE.read_text(encoding="utf-8")
    declared = read_yaml(text)
    (raw,) = [source for source in declared["sources"] if source["name"] == "raw"]
    return {table["name"]: _table(table) for table in raw["tables"]}


@cache
def may_be_missing() -> tuple[str, ...]:
    """What a run may allow to be missing though it was there before: tables (their files), and columns that
    may be null."""
    tables = source_tables().values()
    columns = [
        f"{table.name}.{column.name}" for table in tables for column in table.columns if not column.required
    ]
    return (*source_tables(), *columns)


def _table(declared: dict[str, Any]) -> SourceTable:
    return SourceTable(
        name=declared["name"],
        description=declared["description"],
        columns=tuple(_column(column) for column in declared["columns"]),
    )


def _column(declared: dict[str, Any]) -> Column:
    meta = declared.get("config", {}).get("meta", {})
    return Column(
        name=str(declared["name"]).lower(),
        description=str(declared["description"]),
        data_type=str(declared["data_type"]).lower(),
        required=bool(meta.get("required", False)),
        unique=bool(meta.get("unique", False)),
        at_least_once=bool(meta.get("at_least_once", False)),
        without=str(meta.get("without", "")),
        holds_json=bool(meta.get("json", False)),
    )
