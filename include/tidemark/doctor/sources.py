"""The tables that the enabled families read: can they be read, with these columns and types, as the loader
reads them?"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import CannotLookError, Finding, unseen, wrong
from include.tidemark.doctor.money import relation_currencies
from include.tidemark.errors import SourceError, TidemarkError
from include.tidemark.sources.absence import not_found, present_files
from include.tidemark.sources.contract import SourceTable, source_tables
from include.tidemark.sources.files import LandingFile
from include.tidemark.sources.relations import locate, parse_relation
from include.tidemark.sources.rows import SourceRows, raw_rows
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.validation.contract import FoundTable, contract_asset, found_table, is_accepted
from include.tidemark.warehouse.base import Warehouse


@dataclass(frozen=True)
class SeenRows:
    """The rows of a table, where SQL can look at them."""

    found: FoundTable
    warehouse: Warehouse
    """Where that SQL runs."""
    part: str = ""
    """Which rows these are, where they are not all."""
    judged: frozenset[str] = frozenset()
    """Columns whose unreadable values have been told already, so that their being null is no news."""
    currencies: dict[str, frozenset[str]] = field(default_factory=dict)
    """Of columns that look like a currency and that nothing reads: their values, a few at most."""


@dataclass(frozen=True)
class SeenTable:
    """A table that a family needs."""

    table: SourceTable
    findings: tuple[Finding, ...]
    rows: SeenRows | None
    """None where the rows can't be read."""


def look_at_sources(examination: Examination) -> Iterator[Finding]:
    """Each table that a family needs: its files or relation can be read with these columns and types; values
    that can't be read, with their number; columns that are absent, with what is lost.
    """
    for seen in examination.tables:
        yield from seen.findings
    for name in examination.mapped.keys() - examination.needed.keys() - examination.optional.keys():
        yield Finding(
            name, "ok", "It is mapped in sources.yml, but no enabled family needs it: not looked at."
        )


def see_tables(examination: Examination) -> list[SeenTable]:
    """Look at every table that an enabled family reads, in the order of the contract. Nothing is loaded."""
    read = examination.needed.keys() | examination.optional.keys()
    return [_see(examination, table) for name, table in source_tables().items() if name in read]


def _see(examination: Examination, table: SourceTable) -> SeenTable:
    try:
        return _find(examination, table)
    except CannotLookError as reason:
        return SeenTable(table, (unseen(table.name, reason),), None)
    except TidemarkError as error:
        return SeenTable(table, (wrong(table.name, error),), None)


def _find(examination: Examination, table: SourceTable) -> SeenTable:
    """As the loader finds a table: mapped to a relation, as files, or standing in the schema `raw`."""
    from include.tidemark.doctor.landing_files import see_files

    settings, source = examination.settings, examination.mapped.get(table.name)
    if source is not None and source.from_ is not None:
        return _see_relation(examination, table, source)
    if files := _files(examination, table, source):
        return see_files(examination, table, source, files)
    warehouse = examination.warehouse
    found = None if warehouse is None else found_table(table, raw_rows(table.name), warehouse)
    if warehouse is None or found is None or not found.types:
        if family := examination.optional.get(table.name):
            what = f"It is neither mapped in sources.yml nor landed: {what_is_null(family, table.name)}"
            return SeenTable(table, (Finding(table.name, "ok", what),), None)
        raise not_found(settings, table, examination.needed[table.name])
    return _see_raw(table, found, warehouse)


def what_is_null(family: str, table: str) -> str:
    """What is lost without the rows of a table that a family can do without, as the end of a sentence."""
    return f"what the family {family} makes of it is null, with the reason no_{table}."


