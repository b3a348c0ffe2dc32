"""The few things that the Python side asks of a warehouse. Models belong to dbt, checks to Great Expectations."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

Row = dict[str, Any]


class Warehouse(Protocol):
    """An open connection. SQL uses `?` for parameters; names in SQL are our own constants, never a user's text."""

    dialect: str

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement and drop its result."""

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a small result, column names in lower case."""

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        """The rows of a large result, in Arrow batches, so that memory stays bounded."""

    def transaction(self) -> AbstractContextManager[None]:
        """Everything inside happens, or nothing."""

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Name and type of each column of a table or view; empty when it does not exist."""

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows (all with the same names) to a table."""

    def replace_from_parquet(self, table: str, file: Path) -> int:
        """Replace a table by the file's rows in one transaction; returns their number."""

    def close(self) -> None:
        """Give the connection back."""
