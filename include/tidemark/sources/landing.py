"""Landing files become raw tables: all checked against the contract first, then each swapped in by one transaction.

DuckDB reads the files, whatever the warehouse: it streams CSV and Parquet, and can say which value has the wrong type.
"""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from airflow.sdk import ObjectStoragePath

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import LOADED_AT, Column, SourceTable, source_tables
from include.tidemark.warehouse.base import Warehouse

log = logging.getLogger(__name__)

_SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class LoadedTable:
    """What became of one raw table."""

    table: str
    origin: str
    """URI of the file, or `warehouse` where the table already stood there."""
    row_count: int
    changed: bool
    """False when the same file had been loaded before, or there was none."""


def load_sources(
    settings: Settings, warehouse: Warehouse, needed: dict[str, str], started_at: datetime
) -> list[LoadedTable]:
    """Load every landing file that is new; where no file stands, use the table that is in the warehouse.

    No table is replaced before all files have been checked. A file that can't be used and that no enabled family needs is
    named in the log and left alone.

    Args:
        needed: the raw tables that the enabled families need, each with the name of a family that needs it.
        started_at: the run's start; becomes `_loaded_at` of the rows that are loaded now.

    Raises:
        SourceError: a needed table is in neither place, or its file does not keep the contract. Every raw table is as it was.
    """
    with tempfile.TemporaryDirectory(dir=settings.scratch_dir) as folder:
        found = [
            _find(settings, warehouse, table, needed.get(name), Path(folder), started_at)
            for name, table in source_tables().items()
        ]
        return [
            _replace(warehouse, table) if isinstance(table, _CheckedFile) else table
            for table in found
            if table is not None
        ]


@dataclass(frozen=True)
class _CheckedFile:
    """A landing file that keeps the contract, and its rows with the types of the contract."""

    table: SourceTable
    uri: str
    fingerprint: str
    loaded_at: datetime
    typed: Path


def _find(  # noqa: PLR0917 - one call
    settings: Settings,
    warehouse: Warehouse,
    table: SourceTable,
    family: str | None,
    folder: Path,
    started_at: datetime,
) -> _CheckedFile | LoadedTable | None:
    """Where the rows of a raw table are; None where it is nowhere and no enabled family needs it.

    Args:
        family: an enabled family that needs the table, or None.
        folder: where the typed rows are written.
    """
    try:
        file = _landing_file(settings, table.name)
        if file is not None:
            return _check_file(warehouse, table, file, folder, started_at)
    except SourceError as error:
        if family is not None:
            raise
        log.warning("%s No enabled family needs %s, so the run goes on.", error, table.qualified_name)
    if warehouse.columns("raw", table.name):
        count = warehouse.fetch(f"select count(*) as n from {table.qualified_name}")[0]["n"]
        return LoadedTable(table.name, "warehouse", int(count), changed=False)
    if family is None:
        return None
    place = (
        f"no file {table.name}.parquet or {table.name}.csv at {settings.landing_url}"
        if settings.landing_url
        else "no landing folder is set (TIDEMARK_LANDING_URL)"
    )
    raise SourceError(
        f"The family {family} needs the table {table.qualified_name}, which is not in the warehouse, and {place};"
        " provide one of the two, or leave the family out of TIDEMARK_FAMILIES."
    )


def _landing_file(settings: Settings, name: str) -> ObjectStoragePath | None:
    # Here and below through the connection's own file system: the path's methods lose the connection on Airflow 3.2.
    if settings.landing_url is None:
        return None
    folder = ObjectStoragePath(settings.landing_url, conn_id=settings.landing_conn_id)
    present = [file for suffix in _SUFFIXES if (file := folder / f"{name}{suffix}").fs.exists(file.path)]
    if len(present) > 1:
        raise SourceError(
            f"Both {present[0].name} and {present[1].name} stand at {settings.landing_url}; remove one of them."
        )
    return present[0] if present else None


def _check_file(
    warehouse: Warehouse, table: SourceTable, file: ObjectStoragePath, folder: Path, started_at: datetime
) -> _CheckedFile | LoadedTable:
    """Hold a landing file against the contract, unless the same one has been loaded already."""
    uri = str(file)
    fingerprint = str(file.fs.checksum(file.path))
    last = warehouse.fetch(
        "select uri, fingerprint, row_count, loaded_at from control.loads where table_name = ?"
        " order by loaded_at desc limit 1",
        (table.name,),
    )
    same = bool(last) and (last[0]["uri"], last[0]["fingerprint"]) == (uri, fingerprint)
    if same and warehouse.columns("raw", table.name):
        return LoadedTable(table.name, uri, int(last[0]["row_count"]), changed=False)

    loaded_at = started_at.astimezone(UTC).replace(tzinfo=None)
    if (
        last
    ):  # strictly later than every load before, so that incremental models notice a reload within one run
        loaded_at = max(loaded_at, last[0]["loaded_at"] + timedelta(microseconds=1))
    typed = folder / f"{table.name}.parquet"
    with _local_copy(file, folder) as local:
        _write_typed(table, local, uri, typed, loaded_at)
    return _CheckedFile(table, uri, fingerprint, loaded_at, typed)


