"""How a value of the contract's type is made of what a source gives. What is there and can't be read becomes
null, and is counted."""

from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import Column, SourceTable
from include.tidemark.sources.dialects import ISO_DATE, ZERO_TIME
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.origin import Flag, Origin
from include.tidemark.sources.sources_file import EPOCH_FORMATS, ColumnMapping

_TRUE = "('true', 't', 'yes', 'y', '1')"
_FALSE = "('false', 'f', 'no', 'n', '0')"


def value_of(table: SourceTable, column: Column, mapping: ColumnMapping, actual: str, origin: Origin) -> str:
    """SQL over the given rows: a value of the contract's type, or null where what is given can't be read as
    one.

    Args:
        actual: the type of what is given.

    Raises:
        SourceError: nothing of that type can be read so.
    """
    place, name, kind = origin.place(table.name, column.name), f"given.{column.name}", kind_of(actual)
    if kind is Kind.NOTHING:
        return f"cast(null as {column.data_type})"
    if kind is Kind.TEXT and actual.lower() != "varchar":  # such as UUID, which has no function of texts
        name = f"cast({name} as varchar)"
    if mapping.values is not None:
        if kind not in (Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN):
            raise SourceError(
                f"{place}: values names texts, but {mapping.from_} has the type {actual.lower()}; cast it to varchar."
            )
        pairs = " ".join(
            f"when {_literal(place, theirs)} then {_literal(place, _text(ours))}"
            for theirs, ours in mapping.values.items()
        )
        text = f"trim(cast({name} as varchar))"
        name, kind = f"case {text} {pairs} else {text} end", Kind.TEXT
    if kind is Kind.INTEGER and mapping.format and mapping.format not in EPOCH_FORMATS:  # 20260131
        name, kind = f"cast({name} as varchar)", Kind.TEXT
    base = column.data_type.partition("(")[0]
    if base not in ("timestamp", "date") and (mapping.format or mapping.timezone):
        raise SourceError(
            f"{place}: format and timezone are about times, but the contract's type is {column.data_type}; remove them."
        )
    if base == "varchar":
        # A list or a struct is no id, no category and no name, whatever it would read as.
        accepted = kind in (Kind.TEXT, Kind.INTEGER) or (kind is Kind.JSON and column.holds_json)
        text = origin.dialect.json_text(name) if kind is Kind.JSON else f"cast({name} as varchar)"
        sql = not_blank(name if kind is Kind.TEXT else text)
    elif base == "boolean":
        accepted, sql = kind in (Kind.BOOLEAN, Kind.TEXT, Kind.INTEGER), _boolean(name, kind)
    elif base in ("decimal", "double"):
        accepted = kind in (Kind.INTEGER, Kind.NUMBER, Kind.TEXT)
        sql = _number(name, kind, column.data_type, origin)
    elif base == "date":
        return _date(place, name, mapping, kind, actual, origin)
    else:
        return moment_of(place, name, mapping, kind, actual, origin)
    if not accepted:
        raise _wrong_type(place, mapping, actual, column.data_type)
    return sql


def not_blank(text: str) -> str:
    """SQL: a text without the blanks around it, or null where there is nothing else."""
    return f"nullif(trim({text}), '')"


def _boolean(name: str, kind: Kind) -> str:
    if kind is Kind.BOOLEAN:
        return name
    text = f"lower(trim(cast({name} as varchar)))"
    return f"case when {text} in {_TRUE} then true when {text} in {_FALSE} then false end"


_LARGEST = {"decimal": "99999999999999.99", "double": "1.7976931348623157e308"}
"""The largest number of each type that is read, far above any amount. NaN is greater than every number in
both engines."""


def _number(name: str, kind: Kind, data_type: str, origin: Origin) -> str:
    largest = _LARGEST[data_type.partition("(")[0]]
    if kind is not Kind.TEXT:
        read = origin.dialect.number(name, data_type)
        return f"case when abs(cast({name} as double)) <= {largest} then {read} end"
    is_number, plain = _written_number(name, origin)
    return (
        f"case when {is_number} and abs(try_cast({plain} as double)) <= {largest}"
        f" then try_cast({plain} as {data_type}) end"
    )


def _written_number(name: str, origin: Origin) -> tuple[str, str]:
    """SQL: whether a text is a number as the source writes them, and the number as the engine writes it."""
    decimal, thousands = (
        origin.csv.decimal,
        _ALIKE.get(origin.csv.thousands or "", origin.csv.thousands or ""),
    )
    whole = f"([0-9]{{1,3}}([{thousands}][0-9]{{3}})+|[0-9]+)" if thousands else "[0-9]+"
    pattern = f"[+-]?({whole}([{decimal}][0-9]*)?|[{decimal}][0-9]+)([eE][+-]?[0-9]+)?"
    plain = text = f"trim({name})"
    for sign in thousands:
        plain = f"replace({plain}, {text_literal(sign)}, '')"
    plain = plain if decimal == "." else f"replace({plain}, ',', '.')"
    return origin.dialect.matches(text, pattern), plain


