"""Tables of the deployment's own warehouse in place of the raw ones."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from include.tidemark.errors import SettingsError, SourceError
from include.tidemark.sources.contract import LOADED_AT, MOMENTS, SourceTable
from include.tidemark.sources.dialects import DIALECTS
from include.tidemark.sources.reading import Origin, Reading, make_reading
from include.tidemark.sources.rows import RowFlag, SourceRows
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.sources.timestamps import said, timestamp_literal
from include.tidemark.warehouse.base import Warehouse, WarehouseRefusedError

_IDENTIFIER = """([A-Za-z_][A-Za-z0-9_$]*|"[^"'{}]+")"""
_ALONE = re.compile(_IDENTIFIER)
_QUOTED = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_RELATION = re.compile(rf"{_IDENTIFIER}(\.{_IDENTIFIER}){{0,2}}")


def parse_relation(text: str, dialect: str) -> str:
    """A relation's name as SQL writes it: up to three identifiers with dots between them.

    Raises:
        SettingsError: it is something else, such as a query, a function or a file.
    """
    if not _RELATION.fullmatch(text.strip()):
        raise SettingsError(
            f"'{text}' is no table or view: write its name, such as ANALYTICS.SHOP.ORDERS; a name with other signs in double quotes."
        )
    name = text.strip()
    return f"main.{name}" if dialect == "duckdb" and _ALONE.fullmatch(name) else name


def locate(  # noqa: PLR0917 - one call
    warehouse: Warehouse,
    table: SourceTable,
    source: TableSource,
    started_at: datetime,
    currency: str,
    places: Mapping[str, str],
    known_at: datetime | None = None,
) -> SourceRows:
    """The rows of a table that the deployment maps to a relation of its warehouse.

    Args:
        started_at: the run's start, which no row was loaded after.
        places: file and line of each key of `sources.yml`.
        known_at: leave out what was loaded after that instant.

    Raises:
        SourceError: the relation can't be read, or lacks a column, or has one of the wrong type; or with
            `known_at` nothing says when its rows were loaded.
    """
    name = source.from_ or ""
    dialect = DIALECTS[warehouse.dialect]
    where = places.get(f"{table.name}.from")
    origin_place = f"{where}: {table.name}.from" if where else f"{table.name}.from"
    try:
        relation = parse_relation(name, dialect.name)
    except SettingsError as error:
        raise SourceError(f"{origin_place}: {error}") from None
    try:
        _refuse_what_is_no_table(warehouse, relation)
        types = warehouse.describe(f"select * from {relation}")
    except WarehouseRefusedError as error:
        raise SourceError(
            f"{origin_place}: the table {name} can't be read ({error}); create it, or grant SELECT on it to the role of the pipeline,"
            " or correct `from` in sources.yml."
        ) from None

    def describe(query: str) -> dict[str, str]:
        try:
            return {column.lower(): kind for column, kind in warehouse.describe(query).items()}
        except WarehouseRefusedError as error:
            raise SourceError(f"this can't be computed on {name} ({error}); correct it.") from None

    origin = Origin(relation, name, types, describe, dialect, places=places)
    reading = make_reading(table, source, origin, currency)
    if known_at is not None and LOADED_AT not in reading.values:
        raise SourceError(
            f"{origin_place}: nothing says when a row of {name} was loaded, so nobody can tell which rows it had at an earlier moment;"
            " name the column that does as `loaded_at` in sources.yml, or run without known_at."
        )
    reading = _with_load_time(reading, table.name, started_at)
    checked = known_by(
        known_at,
        reading.with_columns({flag.name: f"coalesce({flag.condition}, false)" for flag in reading.flags}),
    )
    unfiltered = relation if source.where else None
    if unfiltered and known_at:
        every = make_reading(table, source.model_copy(update={"where": None}), origin, currency)
        unfiltered = f"({known_by(known_at, every.sql)})"
    _refuse_what_fails(warehouse, name, reading, checked)
    return SourceRows(
        table=table.name,
        relation=name,
        sql=known_by(known_at, reading.sql),
        checked_sql=checked,
        flags=tuple(
            RowFlag(name=flag.name, column=flag.column, what=flag.what, place=flag.place, stops=flag.stops)
            for flag in reading.flags
        ),
        absent=reading.absent,
        unfiltered=unfiltered,
        remarks=() if known_at is None else (as_they_are_now(name, known_at),),
    )


def known_by(known_at: datetime | None, query: str) -> str:
    """Of a query's rows those that had been loaded by an instant; without one, all. A row without a moment
    stays, for the gate to see."""
    if known_at is None:
        return query
    return f"select * from ({query}) as known where {LOADED_AT} is null or {LOADED_AT} <= {timestamp_literal(known_at)}"


def as_they_are_now(name: str, known_at: datetime) -> str:
    """What is to be said of a table that others fill: it does not tell of rows that it had."""
    return (
        f"Rows of {name} that were changed or deleted after {said(known_at)} can't be seen as they were then: whoever"
        " fills the table keeps only what they are now."
    )


def _refuse_what_is_no_table(warehouse: Warehouse, relation: str) -> None:
    """DuckDB would look for a variable of the Python process, or a file, behind a name that it does not
    know."""
    if warehouse.dialect != "duckdb":
        return
    parts = [part.strip('"').lower() for part in re.findall(_IDENTIFIER, relation)]
    catalog, schema, table = ["", *parts] if len(parts) == 2 else parts
    known = warehouse.fetch(
        "select 1 from information_schema.tables where lower(table_name) = ? and ((lower(table_schema) = ? and"
        " lower(table_catalog) = coalesce(nullif(?, ''), lower(current_database()))) or (lower(table_catalog) = ? and table_schema = 'main'))",
        (table, schema, catalog, schema if len(parts) == 2 else ""),
    )
    if not known:
        raise WarehouseRefusedError("there is no such table or view; files are named by `files`")


def _refuse_what_fails(warehouse: Warehouse, name: str, reading: Reading, checked: str) -> None:
    """Compute every value once, where an error can be told without the value: dbt's and Great Expectations'
    would hold it."""
    for place, part in reading.parts.items():
        names = [token[0] for token in _QUOTED.finditer(part) if token[0].startswith('"')]
        if any(re.search(r"(?<![:\w]):\w", name) for name in names):
            raise SourceError(
                f"{place}: a column of {name} has a name with a colon before a word, which Great Expectations takes for a parameter;"
                " give it another name in a view."
            )
    columns = [*reading.values, *(flag.name for flag in reading.flags)]
    lengths = ", ".join(f"max(length(cast({column} as varchar)))" for column in columns)
    try:
        warehouse.probe(f"select {lengths} from ({checked}) as checked")
    except WarehouseRefusedError as error:
        place = reading.failing_part(lambda query: _fails(warehouse, query))
        raise SourceError(
            f"{place}: this can't be computed for some row of {name} ({error}); use try_cast in place of cast, or leave the row out"
            " with `where`."
        ) from None


def _fails(warehouse: Warehouse, query: str) -> bool:
    try:
        warehouse.probe(query)
    except WarehouseRefusedError:
        return True
    return False


def _with_load_time(reading: Reading, table: str, started_at: datetime) -> Reading:
    """Where the source does not say when a row was loaded: when it happened, but never after the run's start.

    A row is then new to a daily fact when it happened after the newest one there, or within the look-back.
    """
    if LOADED_AT in reading.values:
        return reading
    start = timestamp_literal(started_at)
    # A row is as new as what it tells of.
    moment = f"cast({reading.values[MOMENTS[table]]} as timestamp)"
    loaded = f"least(coalesce({moment}, {start}), {start})"
    return replace(reading, values={**reading.values, LOADED_AT: loaded})