def _replace(warehouse: Warehouse, file: _CheckedFile) -> LoadedTable:
    """Swap the file's rows in for those of its raw table."""
    table = file.table
    columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
    warehouse.execute(f"create table if not exists {table.qualified_name} ({columns})")
    count = warehouse.replace_from_parquet(table.qualified_name, file.typed)
    warehouse.insert(
        "control.loads",
        [
            {
                "table_name": table.name,
                "uri": file.uri,
                "fingerprint": file.fingerprint,
                "row_count": count,
                "loaded_at": file.loaded_at,
            }
        ],
    )
    log.info("Loaded %s rows into %s from %s", count, table.qualified_name, file.uri)
    return LoadedTable(table.name, file.uri, count, changed=True)


@contextmanager
def _local_copy(file: ObjectStoragePath, folder: Path) -> Iterator[Path]:
    if file.protocol == "file":
        yield Path(file.path)
        return
    local = folder / f"landing{file.suffix}"
    file.fs.get_file(file.path, str(local))
    yield local
    local.unlink()


def _write_typed(table: SourceTable, local: Path, uri: str, target: Path, loaded_at: datetime) -> None:
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute("set preserve_insertion_order = false")
        try:
            _stage(engine, local, uri)
            _check_columns(engine, table, uri)
            _check_types(engine, table, uri)
            casts = ", ".join(f'cast("{c.name}" as {c.data_type}) as {c.name}' for c in table.file_columns)
            engine.execute(
                f"copy (select {casts}, cast('{loaded_at.isoformat()}' as timestamp) as {LOADED_AT} from landing)"
                f" to '{_quoted(target)}' (format parquet)"
            )
        except duckdb.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise SourceError(
                f"The landing file {uri} can't be read ({reason}); it may be cut off or damaged: upload it again, whole."
            ) from None


def _stage(engine: duckdb.DuckDBPyConnection, local: Path, uri: str) -> None:
    """Make the view `landing` over the file; CSV columns stay text, so that each value's type is checked by us."""
    if local.suffix == ".parquet":
        engine.execute(f"create view landing as select * from read_parquet('{_quoted(local)}')")
        return
    _refuse_cut_off(local, uri)
    engine.execute(
        f"create view landing as select * from read_csv('{_quoted(local)}', header = true, all_varchar = true,"
        " delim = ',', quote = '\"', escape = '\"', strict_mode = true, null_padding = false, auto_detect = true)"
    )


def _refuse_cut_off(local: Path, uri: str) -> None:
    with local.open("rb") as file:
        if file.seek(0, 2) == 0:
            raise SourceError(
                f"The landing file {uri} is empty, without even a header; upload it again, whole."
            )
        file.seek(-1, 2)
        if file.read(1) not in b"\r\n":
            raise SourceError(
                f"The landing file {uri} does not end with a line break, so its last line may be cut off; upload it again, whole."
            )


def _check_columns(engine: duckdb.DuckDBPyConnection, table: SourceTable, uri: str) -> None:
    found = {row[0].lower() for row in engine.execute("describe landing").fetchall()}
    missing = [column.name for column in table.file_columns if column.name not in found]
    if missing:
        raise SourceError(
            f"The landing file {uri} has no column {', '.join(missing)}; table {table.name} needs"
            f" {', '.join(column.name for column in table.file_columns)}."
        )
    if extra := sorted(found - {column.name for column in table.columns}):
        log.warning(
            "The landing file %s has columns that the contract does not know, left out: %s",
            uri,
            ", ".join(extra),
        )


def _check_types(engine: duckdb.DuckDBPyConnection, table: SourceTable, uri: str) -> None:
    bad = ", ".join(f"count(*) filter ({_misfit(column)})" for column in table.file_columns)
    total, *counts = engine.execute(f"select count(*), {bad} from landing").fetchone() or (0,)
    if total == 0:
        raise SourceError(
            f"The landing file {uri} holds no row; table {table.name} stays as it was. Upload the whole file."
        )
    for column, count in zip(table.file_columns, counts, strict=True):
        if count:
            engine.execute("set preserve_insertion_order = true")  # row numbers are those of the file
            first = engine.execute(
                "select min(position) from (select row_number() over () as position, * from landing)"
                f" where {_misfit(column)}"
            ).fetchone()
            row = first[0] if first else "?"
            raise SourceError(
                f"The landing file {uri} has {count} values in column {column.name} that are no finite {column.data_type}"
                f" (the first in data row {row}); correct them and upload the file again."
            )


def _misfit(column: Column) -> str:
    """SQL that is true where a value is present but has not the contract's type, or is NaN or infinite."""
    typed = f'try_cast("{column.name}" as {column.data_type})'
    wrong = f'"{column.name}" is not null and {typed} is null'
    if column.data_type in ("timestamp", "date", "double"):
        return f"({wrong}) or not isfinite({typed})"
    return wrong


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