def _files(examination: Examination, table: SourceTable, source: TableSource | None) -> list[LandingFile]:
    opened = examination.warehouse_or_error  # where it can't be opened the files can still be read
    warehouse = None if isinstance(opened, Exception) else opened
    try:
        return present_files(examination.settings, warehouse, table, source, examination.config.places)
    except TidemarkError:
        raise
    except Exception as error:
        raise SourceError(
            f"The landing folder {examination.settings.landing_url} can't be read ({type(error).__name__}); correct"
            " TIDEMARK_LANDING_URL, or the connection that TIDEMARK_LANDING_CONN_ID names."
        ) from None


def _see_relation(examination: Examination, table: SourceTable, source: TableSource) -> SeenTable:
    warehouse = examination.warehouse
    if warehouse is None:
        raise SourceError(
            f"{table.name} is mapped to {source.from_}, but the DuckDB file {examination.settings.duckdb_path} does not exist;"
            " correct TIDEMARK_DUCKDB_PATH, or map the table to files."
        )
    config = examination.config

    def read(part: TableSource) -> SourceRows:
        return locate(warehouse, table, part, examination.started_at, config.rules.currency, config.places)

    if errors := mapping_errors(table, source, read, config.places):
        return SeenTable(table, tuple(wrong(table.name, error) for error in errors), None)
    rows = read(source)
    what = f"The table {source.from_} can be read with these columns and types."
    rows = rows.model_copy(update={"relation": table.name})
    found = FoundTable(table, rows, {column.name: column.data_type for column in table.columns})
    relation = parse_relation(source.from_ or "", warehouse.dialect)
    currencies = relation_currencies(warehouse, table, relation, source.where, rows.flags)
    seen = SeenRows(found, warehouse, currencies=currencies)
    return SeenTable(table, (Finding(table.name, "ok", what), *absent_columns(table, rows.absent)), seen)


def _see_raw(table: SourceTable, found: FoundTable, warehouse: Warehouse) -> SeenTable:
    if not found.is_sound:
        failures = {check.column: check.failure for check in contract_asset([found]).checks}
        faults = [
            wrong(table.name, failures[column.name])
            for column in table.columns
            if not is_accepted(column.data_type, found.types.get(column.name, ""))
        ]
        return SeenTable(table, tuple(faults), None)
    what = f"{found.name} is in the warehouse, with these columns and types."
    currencies = relation_currencies(warehouse, table, table.qualified_name, None, ())
    seen = SeenRows(found, warehouse, currencies=currencies)
    return SeenTable(table, (Finding(table.name, "ok", what),), seen)


def absent_columns(table: SourceTable, absent: Iterable[str]) -> Iterator[Finding]:
    """What is lost for want of a column: the deployment's own choice, so it is right."""
    for name in absent:
        yield Finding(table.name, "ok", f"There is no {name}: {table.column(name).without}")


def mapping_errors(
    table: SourceTable,
    source: TableSource,
    read: Callable[[TableSource], object],
    places: Mapping[str, str],
) -> list[str]:
    """Everything that is wrong with a mapping: where the whole can't be read, each column is read alone.

    Args:
        read: raises the error of the first thing that is wrong.
        places: file and line of each key of `sources.yml`.
    """
    try:
        read(source)
    except SourceError as error:
        whole = str(error)
    else:
        return []
    if source.columns is None:
        return [whole]
    names = type(source.columns).model_fields
    alone: dict[str, str] = {}
    for column in (name for name in names if getattr(source.columns, name) is not None):
        others = {name: None for name in names if name != column}
        part = source.model_copy(update={"columns": source.columns.model_copy(update=others)})
        try:
            read(part)
        except SourceError as error:
            alone[column] = str(error)
    if len(set(alone.values())) < len(alone):  # it is no column's, such as a condition that all have
        return list(dict.fromkeys([whole, *alone.values()]))
    named = {column: f"{table.name}.columns.{column}" for column in alone}
    found = [
        message
        if key in message
        else f"{places.get(key, table.name)}: {key}: {message[:1].lower()}{message[1:]}"
        for key, message in ((named[column], alone[column]) for column in alone)
    ]
    return found if whole in alone.values() else [whole, *found]
