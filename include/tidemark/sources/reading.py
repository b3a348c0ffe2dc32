"""How the contract's columns are made of a source's: SQL that loses nothing in silence.

The rows that are given (`given`: the mapped expressions, where the mapping's condition holds) and what is made of them are
two steps, so that a value which is there and can't be read is counted: for each such column there is a flag.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from include.tidemark.config.expressions import parse_expression, resolve_columns, to_sql
from include.tidemark.config.sources_file import (
    EPOCH_FORMATS,
    ColumnMapping,
    CsvOptions,
    TableSource,
    short_name,
)
from include.tidemark.errors import SettingsError, SourceError
from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.dialects import ISO_DATE, Dialect
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.literals import text_literal

CURRENCY = "_currency"
"""Column of the given rows with the currency's code of each, where the source tells it."""

_CURRENCY_NAMES = frozenset(
    {"currency", "currency_code", "currencycode", "currency_iso", "iso_currency", "waehrung", "währung"}
)
_TRUE = "('true', 't', 'yes', 'y', '1')"
_FALSE = "('false', 'f', 'no', 'n', '0')"
_ZERO_TIME = "([ T]00:00(:00([.]0+)?)?)?"

Describe = Callable[[str], Mapping[str, str]]
"""Names (in lower case) and types of the columns of a query."""


@dataclass(frozen=True)
class Flag:
    """Something that no row of the source should have."""

    name: str
    column: str
    condition: str
    """SQL over the given rows."""
    what: str
    """What is wrong with the values, as the end of a sentence about them."""


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

    @property
    def sql(self) -> str:
        """Query of the contract's columns."""
        return self.with_columns({})

    def with_columns(self, more: Mapping[str, str]) -> str:
        """Query of the contract's columns and of others, each an SQL expression over the given rows."""
        columns = ", ".join(f"{sql} as {name}" for name, sql in (dict(self.values) | dict(more)).items())
        return f"select {columns} from ({self.given}) as given"


@dataclass(frozen=True)
class Origin:
    """Where a table's rows are, as far as reading them needs to know."""

    relation: str
    """What stands after `from`."""
    name: str
    """What people call it."""
    types: Mapping[str, str]
    """Its columns, under their very names, and their types."""
    describe: Describe
    dialect: Dialect
    csv: CsvOptions = field(default_factory=lambda: CsvOptions())  # noqa: PLW0108 - the class itself is no callable to mypy
    places: Mapping[str, str] = field(default_factory=dict)
    """File and line of each key of `sources.yml`."""
    kept: tuple[str, ...] = ()
    """Further columns of the relation that the given rows keep."""

    def place(self, table: str, key: str) -> str:
        """Where the deployment says how a column is made, as the beginning of a sentence."""
        for name in (f"{table}.columns.{key}", f"{table}.columns.{short_name(key)}", f"{table}.{key}"):
            if where := self.places.get(name):
                return f"{where}: {name}"
        return f"{table}.{key}"


def make_reading(table: SourceTable, source: TableSource, origin: Origin, currency: str) -> Reading:
    """Make the queries of one table.

    Args:
        currency: code of the deployment's currency.

    Raises:
        SourceError: a column does not exist, or can't be read as what the contract says.
    """
    mappings = {column: source.mapping_of(column.name) for column in table.file_columns}
    given = {
        column.name: _expression(origin.place(table.name, column.name), mapping.from_, origin)
        for column, mapping in mappings.items()
        if mapping is not None
    }
    codes = _currency_code(table, mappings, origin)
    loaded_at = (
        {"_loaded_at": _expression(origin.place(table.name, "loaded_at"), source.loaded_at, origin)}
        if source.loaded_at
        else {}
    )
    expressions = given | codes | loaded_at | {name: f'"{name}"' for name in origin.kept}
    query = (
        f"select {', '.join(f'{sql} as {name}' for name, sql in expressions.items())} from {origin.relation}"
    )
    if source.where:
        query += f" where {_expression(f'{table.name}.where', source.where, origin)}"
    types = origin.describe(query)
    values: dict[str, str] = {}
    flags: list[Flag] = []
    for column, mapping in mappings.items():
        if mapping is None:
            values[column.name] = f"cast(null as {column.data_type})"
            continue
        value = _value(table, column, mapping, types[column.name], origin)
        values[column.name] = value
        flags += _unreadable(column, mapping, value, kind_of(types[column.name]))
    if loaded_at:
        values["_loaded_at"] = _moment(
            origin.place(table.name, "loaded_at"),
            "_loaded_at",
            ColumnMapping(from_="x"),
            kind_of(types["_loaded_at"]),
            types["_loaded_at"],
            origin,
        )
    if codes:
        flags.append(
            Flag(
                "foreign_currency", "amount_usd",
                f"upper(trim(cast({CURRENCY} as varchar))) <> {text_literal(currency)}",
                f"in another currency than {currency}, which is the deployment's",
            )
        )  # fmt: skip
    absent = tuple(column.name for column, mapping in mappings.items() if mapping is None)
    return Reading(query, values, absent, tuple(flags))


