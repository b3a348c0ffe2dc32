"""What the two engines call the few things that reading a source needs. No pattern or format holds a
backslash, which they quote differently."""

import re
from collections.abc import Mapping
from typing import Protocol

from include.tidemark.errors import SourceError
from include.tidemark.sources.literals import text_literal

ISO_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
ISO_TIME = "[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
ZERO_TIME = "([ T]00:00(:00([.]0+)?)?)?"
_SHIFT = "[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?"
_OFFSET = f"[ ]?([Zz]|{_SHIFT})"
# Of the abbreviations only those that mean one thing: to some BST is British and to others of Bangladesh, and
# CET has a summer. DuckDB also knows names that are not IANA's: Etc/Unknown would be UTC.
_AREA = "(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Europe|Indian|Mexico|Pacific|US)"
_ETC = "Etc/(GMT([+-]?[0-9]+)?|UTC|UCT|Universal|Zulu|Greenwich)"
_ZONE = f"[ ](UTC|GMT|EST|MST|HST|{_AREA}(/[A-Za-z0-9_+-]+)+|{_ETC})"


class Dialect(Protocol):
    """One engine."""

    name: str
    """As sqlglot calls it."""

    def matches(self, text: str, pattern: str) -> str:
        """Condition: the whole text keeps a regular expression."""

    def moment(self, text: str, form: str) -> str:
        """The time that a text of a strptime format tells of, or null; of one with an offset it is the time
        in UTC."""

    def iso_moment(self, text: str, zone: str | None) -> str | None:
        """The UTC time of a text as ISO 8601 writes it, or null; None where the engine can't be told to read
        just that.

        An offset or the name of a zone may follow the time.
        """

    def local_to_utc(self, time: str, zone: str) -> str:
        """A zone's local time in UTC."""

    def zoned_to_utc(self, time: str) -> str:
        """A time that carries its zone, in UTC and without one."""

    def number(self, number: str, data_type: str) -> str:
        """A number as another type of number that holds it."""

    def from_epoch(self, microseconds: str) -> str:
        """The time that many microseconds after 1970."""

    def json_text(self, value: str) -> str:
        """The JSON text of a JSON value, a list or a struct."""


class DuckDB:
    """DuckDB, as a warehouse and as the reader of landing files."""

    name = "duckdb"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {text_literal(pattern)})"

    def moment(self, text: str, form: str) -> str:
        # The words epoch and infinity would be the year 1900, whatever the format is.
        read = (
            f"case when regexp_matches({text}, '[0-9]') then try_strptime({text}, {text_literal(form)}) end"
        )
        if "%z" in form:  # it would take +99:00, and 75 minutes
            read = f"case when {self.matches(text, _written(form))} then {read} end"
        if "%j" in form:  # day 366 of a year of 365 would be the first of the next
            read = f"case when dayofyear({read}) > 1 or {self.matches(text, _written(form, '0{0,2}1'))} then {read} end"
        return self.zoned_to_utc(read) if "%z" in form else read

    def iso_moment(self, text: str, zone: str | None) -> str | None:
        # A cast to timestamp ignores whatever follows the seconds; a cast to timestamptz does not, but would
        # take 'epoch'.
        local = f"try_cast({text} as timestamp)"
        offset = f"replace(replace(replace(upper({text}), 'Z', '+00'), ' +', '+'), ' -', '-')"
        return (
            f"case when {self.matches(text, f'{ISO_DATE}({ISO_TIME})?')} then"
            f" {self.local_to_utc(local, zone) if zone else local}"
            f" when {self.matches(text, f'{ISO_DATE}{ISO_TIME}{_OFFSET}')} then"
            f" {self.zoned_to_utc(f'try_cast({offset} as timestamptz)')}"
            f" when {self.matches(text, f'{ISO_DATE}{ISO_TIME}{_ZONE}')} then"
            f" {self.zoned_to_utc(f'try_cast({text} as timestamptz)')} end"
        )

    def local_to_utc(self, time: str, zone: str) -> str:
        return f"timezone('UTC', timezone('{zone}', {time}))"

    def zoned_to_utc(self, time: str) -> str:
        return f"timezone('UTC', cast({time} as timestamptz))"

    def number(self, number: str, data_type: str) -> str:
        # In a filter DuckDB computes a cast also for rows that a case before it keeps away, such as those of
        # NaN.
        return f"try_cast({number} as {data_type})"

    def from_epoch(self, microseconds: str) -> str:
        return f"make_timestamp({microseconds})"

    def json_text(self, value: str) -> str:
        return f"cast(to_json({value}) as varchar)"


