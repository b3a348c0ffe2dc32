"""What the two engines call the few things that reading a source needs. No pattern or format holds a backslash, which they
quote differently."""

import re
from collections.abc import Mapping
from typing import Protocol

from include.tidemark.errors import SourceError
from include.tidemark.sources.literals import text_literal

ISO_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
ISO_TIME = "[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_OFFSET_OR_ZONE = "[ ]*(Z|z|[+-][0-9]{2}(:?[0-9]{2})?|[A-Z][A-Za-z_]*(/[A-Za-z_]+)*)"


class Dialect(Protocol):
    """One engine."""

    name: str
    """As sqlglot calls it."""

    def matches(self, text: str, pattern: str) -> str:
        """Condition: the whole text keeps a regular expression."""

    def moment(self, text: str, form: str) -> str:
        """The time that a text of a strptime format tells of, or null; of one with an offset it is the time in UTC."""

    def iso_moment(self, text: str, zone: str | None) -> str | None:
        """The UTC time of a text as ISO 8601 writes it, or null; None where the engine can't be told to read just that."""

    def local_to_utc(self, time: str, zone: str) -> str:
        """A zone's local time in UTC."""

    def zoned_to_utc(self, time: str) -> str:
        """A time that carries its zone, in UTC and without one."""

    def from_epoch(self, microseconds: str) -> str:
        """The time so many microseconds after 1970."""


class DuckDB:
    """DuckDB, as a warehouse and as the reader of landing files."""

    name = "duckdb"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, {text_literal(pattern)})"

    def moment(self, text: str, form: str) -> str:
        read = f"try_strptime({text}, {text_literal(form)})"
        return self.zoned_to_utc(read) if "%z" in form else read

    def iso_moment(self, text: str, zone: str | None) -> str | None:
        # A cast to timestamp ignores whatever follows the seconds; a cast to timestamptz does not, but would take 'epoch'.
        local = f"try_cast({text} as timestamp)"
        zoned = self.zoned_to_utc(f"try_cast(regexp_replace({text}, '[ ]+([+-])', '\\1') as timestamptz)")
        return (
            f"case when {self.matches(text, f'{ISO_DATE}({ISO_TIME})?')} then"
            f" {self.local_to_utc(local, zone) if zone else local}"
            f" when {self.matches(text, f'{ISO_DATE}{ISO_TIME}{_OFFSET_OR_ZONE}')} then {zoned} end"
        )

    def local_to_utc(self, time: str, zone: str) -> str:
        return f"timezone('UTC', timezone('{zone}', {time}))"

    def zoned_to_utc(self, time: str) -> str:
        return f"timezone('UTC', cast({time} as timestamptz))"

    def from_epoch(self, microseconds: str) -> str:
        return f"make_timestamp({microseconds})"


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

    def iso_moment(self, text: str, zone: str | None) -> str | None:
        return None  # without a format Snowflake also takes numbers, and words in several orders

    def local_to_utc(self, time: str, zone: str) -> str:
        return f"convert_timezone('{zone}', 'UTC', {time})"

    def zoned_to_utc(self, time: str) -> str:
        return f"cast(convert_timezone('UTC', {time}) as timestamp_ntz)"

    def from_epoch(self, microseconds: str) -> str:
        return f"to_timestamp_ntz({microseconds}, 6)"


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