_ALIKE = {" ": " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "'": "'\N{RIGHT SINGLE QUOTATION MARK}"}
"""Signs between thousands that people do not tell apart."""


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
        return _whole_day(origin.dialect.moment(f"trim({name})", mapping.format))
    if kind is Kind.DATE:
        return name
    if kind is Kind.TIMESTAMP:
        return _whole_day(name)
    if kind is not Kind.TEXT:
        raise _wrong_type(place, mapping, actual, "date")
    text = f"trim({name})"
    day = f"split_part(replace({text}, 'T', ' '), ' ', 1)"
    return f"case when {origin.dialect.matches(text, ISO_DATE + ZERO_TIME)} then try_cast({day} as date) end"


def _whole_day(moment: str) -> str:
    """The date of a moment at midnight: a time of the day would be lost."""
    return f"case when {moment} = cast(cast({moment} as date) as timestamp) then cast({moment} as date) end"


def moment_of(  # noqa: PLR0917 - one return per kind
    place: str, name: str, mapping: ColumnMapping, kind: Kind, actual: str, origin: Origin
) -> str:
    """SQL of a moment in UTC, or null where what is given can't be read as one.

    Raises:
        SourceError: nothing of that type can be read so.
    """
    dialect, zone, form = origin.dialect, mapping.timezone, mapping.format
    if mapping.date and zone:
        as_written = mapping.model_copy(update={"date": False, "timezone": None})
        day = _whole_day(moment_of(place, name, as_written, kind, actual, origin))
        return dialect.local_to_utc(f"cast({day} as timestamp)", zone)
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


def unreadable(column: Column, mapping: ColumnMapping, value: str, kind: Kind, place: str) -> list[Flag]:
    """Rows where something is given and the value is lost; none for texts, which are taken as they are.

    Args:
        value: what `value_of` made.
        kind: of what is given.
        place: where the deployment says how the column is made.
    """
    if column.data_type == "varchar" or kind is Kind.NOTHING:
        return []
    given, base = f"given.{column.name}", column.data_type.partition("(")[0]
    present = (
        f"{not_blank(f'cast({given} as varchar)')} is not null"
        if kind is Kind.TEXT
        else f"{given} is not null"
    )
    unread = f"({value}) is null"
    if base in _LAST:  # the infinities, and the year 26 of a format that says %Y
        first, last = f"cast('1000-01-01' as {base})", f"cast('{_LAST[base]}' as {base})"
        unread = f"{unread} or ({value}) < {first} or ({value}) > {last}"
    what = f"that are no finite {column.data_type}"
    if base == "boolean":
        what = "that are neither true nor false"
    elif mapping.format:
        what = f"that are not written as {mapping.format}{', or have a time of day' if base == 'date' or mapping.date else ''}"
    elif mapping.date:
        what = "that are not midnights of UTC"
    elif base in _LAST and kind is Kind.TEXT:
        what += f" written as {'YYYY-MM-DD hh:mm:ss' if base == 'timestamp' else 'YYYY-MM-DD'}; if they are written otherwise, say format"
    return [Flag(f"unreadable_{column.name}", column.name, f"{present} and ({unread})", what, place)]


def rounded(column: Column, mapping: ColumnMapping, actual: str, origin: Origin, place: str) -> list[Flag]:
    """Rows with more decimals than the contract's type has: they are rounded, and counted.

    Args:
        actual: the type of what is given.
        place: where the deployment says how the column is made.
    """
    kind, name = kind_of(actual), f"given.{column.name}"
    if column.data_type.partition("(")[0] != "decimal" or mapping.values is not None:
        return []
    if kind is Kind.TEXT:
        is_number, plain = _written_number(f"cast({name} as varchar)", origin)
        number = f"case when {is_number} then try_cast({plain} as double) end"
    elif kind is Kind.NUMBER:
        number = f"cast({name} as double)"
    else:
        return []
    return [
        Flag(
            f"rounded_{column.name}", column.name, loses_decimals(number, column.data_type, actual),
            f"with more decimals than {column.data_type} has, which are rounded", place, stops=False,
        )
    ]  # fmt: skip


def loses_decimals(number: str, data_type: str, actual: str) -> str:
    """Condition: a number has more decimals than a decimal type, beyond what floating numbers add by
    themselves.

    Args:
        number: SQL of a double.
        data_type: such as `decimal(18,4)`.
        actual: the type of what is given.
    """
    scale = data_type.partition(",")[2].strip(" )")
    noise = "1e-6" if actual.lower() in _SINGLE else "1e-14"
    size = f"abs({number})"
    return f"({size} <= {_LARGEST['decimal']} and abs({number} - round({number}, {scale})) > greatest(1e-9, {size} * {noise}))"


_SINGLE = ("float", "real")
"""Floating types that may have 24 bits: seven digits."""
_LAST = {"date": "9999-12-31", "timestamp": "9999-12-31 23:59:59.999999"}
"""Types that have a first and a last value."""


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
