"""Published tables: what a table and its columns are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import pyarrow as pa

from include.tidemark.currency import Currency

Kind = Literal["id", "text", "integer", "money", "number", "date", "timestamp", "boolean"]

ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "integer": pa.int64(),
    "money": pa.decimal128(18, 2),
    "number": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("s"),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class Column:
    """One published column."""

    name: str
    kind: Kind
    description: str = ""
    """In words; empty where the dbt model of the table describes the column of that name."""
    inside: str = ""
    """The name of its values inside the project, where it is published under another one."""
    source: Callable[..., Any] | None = field(default=None, compare=False)
    """What its values are made of in a wide table, where they are those of a statistic
    (`include/tidemark/artifacts/wide_tables.py`)."""

    @property
    def key(self) -> str:
        """The name of its values inside the project: in the rows that are written, and in the dbt model."""
        return self.inside or self.name

    def in_currency(self, currency: Currency) -> "Column":
        """The column under its published name where amounts are of that currency."""
        name = currency.name(self.name)
        return self if name == self.name else replace(self, name=name, inside=self.key)


@dataclass(frozen=True)
class PublishedTable:
    """One published table: a CSV file, and for the large ones a Parquet file of the same rows."""

    path: str
    """Path below the run's folder, without a suffix, such as `data/segment_summary`."""
    columns: tuple[Column, ...]
    description: str
    model: str | None = None
    """The dbt model that describes the columns which do not describe themselves."""
    parquet: bool = False
    schema_version: int = 1
    """Raised when a column is renamed, removed, or changes its meaning."""

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def in_currency(self, currency: Currency) -> Self:
        """The table with the published names of its columns where amounts are of that currency."""
        return replace(self, columns=tuple(column.in_currency(currency) for column in self.columns))

    def plus(self, *columns: Column) -> Self:
        """The table with more columns at its end."""
        return replace(self, columns=(*self.columns, *columns))

    @property
    def arrow_schema(self) -> pa.Schema:
        """The types that are written, whatever the warehouse calls its own."""
        return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in self.columns])


@dataclass(frozen=True)
class WrittenFile:
    """One file of the run's folder."""

    path: str
    rows: int | None
    """Data rows of a table; None for what is no table."""
    schema_version: int = 1
    has_ids: bool = False
    """Whether its rows name users, if only by hashed ids."""
