"""The embedded warehouse: one DuckDB file."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random_exponential

from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.sql_names import identifier
from include.tidemark.warehouse.base import Row, WarehouseDataError, WarehouseRefusedError

_BATCH_ROWS = 100_000
_IN_TURN = threading.RLock()
"""Transactions of this process come one after the other, and the file serves no second process. Two at once
each read what the other had not committed yet: the ledger got two rows for a run that two threads published.
"""


class DuckDBWarehouse:
    """A connection to a DuckDB file: read-write, which only one process can hold, unless it only looks.

    Args:
        read_only: look at a file that exists; one that another process holds is then an error at once.

    Raises:
        SettingsError: the file is no DuckDB database, or can't be opened or made.
        duckdb.IOException: another process holds the file.
    """

    dialect = "duckdb"

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        if read_only:
            self._connection = duckdb.connect(str(path), read_only=True)
        else:
            self._connection = _opened(path)
        # Stored timestamps are UTC without a zone; a session zone would shift them on comparison with an
        # instant.
        self._connection.execute("set timezone = 'UTC'")
        self._connection.execute(
            "set python_enable_replacements = false"
        )  # no name means a variable of this process

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        with _without_values():
            self._connection.execute(sql, list(parameters))

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        with _without_values():
            return self._fetch(sql, parameters)

    def _fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        cursor = self._connection.execute(sql, list(parameters))
        names = [column[0].lower() for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        with _without_values():
            yield from self._connection.sql(sql, params=list(parameters)).to_arrow_reader(_BATCH_ROWS)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with _IN_TURN:
            self._connection.begin()
            try:
                yield
            except BaseException:
                self._connection.rollback()
                raise
            self._connection.commit()

    def columns(self, schema: str, table: str) -> dict[str, str]:
        # Of this table alone: information_schema binds every view of the warehouse, which takes 10 ms each
        # time.
        name = f"{identifier(schema)}.{identifier(table)}"
        try:
            rows = self._fetch("select name, type from pragma_table_info(?) order by cid", (name,))
        except duckdb.CatalogException:
            return {}
        return {row["name"].lower(): row["type"].lower() for row in rows}

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        names = list(rows[0])
        columns = ", ".join(names)
        # One statement for all: row by row, 7,488 statistics took 11.9 s of CPU time, this way 0.4 s.
        self._connection.register("rows_to_insert", pa.Table.from_pylist([dict(row) for row in rows]))
        try:
            self.execute(f"insert into {table} ({columns}) select {columns} from rows_to_insert")
        finally:
            self._connection.unregister("rows_to_insert")

    def describe(self, query: str) -> dict[str, str]:
        try:
            rows = self._fetch(f"describe {query}")
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise WarehouseRefusedError(str(error).strip().splitlines()[0]) from None
        return {row["column_name"]: row["column_type"] for row in rows}

    def probe(self, query: str) -> Row:
        try:
            return self._fetch(query)[0]
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as error:
            raise WarehouseRefusedError(type(error).__name__) from None

    def load_parquet(
        self, table: str, files: Sequence[Path], where: str | None, then: Callable[[int], None]
    ) -> None:
        with self.transaction():
            if where is None:
                self.execute(
                    f"create or replace table {table} as select * from read_parquet(?, hive_partitioning = false)",
                    [[str(file) for file in files]],
                )
                (row,) = self.fetch(f"select count(*) as n from {table}")
            else:
                self.execute(f"delete from {table} where {where}")
                (row,) = self.fetch(
                    f"insert into {table} by name select * from read_parquet(?, hive_partitioning = false)",
                    [[str(file) for file in files]],
                )
            then(int(next(iter(row.values()))))

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _without_values() -> Iterator[None]:
    try:
        yield
    except (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException) as error:
        raise WarehouseDataError(type(error).__name__) from None


def refuse_held(path: Path) -> None:
    """For commands that rather say at once who holds the file than wait for it.

    Raises:
        TidemarkError: another process has the file open, or it can't be opened at all.
    """
    if not path.exists():
        return
    _refuse_other_content(path)
    try:
        duckdb.connect(str(path)).close()
    except duckdb.Error as error:
        if _is_held(error):
            holder = re.search(r"lock is held in (.*?\(PID \d+\))", str(error))
            raise TidemarkError(
                f"The DuckDB file {path} is open in another process{f', {holder[1]}' if holder else ''}; a file serves one process at a time, so end"
                " that one or wait for it, then run the command again."
            ) from None
        raise _no_database(path) from None


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The DuckDB file {path} can't be made ({error.strerror}: {path.parent}); correct TIDEMARK_DUCKDB_PATH, or the"
            " folder's permissions."
        ) from None
    _refuse_other_content(path)
    try:
        return _connect(str(path))
    except duckdb.Error as error:
        if _is_held(error) or isinstance(error, duckdb.ConnectionException | duckdb.OutOfMemoryException):
            raise  # about other processes, this one or the machine, not about the file
        raise _no_database(path) from None


def _refuse_other_content(path: Path) -> None:
    """DuckDB opens a file of another format, such as CSV, as a database of its rows, in which nothing can be
    made."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        return  # not there yet; or it can't be read, which opening tells
    if start and start[8:] != b"DUCK":
        raise _no_database(path)


def _no_database(path: Path) -> SettingsError:
    return SettingsError(
        f"The file {path} can't be opened as a DuckDB database; correct TIDEMARK_DUCKDB_PATH or the file's permissions."
    )


def _is_held(error: BaseException) -> bool:
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


@retry(
    retry=retry_if_exception(_is_held),
    wait=wait_random_exponential(multiplier=0.1, max=5),
    stop=stop_after_delay(60),
    reraise=True,
)
def _connect(path: str) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting up to a minute for another process to let go of it.

    The pool keeps our own tasks apart; this covers a shell or a dbt retry that holds the file for a moment.
    """
    return duckdb.connect(path)
