"""The local day of a UTC timestamp as SQL that every warehouse reads alike, for checks that share no code
with the models."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from include.tidemark.sources.timestamps import timestamp_literal

_MINUTE = timedelta(minutes=1)


def local_day(expression: str, zone: str, first: datetime, last: datetime) -> str:
    """SQL: the date of a UTC timestamp in a time zone, right for timestamps from `first` to `last`.

    The zone's offsets are written out, with the instants at which one follows another.

    >>> local_day("at", "Etc/GMT+5", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    "cast(at - interval '300 minutes' as date)"
    """
    known = ZoneInfo(zone)
    changes = _changes(known, first, last)
    offsets = [_offset(known, first), *(_offset(known, change) for change in changes)]
    days = [
        f"cast({expression} {'-' if offset < 0 else '+'} interval '{abs(offset)} minutes' as date)"
        for offset in offsets
    ]
    if not changes:
        return days[0]
    # The newest first: most rows of a table are of its last years.
    branches = " ".join(
        f"when {expression} >= {timestamp_literal(change)} then {day}"
        for change, day in zip(reversed(changes), reversed(days[1:]), strict=True)
    )
    return f"case {branches} else {days[0]} end"


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = instant.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset / _MINUTE)


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """The instants between `first` and `last` from which on another offset holds."""
    found = []
    start = first.astimezone(UTC).replace(second=0, microsecond=0)
    while start < last:
        end = start + timedelta(days=1)
        if _offset(zone, start) != _offset(zone, end):
            low, high = start, end
            while high - low > _MINUTE:
                middle = low + (high - low) // 2
                middle = middle.replace(second=0, microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, start) else (low, middle)
            found.append(high)
        start = end
    return found
