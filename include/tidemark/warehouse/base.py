"""The few things that the Python side asks of a warehouse. Models belong to dbt, checks to Great
Expectations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from include.tidemark.errors import TidemarkError

Row = dict[str, Any]


class WarehouseRefusedError(TidemarkError):
    """A query that the warehouse will not compute: something in it does not exist, or may not be read."""


class WarehouseDataError(TidemarkError):
    """Some row holds a value that a query can't work with, which another try would meet again; the message
    does not hold it."""

    def __init__(self, code: str) -> None:
        """Say by the warehouse's own name of the error, such as `ConversionException`, what it was."""
        super().__init__(
            f"A value of some row does not have the type or the range that a query needs (the warehouse's {code}); compare the"
            " source tables and sources.yml with the contract, correct the value at its source, and start the run again."
        )


class Warehouse(Protocol):
    """An open connection. SQL uses `?` for parameters; names in SQL are our own constants, never a user's
    text."""

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
        """Name and type of each column of a table or view; empty when it does not exist.

        A column that SQL finds only in quotes has them in its name: staging does not find it.
        """

    def describe(self, query: str) -> dict[str, str]:
        """Name, as the warehouse has it, and type of each column of a query, which is not computed.

        Raises:
            WarehouseRefusedError: the query names something that is not there, or that this role may not
                read.
        """

    def probe(self, query: str) -> Row:
        """The one row of a query over a deployment's own tables.

        Raises:
            WarehouseRefusedError: it can't be computed for some row; the message holds nothing of it.
        """

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows (all with the same names) to a table."""

    def load_parquet(
        self, table: str, files: Sequence[Path], where: str | None, then: Callable[[int], None]
    ) -> None:
        """In one transaction: delete rows, append those of the files, and do what belongs to it.

        Args:
            where: condition of the rows that are deleted; None is the whole table, which then gets the files'
                columns.
            then: told the number of rows that were appended, still within the transaction.
        """

    def close(self) -> None:
        """Give the connection back."""