def _expression(place: str, text: str, origin: Origin) -> str:
    try:
        parsed = resolve_columns(parse_expression(text, origin.dialect.name), origin.types, origin.name)
    except SettingsError as error:
        raise SourceError(f"{place}: {error}") from None
    return to_sql(parsed, origin.dialect.name)


def _currency_code(
    table: SourceTable, mappings: Mapping[Column, ColumnMapping | None], origin: Origin
) -> dict[str, str]:
    """The code of each row: what the mapping names, else a column of the source that is called so."""
    amounts = [
        m for column, m in mappings.items() if m is not None and column.data_type.startswith("decimal")
    ]
    for mapping in amounts:
        if mapping.currency and not mapping.currency_code:
            return {CURRENCY: _expression(origin.place(table.name, "amount_usd"), mapping.currency, origin)}
    if any(mapping.currency for mapping in amounts):
        for name in origin.types:
            if name.lower() in _CURRENCY_NAMES:
                return {CURRENCY: '"' + name.replace('"', '""') + '"'}
    return {}


def _value(table: SourceTable, column: Column, mapping: ColumnMapping, actual: str, origin: Origin) -> str:
    place, name = origin.place(table.name, column.name), f"given.{column.name}"
    kind = kind_of(actual)
    if mapping.values is not None:
        pairs = " ".join(
            f"when {_literal(place, theirs)} then {_literal(place, _text(ours))}"
            for theirs, ours in mapping.values.items()
        )
        text = f"trim(cast({name} as varchar))"
        name, kind = f"case {text} {pairs} else {text} end", Kind.TEXT
    base = column.data_type.partition("(")[0]
    if base not in ("timestamp", "date") and (mapping.format or mapping.timezone):
        raise SourceError(
            f"{place}: format and timezone are about times, but the contract's type is {column.data_type}; remove them."
        )
    if base == "varchar":
        accepted = kind in (Kind.TEXT, Kind.INTEGER, Kind.JSON)
        sql = _not_blank(name if kind is Kind.TEXT else f"cast({name} as varchar)")
    elif base == "boolean":
        accepted, sql = kind in (Kind.BOOLEAN, Kind.TEXT, Kind.INTEGER), _boolean(name, kind)
    elif base in ("decimal", "double"):
        accepted = kind in (Kind.INTEGER, Kind.NUMBER, Kind.TEXT)
        sql = _number(name, kind, column.data_type, origin)
    elif base == "date":
        return _date(place, name, mapping, kind, actual, origin)
    else:
        return _moment(place, name, mapping, kind, actual, origin)
    if not accepted:
        raise _wrong_type(place, mapping, actual, column.data_type)
    return sql


def _not_blank(text: str) -> str:
    return f"nullif(trim({text}), '')"


def _boolean(name: str, kind: Kind) -> str:
    if kind is Kind.BOOLEAN:
        return name
    text = f"lower(trim(cast({name} as varchar)))"
    return f"case when {text} in {_TRUE} then true when {text} in {_FALSE} then false end"


def _number(name: str, kind: Kind, data_type: str, origin: Origin) -> str:
    if kind is not Kind.TEXT:
        # Not try_cast, which Snowflake has for texts alone. NaN is greater than every number in both.
        bound = "1e14" if data_type.startswith("decimal") else "1.7976931348623157e308"
        return f"case when abs({name}) < {bound} then cast({name} as {data_type}) end"
    decimal, thousands = origin.csv.decimal, origin.csv.thousands
    whole = f"([0-9]{{1,3}}([{thousands}][0-9]{{3}})+|[0-9]+)" if thousands else "[0-9]+"
    pattern = f"[+-]?({whole}([{decimal}][0-9]*)?|[{decimal}][0-9]+)([eE][+-]?[0-9]+)?"
    text = f"trim({name})"
    plain = f"replace({text}, {text_literal(thousands)}, '')" if thousands else text
    plain = plain if decimal == "." else f"replace({plain}, ',', '.')"
    return f"case when {origin.dialect.matches(text, pattern)} then try_cast({plain} as {data_type}) end"


