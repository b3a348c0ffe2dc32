"""At which local hour of the business things happen: a wrong time zone puts the night into the day."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from include.tidemark.doctor.findings import Finding
from include.tidemark.validation.checks import count_where

FEWEST_ROWS = 200
NIGHT_HOURS = 6
QUIET_SHARE = 0.15
"""Six hours would have a quarter of everything if no hour differed from another; a night has a good deal
less."""
DAY_BEGINS, DAY_ENDS = 9, 21
"""Hours between which the middle of the night can't be."""
_NEARLY_ALL = 0.99
_USUAL_NIGHT = 3
"""Where several stretches are as quiet, such as when a shop is closed for 14 hours, that around three o'clock
is the night."""


def local_time(at: str, zone: str, dialect: str) -> str:
    """SQL: a UTC timestamp as local time of a zone, which is one of IANA's."""
    if dialect == "snowflake":
        return f"convert_timezone('UTC', '{zone}', {at})"
    return f"timezone('{zone}', timezone('UTC', {at}))"


def measures(at: str, zone: str, dialect: str) -> dict[str, str]:
    """SQL of what `look_at_hours` needs to know."""
    hour = f"extract(hour from {local_time(at, zone, dialect)})"
    whole = f"extract(minute from {at}) = 0 and extract(second from {at}) = 0"
    return {
        "whole_hours": count_where(whole),
        "utc_midnights": count_where(f"{whole} and extract(hour from {at}) = 0"),
        **{f"hour_{number}": count_where(f"{hour} = {number}") for number in range(24)},
    }


def look_at_hours(own: Mapping[str, Any], zone: str, subject: str, column: str) -> Iterator[Finding]:
    """Dates without a time, and nights by day."""
    by_hour = [int(own[f"hour_{number}"]) for number in range(24)]
    count = sum(by_hour)
    if not count:
        return
    busiest = sorted(by_hour, reverse=True)
    if own["whole_hours"] >= _NEARLY_ALL * count and sum(busiest[:2]) >= _NEARLY_ALL * count:
        # Two hours, because a zone's midnight has two in another with summer time of its own.
        yield _without_time(by_hour, count, zone, subject, column)
    elif count < FEWEST_ROWS:
        yield Finding(subject, "ok", f"Too few rows ({count}) to tell day from night.")
    else:
        yield _night(by_hour, count, zone, subject, column)


def _without_time(by_hour: Sequence[int], count: int, zone: str, subject: str, column: str) -> Finding:
    if by_hour[0] >= _NEARLY_ALL * count:
        return Finding(
            subject, "ok", f"They are dates without a time, each the midnight of its day in {zone}."
        )
    hour = max(range(24), key=by_hour.__getitem__)
    return Finding(
        subject,
        "warning",
        f"They seem to be dates without a time, but are at {hour}:00 in {zone}, many of them fall on another day.",
        f"Say `timezone: {zone}` for {column} in sources.yml, unless they are of another zone.",
    )


def _night(by_hour: Sequence[int], count: int, zone: str, subject: str, column: str) -> Finding:
    start = quietest(by_hour)
    quiet = sum(by_hour[(start + step) % 24] for step in range(NIGHT_HOURS)) / count
    hours = f"{start}:00 to {(start + NIGHT_HOURS) % 24}:00"
    if quiet >= QUIET_SHARE:
        return Finding(subject, "ok", f"No six hours of the day in {zone} are much quieter than the others.")
    if not DAY_BEGINS <= (start + NIGHT_HOURS / 2) % 24 <= DAY_ENDS:
        return Finding(subject, "ok", f"The quietest six hours are {hours} in {zone}.")
    return Finding(
        subject,
        "warning",
        f"The quietest six hours are {hours} in {zone}, where people are awake.",
        f"Look at the time zone: `timezone` of {column} in sources.yml, or `business_timezone` in rules.yml.",
    )


def quietest(by_hour: Sequence[int]) -> int:
    """The first of the six hours in a row in which least happens.

    >>> quietest([1, 0, 0, 0, 0, 0, 0, 9] + 16 * [20])
    1
    """

    def happens(start: int) -> int:
        return sum(by_hour[(start + step) % 24] for step in range(NIGHT_HOURS))

    def from_night(start: int) -> float:
        apart = abs((start + NIGHT_HOURS / 2) % 24 - _USUAL_NIGHT)
        return min(apart, 24 - apart)

    return min(range(24), key=lambda start: (happens(start), from_night(start)))
