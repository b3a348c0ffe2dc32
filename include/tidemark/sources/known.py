"""The rows that had been loaded by an instant, as far as the warehouse still has them; nothing is loaded."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from include.tidemark.errors import SourceError
from include.tidemark.sources.absence import last_load
from include.tidemark.sources.contract import LOADED_AT, SourceTable, source_tables
from include.tidemark.sources.landing import Deployment, count_rows, counted, raw_rows_of
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.loaded import LoadedTable, nowhere, with_lack
from include.tidemark.sources.loads import FILE
from include.tidemark.sources.relations import as_they_are_now, known_by, locate
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import said, timestamp_literal
from include.tidemark.warehouse.base import Warehouse

log = logging.getLogger(__name__)


def known_sources(deployment: Deployment, known_at: datetime, warehouse: Warehouse) -> list[LoadedTable]:
    """Find the rows of every table that had been loaded by an instant.

    Raises:
        SourceError: of a needed table nothing had been loaded, its rows of then are gone, or nothing says
            when they were loaded.
    """
    wanted = {**deployment.optional, **deployment.needed}
    found = [
        _find(deployment, known_at, warehouse, table, needed=name in wanted)
        for name, table in source_tables().items()
    ]
    tables = [table for table in found if table is not None]
    return [with_lack(table) if deployment.may_be_nowhere(table.table) else table for table in tables]


def _find(
    deployment: Deployment, known_at: datetime, warehouse: Warehouse, table: SourceTable, *, needed: bool
) -> LoadedTable | None:
    source = deployment.sources.get(table.name)
    rows: SourceRows | None = None
    try:
        if source is not None and source.from_ is not None:
            rows = locate(
                warehouse,
                table,
                source,
                deployment.started_at,
                deployment.currency,
                deployment.places,
                known_at,
            )
        elif columns := warehouse.columns("raw", table.name):
            if LOADED_AT not in columns:
                raise SourceError(
                    f"{table.qualified_name} has no column {LOADED_AT}, so nobody can tell which rows it had at an earlier moment; add it,"
                    " or run without known_at."
                )
            rows = _raw_rows(deployment, known_at, warehouse, table)
    except SourceError as error:
        if needed:
            raise
        log.info("%s No enabled family needs %s, so the run goes on.", error, table.name)
        return None
    if rows is not None and (count := count_rows(warehouse, rows.rows)):
        return LoadedTable(table.name, rows.relation, count, changed=False, rows=rows)
    if not needed:
        return None
    if deployment.may_be_nowhere(table.name):
        return nowhere(table)
    raise SourceError(
        f"No row of {table.qualified_name if rows is None else rows.relation} had been loaded by {said(known_at)}; choose a later known_at."
    )


def _raw_rows(
    deployment: Deployment, known_at: datetime, warehouse: Warehouse, table: SourceTable
) -> SourceRows | None:
    """The rows of a raw table; None where nothing had been loaded into it."""
    loads = [] if last_load(warehouse, table) is None else _loads(warehouse, table)
    if not loads:  # others fill it
        rows = raw_rows_of(deployment, table, as_they_are_now(table.qualified_name, known_at))
        return rows.model_copy(update={"sql": known_by(known_at, _columns(table))})
    then = known_at.replace(tzinfo=None)
    if not any(load.first <= then for load in loads):
        return None
    files = _files_with_rows(warehouse, table)
    known = [load for load in loads if load.first <= then and load.is_among(files)]
    again = [load.uri for load in known if load.last > then]
    newest = max(load.last for load in loads)
    held, query = [load.uri for load in known], f"{_columns(table)}{_of_files(table, then)}"
    if not known:  # the rows do not say which file they came with, or all are of later files
        held, query = [load.uri for load in loads if load.last == newest], _columns(table)
    remarks = list(_erased(warehouse, known_at, table))
    if again or (not known and newest > then):
        remarks.append(_replaced(deployment, known_at, table, again, of=len(known)))
    rows = raw_rows_of(deployment, table, *remarks)
    return counted(warehouse, table, rows, held).model_copy(update={"sql": query})


@dataclass(frozen=True)
class _Load:
    """What is known of the loads of one file."""

    uri: str
    first: datetime
    last: datetime
    row_count: int

    def is_among(self, files: set[str]) -> bool:
        """Whether the table is still made of it; a file without rows takes none with it."""
        return self.uri in files or (bool(files) and self.row_count == 0)


def _loads(warehouse: Warehouse, table: SourceTable) -> list[_Load]:
    rows = warehouse.fetch(
        "select uri, min(loaded_at) as first_at, max(loaded_at) as last_at, max(row_count) as row_count from control.loads"
        " where table_name = ? group by uri order by uri",
        (table.name,),
    )
    return [_Load(row["uri"], row["first_at"], row["last_at"], int(row["row_count"])) for row in rows]


def _files_with_rows(warehouse: Warehouse, table: SourceTable) -> set[str]:
    """The files whose rows are in a raw table; none where its rows do not say which file they came with."""
    if FILE not in warehouse.columns("raw", table.name):
        return set()
    files = {
        row["uri"] for row in warehouse.fetch(f"select distinct {FILE} as uri from {table.qualified_name}")
    }
    return set() if None in files else files


def _columns(table: SourceTable) -> str:
    return f"select {', '.join(column.name for column in table.columns)} from {table.qualified_name}"


def _of_files(table: SourceTable, then: datetime) -> str:
    """Condition of the rows of files that had come by then; the rows' own moment is another where a file of
    the table came again."""
    return (
        f" where {FILE} in (select uri from control.loads where table_name = {text_literal(table.name)} group by uri"
        f" having min(loaded_at) <= {timestamp_literal(then.replace(tzinfo=UTC))})"
    )


def _replaced(
    deployment: Deployment, known_at: datetime, table: SourceTable, again: Sequence[str], of: int
) -> str:
    """What is to be said where rows of then are gone because their files came again.

    Raises:
        SourceError: the run does not allow that those of now are used instead.
    """
    if again:
        what = (
            f"{len(again)} of the {of} landing files of {table.qualified_name} that had been loaded by {said(known_at)} came again since"
            f" ({again[0]} is one)"
        )
    else:
        what = f"The rows that {table.qualified_name} had at {said(known_at)} were replaced as a whole since"
    if table.name in deployment.allow_missing:
        return f"{what}, so their rows of now are used; allow_missing was chosen."
    raise SourceError(
        f"{what}, and the rows of then are gone; to use those of now instead, start the run with allow_missing for this table"
        f" (`--allow-missing {table.name}`)."
    )


def _erased(warehouse: Warehouse, known_at: datetime, table: SourceTable) -> tuple[str, ...]:
    """What is to be said of persons who were erased since."""
    (row,) = warehouse.fetch(
        "select coalesce(sum(row_count), 0) as n from control.erasures where kind = 'source' and name = ? and erased_at > ?",
        (table.name, known_at.replace(tzinfo=None)),
    )
    if not row["n"]:
        return ()
    return (
        f"{row['n']} rows of {table.qualified_name} were erased with their persons after {said(known_at)}, and are not in this run.",
    )
