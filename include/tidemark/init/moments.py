"""How a column writes its times: the format that every value of the sample keeps, if there is one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from include.tidemark.sources.kinds import Kind

_DATES = (
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d",
    "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%d. %B %Y", "%B %d, %Y",
)  # fmt: skip
_DAY_FIRST, _MONTH_FIRST = re.compile(r"%d.%m"), re.compile(r"%m.%d.%[yY]")
_PARTS = re.compile(
    r"(?P<date>.+?)(?P<gap>, | |T)?"
    r"(?P<time>(?P<hour>[0-9]{1,2}):[0-9]{2}(?P<seconds>:[0-9]{2})?(?P<fraction>\.[0-9]{1,6})?)"
    r"(?P<half> ?[AaPp][Mm])?(?P<space> ?)(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?(?P<rest> Uhr)?"
)
_DATE_LIKE = re.compile(
    r"[0-9]{1,4}[./-][0-9A-Za-z]{1,9}[./-][0-9]|[0-9]{1,2}\.? [A-Za-z]{3,9}|[A-Za-z]{3,9} [0-9]|[0-9]{8}"
)
"""The start of any of the dates; most columns are none, and trying every format takes long."""
_ISO = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?P<time>[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?")
_ISO_ZONE = re.compile(r"[ ]*(Z|z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)")
_UNMARKED = "%Y%m%d"
_YEARS = (1990, 2100)
_SECONDS = (
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()),
    int(datetime(2050, 1, 1, tzinfo=UTC).timestamp()),
)
_EPOCHS = {"epoch_seconds": 1, "epoch_milliseconds": 1_000, "epoch_microseconds": 1_000_000}


Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Moments:
    """What is known of a column of times."""

    format: str | None
    """None for columns of the warehouse's own time types, and for texts as ISO 8601 writes them, where these
    need no format."""
    zoned: bool
    """Whether each value says its zone."""
    days_only: bool
    """Whether no value has a time of day."""
    span: Span | None
    """The first and the last moment of the sample, without their zones."""
    swapped: str | None = None
    """The format with day and month the other way round, where it fits as well."""
    mixed: bool = False
    """Whether some values say their zone, and others do not."""

    @property
    def is_epoch(self) -> bool:
        """Whether the values are numbers of seconds, or of parts of a second."""
        return self.format in _EPOCHS


def moments_of(values: Iterable[str], kind: Kind, dialect: str) -> Moments | None:
    """How a column's values are written as times; None where they are no times, or of several forms."""
    distinct = list(dict.fromkeys(values))
    if not distinct:
        return None
    if kind in (Kind.TIMESTAMP, Kind.ZONED, Kind.DATE):
        return _typed(distinct, kind)
    if kind in (Kind.INTEGER, Kind.NUMBER):
        return _epoch(distinct)
    if kind is not Kind.TEXT:
        return None
    iso = _iso(distinct)
    if iso is not None and dialect == "duckdb":
        return iso
    return _epoch(distinct) or _formatted(distinct) or (iso if dialect == "duckdb" else None)


def _typed(values: list[str], kind: Kind) -> Moments:
    read = [
        moment
        for value in values
        if (moment := _read(value[:19], "%Y-%m-%d %H:%M:%S") or _read(value[:10], "%Y-%m-%d"))
    ]
    days = kind is Kind.DATE or (
        kind is Kind.TIMESTAMP and bool(read) and all(_is_midnight(each) for each in read)
    )
    return Moments(
        None, zoned=kind is Kind.ZONED, days_only=days, span=(min(read), max(read)) if read else None
    )


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def _epoch(values: list[str]) -> Moments | None:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return None
    for name, factor in _EPOCHS.items():
        if all(_SECONDS[0] * factor <= number < _SECONDS[1] * factor for number in numbers):
            first, last = (
                datetime.fromtimestamp(number / factor, UTC).replace(tzinfo=None)
                for number in (min(numbers), max(numbers))
            )
            return Moments(name, zoned=True, days_only=False, span=(first, last))
    return None


def _iso(values: list[str]) -> Moments | None:
    zoned = days = 0
    span: Span | None = None
    for value in values:
        found = _ISO.match(value)
        moment = _read(value[:10], "%Y-%m-%d") if found else None
        if found is None or moment is None:
            return None
        rest = value[found.end() :]
        if rest and not (found["time"] and _ISO_ZONE.fullmatch(rest)):
            return None
        zoned += bool(rest)
        days += found["time"] is None
        span = _with(span, moment)
    return Moments(
        None,
        zoned=zoned == len(values),
        days_only=days == len(values),
        span=span,
        mixed=0 < zoned < len(values),
    )


def _formatted(values: list[str]) -> Moments | None:
    if not all(_DATE_LIKE.match(value) for value in values):
        return None
    parts = _PARTS.fullmatch(values[0])
    time, zone = _time_format(parts) if parts else ("", None)
    fitting: dict[str, Span] = {}
    for date in _DATES:
        if (span := _span(values, date + time)) is not None:
            fitting[date + time] = span
    if not fitting:
        return None
    first = next(iter(fitting))
    swapped = next((each for each in fitting if each != first and _is_swap(first, each)), None)
    return Moments(first, zoned=zone is not None, days_only=not time, span=fitting[first], swapped=swapped)


def _time_format(parts: re.Match[str]) -> tuple[str, str | None]:
    """The format behind the date, and the zone where the values say it."""
    text = parts["gap"] or ""
    text += "%I:%M" if parts["half"] else "%H:%M"
    text += ":%S" if parts["seconds"] else ""
    text += ".%f" if parts["fraction"] else ""
    text += parts["half"].replace(parts["half"].strip(), "%p") if parts["half"] else ""
    zone: str | None = parts["zone"]
    if zone:
        text += parts["space"] + ("%z" if zone[0] in "+-" else zone)
    return text + (parts["rest"] or ""), zone


def _span(values: list[str], form: str) -> Span | None:
    """The first and the last of the moments; None where a value does not keep the format."""
    span: Span | None = None
    for value in values:
        moment = _read(value, form)
        if moment is None or (form.startswith(_UNMARKED) and not _is_sensible(value, moment)):
            return None
        span = _with(span, moment.replace(tzinfo=None))
    return span


def _with(span: Span | None, moment: datetime) -> Span:
    return (min(span[0], moment), max(span[1], moment)) if span else (moment, moment)


def _is_sensible(value: str, moment: datetime) -> bool:
    """Whether eight digits are a day and no other number."""
    return value[:8].isdigit() and _YEARS[0] <= moment.year < _YEARS[1]


def _read(value: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(value, form)  # noqa: DTZ007 - the zone is asked for elsewhere
    except ValueError:
        return None


def _is_swap(one: str, other: str) -> bool:
    first = bool(_DAY_FIRST.search(one)), bool(_MONTH_FIRST.search(one))
    second = bool(_DAY_FIRST.search(other)), bool(_MONTH_FIRST.search(other))
    return first == second[::-1] and first[0] != first[1]
