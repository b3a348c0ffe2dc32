"""Landing files become raw tables: all checked against the contract first, then each table swapped in by one
transaction.

DuckDB reads the files, whatever the warehouse: it streams CSV, JSON and Parquet, and can say which value has
the wrong type.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.tidemark.errors import SourceError
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.sources.absence import (
    last_load,
    lost_files,
    not_found,
    present_files,
    rows_by_file,
    used_again,
)
from include.tidemark.sources.contract import SourceTable, source_tables
from include.tidemark.sources.files import LandingFile
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.loaded import LoadedTable, nowhere, with_lack
from include.tidemark.sources.loads import (
    FILE,
    content_of,
    fingerprint_of,
    refuse_rows_of_another_mapping,
    remarks_on_rounding,
    rows_delivered,
    standing_files,
)
from include.tidemark.sources.relations import locate
from include.tidemark.sources.rows import SourceRows, raw_rows
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.sources.typed import TypedFile, write_typed
from include.tidemark.warehouse.base import Warehouse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployment:
    """What loading needs to know besides the warehouse."""

    settings: Settings
    needed: Mapping[str, str]
    """The tables that the enabled families need, each with the name of a family that needs it."""
    started_at: datetime
    """The run's start; becomes `_loaded_at` of the rows that are loaded now."""
    sources: Mapping[str, TableSource] = field(default_factory=dict)
    """The tables that `sources.yml` maps; every other table is read as the contract says."""
    currency: str = "USD"
    places: Mapping[str, str] = field(default_factory=dict)
    """File and line of each key of `sources.yml`, for messages."""
    allow_missing: Collection[str] = ()
    """Tables whose landing files came before and may be gone."""
    published: datetime | None = None
    """When the run of the last publication started: what its files were is what those of today are compared
    with."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """The tables that enabled families read and can do without, each with the name of such a family; one that
    no other family needs may be nowhere or empty, and its rows then say so."""
    run_key: str = ""
    """The run's, for the name of the folder of files on the way."""

    def may_be_nowhere(self, table: str) -> bool:
        """Whether no family needs a table that some family reads."""
        return table in self.optional and table not in self.needed


def load_sources(deployment: Deployment, warehouse: Warehouse) -> list[LoadedTable]:
    """Load every landing file that is new, and find the tables that are in the warehouse.

    No table is replaced before all files have been checked. A file that can't be used and that no enabled
    family needs is named in the log and left alone.

    Raises:
        SourceError: a needed table is nowhere, does not keep its contract, or its landing files do not come
            any more. Every raw table is as it was.
    """
    wanted = {**deployment.optional, **deployment.needed}
    with scratch_folder(deployment.settings, "landing", deployment.run_key) as folder:
        found = [
            _find(deployment, warehouse, table, wanted.get(name), folder)
            for name, table in source_tables().items()
        ]
        loaded = [
            _load(warehouse, table) if isinstance(table, _Checked) else table
            for table in found
            if table is not None
        ]
    return [with_lack(table) if deployment.may_be_nowhere(table.table) else table for table in loaded]


@dataclass(frozen=True)
class _Checked:
    """Landing files that keep the contract, and their rows with the contract's types."""

    table: SourceTable
    files: Sequence[tuple[LandingFile, TypedFile]]
    fingerprints: Mapping[str, str]
    """By the file's URI."""
    origin: str
    loaded_at: datetime
    rows: SourceRows
    standing: Sequence[str]
    """The files whose rows are in the table once these are loaded."""
    appended: bool
    """Whether the files add to what is in the table; otherwise they are all of it."""
    reloaded: bool
    """Whether a file changed that had been loaded before."""


def _find(
    deployment: Deployment, warehouse: Warehouse, table: SourceTable, family: str | None, folder: Path
) -> _Checked | LoadedTable | None:
    """Where the rows of a table are; None where it is nowhere and no enabled family reads it.

    Args:
        family: an enabled family that reads the table, or None.
        folder: where the typed rows are written.
    """
    settings, source = deployment.settings, deployment.sources.get(table.name)
    remarks: tuple[str, ...] = ()
    try:
        if source is not None and source.from_ is not None:
            rows = locate(
                warehouse, table, source, deployment.started_at, deployment.currency, deployment.places
            )
            count = count_rows(warehouse, rows.rows)
            return LoadedTable(table.name, rows.relation, count, changed=True, rows=rows)
        allow, places = table.name in deployment.allow_missing, deployment.places
        if files := present_files(settings, warehouse, table, source, places, allow_missing=allow):
            return _check_files(deployment, warehouse, table, files, folder)
        if load := last_load(warehouse, table):
            remarks = (used_again(settings, table, load),)
    except SourceError as error:
        if family is not None:
            raise
        log.warning("%s No enabled family needs %s, so the run goes on.", error, table.name)
    if warehouse.columns("raw", table.name):
        return _standing(warehouse, table, "warehouse", raw_rows_of(deployment, table, *remarks))
    if family is None:
        return None
    if deployment.may_be_nowhere(table.name):
        return nowhere(table)
    raise not_found(settings, table, family)