def _date(  # noqa: PLR0917
    place: str, name: str, mapping: ColumnMapping, kind: Kind, actual: str, origin: Origin
) -> str:
    if mapping.timezone or mapping.format in EPOCH_FORMATS:
        raise SourceError(
            f"{place}: the contract's type is date, which has no zone; remove timezone, or give a format of dates."
        )
    if mapping.format:
        if kind is not Kind.TEXT:
            raise SourceError(
                f"{place}: {mapping.from_} has the type {actual.lower()}, so it needs no format; remove it."
            )
        return f"cast({origin.dialect.moment(f'trim({name})', mapping.format)} as date)"
    if kind is Kind.DATE:
        return name
    if kind is Kind.TIMESTAMP:
        return f"case when {name} = cast(cast({name} as date) as timestamp) then cast({name} as date) end"
    if kind is not Kind.TEXT:
        raise _wrong_type(place, mapping, actual, "date")
    text = f"trim({name})"
    day = f"split_part(replace({text}, 'T', ' '), ' ', 1)"
    return f"case when {origin.dialect.matches(text, ISO_DATE + _ZERO_TIME)} then try_cast({day} as date) end"


def _moment(  # noqa: PLR0917 - one return per kind
    place: str, name: str, mapping: ColumnMapping, kind: Kind, actual: str, origin: Origin
) -> str:
    dialect, zone, form = origin.dialect, mapping.timezone, mapping.format
    if form in EPOCH_FORMATS:
        if kind not in (Kind.INTEGER, Kind.NUMBER, Kind.TEXT) or zone:
            raise SourceError(
                f"{place}: {form} is of numbers, which are in UTC; {mapping.from_} is {actual.lower()}. Correct the mapping."
            )
        number = _number(name, kind, "double", origin)
        factor = 1_000_000 if form == "epoch_seconds" else 1_000
        # Beyond the year 9999 a number of seconds is a number of milliseconds.
        sensible = f"case when abs({number}) * {factor} < 253402300800000000 then cast(round({number} * {factor}, 0) as bigint) end"
        return dialect.from_epoch(sensible)
    if form:
        if kind is not Kind.TEXT:
            raise SourceError(
                f"{place}: {mapping.from_} has the type {actual.lower()}, so it needs no format; remove it."
            )
        read = dialect.moment(f"trim({name})", form)
        if zone and "%z" in form:
            raise SourceError(
                f"{place}: the format has an offset (%z), so timezone would say it twice; remove one of them."
            )
        return dialect.local_to_utc(read, zone) if zone else read
    if kind is Kind.ZONED:
        if zone:
            raise SourceError(
                f"{place}: {mapping.from_} carries its own zone ({actual.lower()}); remove timezone."
            )
        return dialect.zoned_to_utc(name)
    if kind in (Kind.TIMESTAMP, Kind.DATE):
        time = f"cast({name} as timestamp)"
        return dialect.local_to_utc(time, zone) if zone else time
    if kind is Kind.TEXT:
        if read_iso := dialect.iso_moment(f"trim({name})", zone):
            return read_iso
        raise SourceError(
            f"{place}: {mapping.from_} is text in the warehouse, so say how its times are written, such as"
            ' {from: ..., format: "%Y-%m-%d %H:%M:%S"}.'
        )
    raise _wrong_type(place, mapping, actual, "timestamp")


def _unreadable(column: Column, mapping: ColumnMapping, value: str, kind: Kind) -> list[Flag]:
    if column.data_type == "varchar":
        return []
    given = f"given.{column.name}"
    present = f"{_not_blank(given)} is not null" if kind is Kind.TEXT else f"{given} is not null"
    unread = f"({value}) is null"
    if kind in (Kind.TIMESTAMP, Kind.DATE, Kind.ZONED):
        unread = f"({value}) is null or ({value}) >= cast('9999-12-31' as {column.data_type})"  # infinity
    written = (
        f"that are not written as {mapping.format}"
        if mapping.format
        else f"that are no finite {column.data_type}"
    )
    return [Flag(f"unreadable_{column.name}", column.name, f"{present} and ({unread})", written)]


def _wrong_type(place: str, mapping: ColumnMapping, actual: str, expected: str) -> SourceError:
    return SourceError(
        f"{place}: {mapping.from_} has the type {actual.lower()}, but the contract says {expected}; cast it, or map another column."
    )


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _literal(place: str, value: str) -> str:
    try:
        return text_literal(value)
    except ValueError as error:
        raise SourceError(f"{place}: {error}.") from None
