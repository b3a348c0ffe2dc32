"""How the contract's columns are made of a source's: SQL that loses nothing in silence.

The rows that are given (`given`: the mapped expressions, where the mapping's condition holds) and what is
made of them are two steps, so that a value which is there and can't be read is counted: for each such column
there is a flag.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import LOADED_AT, SourceTable
from include.tidemark.sources.currencies import CURRENCY, currency_codes, foreign_currency
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.origin import Flag, Origin
from include.tidemark.sources.sources_file import TableSource, column_named
from include.tidemark.sources.values import moment_of, rounded, unreadable, value_of

__all__ = ["Flag", "Origin", "Reading", "make_reading"]


@dataclass(frozen=True)
class Reading:
    """One source as SQL."""

    given: str
    """Query of the mapped expressions under the contract's names."""
    values: Mapping[str, str]
    """By the contract's column, its SQL over the given rows; null for a column that the source lacks."""
    absent: tuple[str, ...]
    """Columns that the source lacks."""
    flags: tuple[Flag, ...]
    types: Mapping[str, str]
    """Of the mapped expressions, by the contract's column."""
    parts: Mapping[str, str]
    """By its place in `sources.yml`, a query that computes one expression for every row."""

    @property
    def sql(self) -> str:
        """Query of the contract's columns."""
        return self.with_columns({})

    def with_columns(self, more: Mapping[str, str]) -> str:
        """Query of the contract's columns and of others, each an SQL expression over the given rows."""
        columns = ", ".join(f"{sql} as {name}" for name, sql in (dict(self.values) | dict(more)).items())
        return f"select {columns} from ({self.given}) as given"

    def failing_part(self, fails: Callable[[str], bool]) -> str:
        """The place of the first expression that can't be computed for every row, such as a cast of a text
        that is no number.

        Args:
            fails: tries a query.
        """
        return next((place for place, query in self.parts.items() if fails(query)), "sources.yml")


def make_reading(table: SourceTable, source: TableSource, origin: Origin, currency: str) -> Reading:
    """Make the queries of one table.

    Args:
        currency: code of the deployment's currency.

    Raises:
        SourceError: a column does not exist, or can't be read as what the contract says.
    """
    mappings = {column: source.mapping_of(column.name) for column in table.file_columns}
    given = {
        column.name: origin.sql_of(origin.place(table.name, column.name), mapping.from_)
        for column, mapping in mappings.items()
        if mapping is not None
    }
    codes = currency_codes(table, mappings, origin)
    loaded_at = (
        {LOADED_AT: origin.sql_of(origin.place(table.name, "loaded_at"), source.loaded_at)}
        if source.loaded_at
        else {}
    )
    expressions = (
        given
        | {CURRENCY + name: code.sql for name, code in codes.items()}
        | loaded_at
        | {name: f'"{name}"' for name in origin.kept}
    )
    query = (
        f"select {', '.join(f'{sql} as {name}' for name, sql in expressions.items())} from {origin.relation}"
    )
    parts: dict[str, str] = {}
    where = ""
    if source.where:
        place = origin.place(table.name, "where")
        where = f" where {origin.sql_of(place, source.where)}"
        parts[place] = f"select count(*) from {origin.relation}{where}"
    query += where
    for name, sql in expressions.items():
        currency_of = name.removeprefix(CURRENCY) if name.startswith(CURRENCY) else ""
        place = origin.place(table.name, currency_of or name.removeprefix("_"))
        # What is counted alone need not be computed.
        computed = f"select max(length(cast({sql} as varchar))) from {origin.relation}{where}"
        parts[f"{place}.currency" if currency_of else place] = computed
    types = _types(query, parts, origin)
    values: dict[str, str] = {}
    flags: list[Flag] = []
    for column, mapping in mappings.items():
        if mapping is None:
            values[column.name] = f"cast(null as {column.data_type})"
            continue
        value = value_of(table, column, mapping, types[column.name], origin)
        values[column.name] = value
        place = origin.place(table.name, column.name)
        flags += unreadable(column, mapping, value, kind_of(types[column.name]), place)
        flags += rounded(column, mapping, types[column.name], origin, place)
    if source.loaded_at:
        place, mapping = origin.place(table.name, "loaded_at"), column_named(source.loaded_at)
        kind, actual = kind_of(types[LOADED_AT]), types[LOADED_AT]
        if kind is Kind.TEXT:
            raise SourceError(
                f"{place}: {source.loaded_at} is text, but the moment of a row's load must be a timestamp; convert it in a view."
            )
        values[LOADED_AT] = moment_of(place, f"given.{LOADED_AT}", mapping, kind, actual, origin)
    flags += [
        foreign_currency(name, code, currency, origin.place(table.name, name)) for name, code in codes.items()
    ]
    absent = tuple(column.name for column, mapping in mappings.items() if mapping is None)
    return Reading(query, values, absent, tuple(flags), {name: types[name] for name in given}, parts)


def _types(query: str, parts: Mapping[str, str], origin: Origin) -> Mapping[str, str]:
    """The types of what is given; an expression that does not fit its columns' types is named with its
    place."""
    try:
        return origin.describe(query)
    except SourceError:
        for place, part in parts.items():
            try:
                origin.describe(part)
            except SourceError as error:
                raise SourceError(f"{place}: {error}") from None
        raise