class Snowflake:
    """Snowflake."""

    name = "snowflake"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_like({text}, {text_literal(pattern)})"

    def moment(self, text: str, form: str) -> str:
        theirs = text_literal(snowflake_format(form))
        if "%z" in form:
            return self.zoned_to_utc(f"try_to_timestamp_tz({text}, {theirs})")
        return f"try_to_timestamp_ntz({text}, {theirs})"

    def iso_moment(self, text: str, zone: str | None) -> str | None:  # noqa: ARG002 - as every dialect's
        return None  # without a format Snowflake also takes numbers, and words in several orders

    def local_to_utc(self, time: str, zone: str) -> str:
        return f"convert_timezone('{zone}', 'UTC', {time})"

    def zoned_to_utc(self, time: str) -> str:
        return f"cast(convert_timezone('UTC', {time}) as timestamp_ntz)"

    def number(self, number: str, data_type: str) -> str:
        return f"cast({number} as {data_type})"  # its try_cast is for texts alone

    def from_epoch(self, microseconds: str) -> str:
        return f"to_timestamp_ntz({microseconds}, 6)"

    def json_text(self, value: str) -> str:
        return f"to_json({value})"


_WORDS = {
    "Y": "[0-9]{1,4}",
    "f": "[0-9]{1,9}",
    "p": "[A-Za-z]+",
    "b": "[A-Za-z]+",
    "B": "[A-Za-z]+",
    "%": "%",
}


def _written(form: str, day: str = "[0-9]{1,3}") -> str:
    """What texts of a strptime format look like, as far as that is needed to hold its offset (%z) and day of
    the year (%j).

    Args:
        day: which days of the year.
    """
    words = _WORDS | {"j": day, "z": _SHIFT}
    parts = re.findall(r"%.|[^%]", form)
    return "".join(
        words.get(part[1], "[0-9]{1,2}") if part[0] == "%" else part if part.isalnum() else "."
        for part in parts
    )


DIALECTS: Mapping[str, Dialect] = {"duckdb": DuckDB(), "snowflake": Snowflake()}

_SNOWFLAKE_DIRECTIVES = {
    "d": "DD", "m": "MM", "Y": "YYYY", "y": "YY", "H": "HH24", "I": "HH12", "M": "MI", "S": "SS", "f": "FF", "p": "AM",
    "b": "MON", "B": "MMMM", "z": "TZHTZM", "%": "%",
}  # fmt: skip


def snowflake_format(form: str) -> str:
    """A strptime format in Snowflake's own words; letters between the directives are quoted.

    Raises:
        SourceError: Snowflake has no word for a directive.

    >>> snowflake_format("%d.%m.%Y %H:%M"), snowflake_format("%Y-%m-%dT%H:%M")
    ('DD.MM.YYYY HH24:MI', 'YYYY-MM-DD"T"HH24:MI')
    """
    if '"' in form:
        raise SourceError(
            f"The format {form} has a double quote, which Snowflake takes for its own; convert the column in a view."
        )
    parts = re.findall(r"%.|[A-Za-z]+|[^%A-Za-z]+", form)
    words = []
    for part in parts:
        if not part.startswith("%"):
            words.append(f'"{part}"' if part.isalpha() else part)
        elif word := _SNOWFLAKE_DIRECTIVES.get(part[1]):
            words.append(word)
        else:
            raise SourceError(
                f"The format {form} has {part}, which Snowflake can't read; convert the column in a view."
            )
    return "".join(words)
