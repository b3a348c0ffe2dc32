"""As-of dates and instants: how they are written, which can be used, and how months follow each other."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.tidemark.errors import RunIdentityError
from include.tidemark.shared_texts import shown

_EARLIEST = date(1971, 1, 1)
"""The windows before an earlier date would begin before the first second that the warehouses count from."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.]\d{1,6})?)?(Z|[+-]\d{2}:\d{2})"
"""How an instant is written, as a pattern: ISO 8601 with its offset from UTC."""


def resolve_as_of_date(
    parameter: Any, data_interval_end: datetime | None, run_after: datetime, business_timezone: str
) -> date:
    """The as-of date: the parameter, else the local date of the data interval's end, else of `run_after`.

    A manual run in Airflow 3 has no logical date and no data interval, hence the third choice.

    Raises:
        RunIdentityError: the parameter is no ISO date, or the date is after the local day on which the run
            was due.
    """
    zone = ZoneInfo(business_timezone)
    latest = run_after.astimezone(zone).date()
    if parameter not in (None, ""):
        try:
            if not _ISO_DATE.fullmatch(parameter):  # Python also reads 20261101 and 2026-W44-7
                raise ValueError
            as_of_date = date.fromisoformat(parameter)
        except (TypeError, ValueError):
            raise RunIdentityError(
                f"The parameter as_of_date is {shown(parameter)}, which is no date; write it as YYYY-MM-DD, for example 2026-11-01."
            ) from None
    else:
        as_of_date = (data_interval_end or run_after).astimezone(zone).date()
    if as_of_date < _EARLIEST:
        raise RunIdentityError(
            f"The as-of date {as_of_date} is before {_EARLIEST}, of which no row is kept; use a later date."
        )
    if as_of_date > latest:
        raise RunIdentityError(
            f"The as-of date {as_of_date} is in the future: this run was due on {latest} ({business_timezone}),"
            f" so its last day has not been seen; use {latest} or an earlier date."
        )
    return as_of_date


def parse_instant(value: Any) -> datetime:
    """An instant written as ISO 8601 with its offset from UTC, in UTC.

    Raises:
        ValueError: it is none, or has no offset, so that the hour would be guessed.

    >>> parse_instant("2026-05-02T09:00+02:00").isoformat()
    '2026-05-02T07:00:00+00:00'
    """
    try:
        if isinstance(value, datetime):
            value = value.isoformat()
        if not re.fullmatch(INSTANT, value, re.ASCII):
            raise ValueError
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(
            "write it as an instant with its offset from UTC, such as 2026-05-02T09:00:00+02:00"
        ) from None
    if instant.date() < _EARLIEST:
        raise ValueError(f"it is before {_EARLIEST}, of which no row is kept")
    return instant


def refuse_unseen(known_at: datetime | None, started_at: datetime) -> None:
    """Raises:
    RunIdentityError: nobody knows yet what will have been loaded by that instant.
    """
    if known_at is not None and known_at > started_at:
        raise RunIdentityError(
            f"The parameter known_at can't be used: {known_at:%Y-%m-%dT%H:%M:%SZ} is in the future, because this run started at"
            f" {started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}; use that or an earlier instant."
        )


def year_before(day: date) -> date:
    """The same day a year before; of 29 February the 28th.

    >>> year_before(date(2024, 2, 29))
    datetime.date(2023, 2, 28)
    """
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def month_before(day: date, months: int = 1) -> date:
    """The same day some months before; the last of the month where that has no such day.

    >>> month_before(date(2024, 3, 31)), month_before(date(2024, 3, 31), 3)
    (datetime.date(2024, 2, 29), datetime.date(2023, 12, 31))
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))


def newest_month(instant: datetime, business_timezone: str) -> date:
    """The newest first of a month that has begun there: as of that day the last whole month is seen."""
    return instant.astimezone(ZoneInfo(business_timezone)).date().replace(day=1)
