"""The persons who are to be forgotten: a file with one user id a line, and a table of them while they are
being erased."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from include.tidemark.artifacts.store import Folder
from include.tidemark.errors import TidemarkError
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings, usable_address
from include.tidemark.warehouse.base import Warehouse

_PREFIX = "forget_"


def read_user_ids(place: str) -> frozenset[str]:
    """The ids in a file: blank lines, blanks and quotes around an id, and repeated ids do not count.

    Args:
        place: a path, or a URL that Airflow's ObjectStoragePath takes (`s3://connection@bucket/key` names a
            connection).

    Raises:
        TidemarkError: the file is not there, is no UTF-8 text, or holds no id.
    """
    try:
        usable_address(place)
    except ValueError as error:
        raise TidemarkError(f"The address of the file of user ids can't be used: {error}.") from None
    try:
        text = _read(place).decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError):
        raise TidemarkError(
            f"The file {place} can't be read; name a text file with one user id a line that is there."
        ) from None
    except UnicodeDecodeError:
        raise TidemarkError(
            f"The file {place} is no UTF-8 text; save it as plain text, one user id a line."
        ) from None
    ids = frozenset(bare for line in text.splitlines() if (bare := _unquoted(line.strip())))
    if not ids:
        raise TidemarkError(f"The file {place} holds no user id; write one a line.")
    return ids


@contextmanager
def table_of_ids(settings: Settings, warehouse: Warehouse, ids: Iterable[str]) -> Iterator[str]:
    """A table with the one column `user_id` that lives as long as the block, so that no id is in a statement
    or a log.

    What a killed process left of such a table goes first. On DuckDB it is temporary, and never in the
    database's file; on Snowflake it is transient, keeps no history, and is filled from a file, because a
    parameter would be written into the query.
    """
    _drop_leftovers(warehouse)
    name = f"{_PREFIX}{secrets.token_hex(4)}"
    table = f"temp.main.{name}" if warehouse.dialect == "duckdb" else f"control.{name}"
    kind, keeping = (
        ("temp", "") if warehouse.dialect == "duckdb" else ("transient", " data_retention_time_in_days = 0")
    )
    try:
        warehouse.execute(f"create {kind} table {table} (user_id varchar){keeping}")
        with scratch_folder(settings, "erasure") as scratch:
            file = scratch / "ids.parquet"
            pq.write_table(pa.table({"user_id": pa.array(sorted(ids), pa.string())}), file)
            warehouse.load_parquet(table, [file], "true", lambda _: None)
        yield table
    finally:
        warehouse.execute(f"drop table if exists {table}")


def _unquoted(line: str) -> str:
    """An id without the quotes that an export writes around each text."""
    quoted = len(line) > 1 and line[0] == line[-1] == '"'
    return line[1:-1].replace('""', '"').strip() if quoted else line


def _read(place: str) -> bytes:
    if "://" not in place:
        return Path(place).read_bytes()
    folder, _, name = place.rpartition("/")
    return Folder(folder).read_bytes(name)


def _drop_leftovers(warehouse: Warehouse) -> None:
    left = warehouse.fetch(
        "select lower(table_name) as table_name from information_schema.tables where lower(table_schema) = 'control'"
    )
    for row in left:
        if row["table_name"].startswith(_PREFIX):
            warehouse.execute(f"drop table if exists control.{row['table_name']}")
