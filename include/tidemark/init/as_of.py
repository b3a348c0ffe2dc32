"""The as-of date of the first run that `init` proposes: one that sees the data, and that has come."""

from collections.abc import Sequence
from datetime import date, timedelta

Days = tuple[date, date]
"""The first and the last day of a table."""

_ENOUGH = timedelta(days=28)
"""Of an export that is shorter, the whole is seen rather than its whole months."""
_LATE = timedelta(days=2)
"""Of a sample the last day or two of a month may be missing."""


def first_as_of(tables: Sequence[Days], today: date | None = None) -> date | None:
    """The first of the month up to which the tables are whole; for short exports the first of the next one,
    or the day after the last row.

    Args:
        tables: what the events or transactions cover.
        today: no later date is proposed, as `run` refuses it.

    >>> spring = date(2026, 2, 8), date(2026, 5, 8)
    >>> week = date(2026, 5, 4), date(2026, 5, 10)
    >>> [str(first_as_of([days])) for days in (spring, week)], str(first_as_of([week], date(2026, 5, 11)))
    (['2026-05-01', '2026-06-01'], '2026-05-11')
    """
    if not tables:
        return None
    latest = max(last for _, last in tables)
    earliest = max(first for first, _ in tables)
    following = (latest.replace(day=1) + timedelta(days=31)).replace(day=1)
    firsts = [(latest + _LATE).replace(day=1), latest.replace(day=1)]
    come = [day for day in (*firsts, following) if today is None or day <= today]
    for day in come:
        if day - earliest >= _ENOUGH:
            return day
    if following in come:
        return following
    after = latest + timedelta(days=1)
    return after if today is None else min(after, today)