def _check_files(
    deployment: Deployment,
    warehouse: Warehouse,
    table: SourceTable,
    files: Sequence[LandingFile],
    folder: Path,
) -> _Checked | LoadedTable:
    """Hold the landing files against the contract, but for those that have been loaded already."""
    source = deployment.sources.get(table.name)
    append = source is not None and source.mode == "append"
    fingerprints = {file.uri: fingerprint_of(file, source, deployment.currency) for file in files}
    origin = files[0].uri if len(files) == 1 else str(source.files if source else "")
    loads = warehouse.fetch(
        "select uri, fingerprint, row_count, loaded_at from control.loads where table_name = ? order by loaded_at",
        (table.name,),
    )
    standing = standing_files(warehouse, table, loads, append=append)
    new = [file for file in files if standing.get(file.uri) != fingerprints[file.uri]]
    gone = standing.keys() - fingerprints.keys()
    if append:
        with_rows = {row["uri"] for row in loads if row["row_count"]}
        refuse_rows_of_another_mapping(
            table, {uri: standing[uri] for uri in gone & with_rows}, next(iter(fingerprints.values()))
        )
        gone = set()
    remark = None
    if not append and standing:
        before, allowed = rows_by_file(loads, deployment.published), table.name in deployment.allow_missing
        remark = lost_files(table, before, list(fingerprints), allowed=allowed)
    rows = raw_rows_of(deployment, table, *([remark] if remark else []))
    held = dict.fromkeys([*(standing if append else ()), *fingerprints])
    if not new and not gone:
        return _standing(warehouse, table, origin, counted(warehouse, table, rows, held))

    loaded_at = deployment.started_at.astimezone(UTC).replace(tzinfo=None)
    if loads:
        # Strictly later than every load before, so that incremental models notice a reload within one run.
        loaded_at = max(loaded_at, loads[-1]["loaded_at"] + timedelta(microseconds=1))
    appended = append and bool(standing)
    read = new if appended else files
    kept = next((file for file in reversed(files) if file not in read), None)
    typed = write_typed(table, source, read, folder, loaded_at, deployment.currency, deployment.places, kept)
    changed = [file.uri for file in new if file.uri in standing]
    for uri in changed if appended else ():
        other = content_of(standing[uri]) != content_of(fingerprints[uri])
        log.warning(
            "The landing file %s %s after it was loaded; its rows are replaced, and the daily facts rebuilt.",
            uri,
            "changed" if other else "is mapped otherwise",
        )
    return _Checked(
        table,
        list(zip(read, typed, strict=True)),
        fingerprints,
        origin,
        loaded_at,
        rows,
        list(held),
        appended=appended,
        reloaded=appended and bool(changed),
    )


def _load(warehouse: Warehouse, checked: _Checked) -> LoadedTable:
    """Put the files' rows into the raw table, and a line for each file into `control.loads`."""
    table = checked.table
    named = any(typed.names_its_file for _, typed in checked.files)
    _prepare(warehouse, table, with_file=named)
    uris = ", ".join(text_literal(file.uri) for file, _ in checked.files)

    def record(_: int) -> None:
        if checked.reloaded:
            # A day that only the old rows had would keep its fact: everything has to look new.
            warehouse.execute(f"update {table.qualified_name} set _loaded_at = ?", (checked.loaded_at,))
        warehouse.insert(
            "control.loads",
            [
                {
                    "table_name": table.name,
                    "uri": file.uri,
                    "fingerprint": checked.fingerprints[file.uri],
                    "row_count": typed.row_count,
                    "delivered_count": typed.delivered,
                    "rounded_count": typed.rounded,
                    "loaded_at": checked.loaded_at,
                }
                for file, typed in checked.files
            ],
        )

    warehouse.load_parquet(
        table.qualified_name,
        [typed.path for _, typed in checked.files],
        f"{FILE} in ({uris})" if checked.appended else None,
        record,
    )
    count = count_rows(warehouse, table.qualified_name)
    log.info(
        "Loaded %s of %s rows in %s from %s",
        sum(t.row_count for _, t in checked.files),
        count,
        table.qualified_name,
        checked.origin,
    )
    rows = counted(warehouse, table, checked.rows, checked.standing)
    return LoadedTable(table.name, checked.origin, count, changed=True, rows=rows)


def _standing(warehouse: Warehouse, table: SourceTable, origin: str, rows: SourceRows) -> LoadedTable:
    """A raw table as it stands."""
    return LoadedTable(
        table.name, origin, count_rows(warehouse, table.qualified_name), changed=False, rows=rows
    )


def counted(warehouse: Warehouse, table: SourceTable, rows: SourceRows, files: Iterable[str]) -> SourceRows:
    """The rows, with how many of them the files held, and how many values are not as they were there."""
    files = list(files)
    delivered, filtered = rows_delivered(warehouse, table, files)
    remarks = (*rows.remarks, *remarks_on_rounding(warehouse, table, files))
    return rows.model_copy(
        update={"landed": True, "delivered": delivered, "filtered": filtered, "remarks": remarks}
    )


def raw_rows_of(deployment: Deployment, table: SourceTable, *remarks: str) -> SourceRows:
    """The rows of a raw table, and what the gate is to say of their files."""
    source = deployment.sources.get(table.name)
    for remark in remarks:
        log.warning("%s", remark)
    absent = tuple(c.name for c in table.file_columns if source and source.mapping_of(c.name) is None)
    return raw_rows(table.name).model_copy(update={"absent": absent, "remarks": remarks})


def _prepare(warehouse: Warehouse, table: SourceTable, *, with_file: bool) -> None:
    """The raw table with the columns that the files have; DuckDB makes it anew where it is replaced as a
    whole."""
    columns = ", ".join(f"{column.name} {column.data_type}" for column in table.columns)
    warehouse.execute(f"create table if not exists {table.qualified_name} ({columns})")
    if with_file and FILE not in warehouse.columns("raw", table.name):
        warehouse.execute(f"alter table {table.qualified_name} add column {FILE} varchar")


def count_rows(warehouse: Warehouse, rows: str) -> int:
    """How many there are of what stands after `from`."""
    return int(warehouse.fetch(f"select count(*) as n from {rows} as counted")[0]["n"])
