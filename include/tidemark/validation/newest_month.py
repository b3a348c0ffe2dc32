"""The newest complete month of a table that grows day by day, against the months before it: one that did not
arrive, or not whole.

Years of rows hide a month without them from every count of all rows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.allowed import unless_allowed
from include.tidemark.validation.checks import COMPARED, Asset, Check, NotEvaluated, Severity, counted
from include.tidemark.validation.volume import drop_limits
from include.tidemark.warehouse.base import Warehouse

_MONTHS_BEFORE = 3
_FEWEST_ROWS = 100
"""Of a month before; of fewer rows a fall by half may be chance."""
_FEWEST_OF_A_DAY = 20
"""Rows of a usual day: that it has none by chance happens once in 500 million days."""
_FEWEST_OF_AN_HOUR = 30
"""The same of an hour of the day in all of a month."""
_EMPTY_DAYS: tuple[tuple[Severity, int], ...] = (("warning", 2), ("critical", 7))
"""More days without rows than any month before: a holiday or two, and more than a week."""


@dataclass(frozen=True)
class Month:
    """What arrived of one calendar month in the business time zone."""

    begin: date
    days: Mapping[date, int]
    hours: Mapping[int, int]

    @property
    def rows(self) -> int:
        return sum(self.days.values())

    @property
    def empty_days(self) -> int:
        """Days without a row."""
        return (_next(self.begin) - self.begin).days - len(self.days)


def newest_month_asset(run: Run, rows: SourceRows, newest: Month, before: Sequence[Month]) -> Asset:
    """What the newest complete month must hold of what the months before it held, as `arrived` counted
    them."""
    suite, source = f"sources.{rows.table}_newest_month", COMPARED
    seen = counted("newest_month_rows", newest.rows, f"The rows of {rows.relation} in {newest.begin:%Y-%m}")
    if not before or min(month.rows for month in before) < _FEWEST_ROWS:
        reason = f"Not evaluated: there is no complete month before {newest.begin:%Y-%m} with {_FEWEST_ROWS} rows or more."
        return Asset(
            suite, rows.relation, source, (seen,), not_evaluated=(NotEvaluated("newest_month_drop", reason),)
        )
    compared = _Comparison(run, rows, newest, before)
    checks = [seen, *compared.drop(), *compared.empty_days(), *compared.silent_hours()]
    return Asset(suite, rows.relation, source, tuple(checks))


class _Comparison:
    """One month with those before it."""

    def __init__(self, run: Run, rows: SourceRows, newest: Month, before: Sequence[Month]) -> None:
        self.run, self.rows, self.newest, self.before = run, rows, newest, before
        self.where = f"{rows.relation} in {newest.begin:%Y-%m}"
        months = f"{len(before)} months" if len(before) > 1 else "month"
        follow = [month.begin for month in before] == _months_until(_before(newest.begin), len(before))
        last = _next(before[0].begin)
        self.then = (
            f"the {months} before" if follow else f"the {months} before {last:%Y-%m} (the last with rows)"
        )

    def drop(self) -> list[Check]:
        """Fewer rows than in the weakest of the months before."""
        least = min(month.rows for month in self.before)
        return [
            self._check(
                f"newest_month_drop_{severity}",
                100 * (least - self.newest.rows) / least,
                limit,
                severity,
                f"{self.where} has at most {limit:g} % fewer rows than the weakest of {self.then}.",
                f"{self.where} has {self.newest.rows} rows, {{observed}} % fewer than the weakest of {self.then}, which has {least}"
                f" (allowed: {limit:g} %)",
            )
            for severity, limit in drop_limits(self.run)
        ]

    def empty_days(self) -> list[Check]:
        """Days without a row, where a usual day has enough for that to be no chance."""
        usual = min(month.rows / max(len(month.days), 1) for month in self.before)
        if usual < _FEWEST_OF_A_DAY:
            return []
        most = max(month.empty_days for month in self.before)
        return [
            self._check(
                f"newest_month_empty_days_{severity}",
                self.newest.empty_days - most,
                limit,
                severity,
                f"{self.where} has at most {limit} more days without rows than any of {self.then}.",
                f"{self.where} has no rows on {self.newest.empty_days} days, and in {self.then} there were at most {most} such days",
            )
            for severity, limit in _EMPTY_DAYS
        ]

    def silent_hours(self) -> list[Check]:
        """Hours of the day without a row in all of the month."""
        before: Counter[int] = Counter()
        for month in self.before:
            before.update(month.hours)
        usual = [hour for hour, count in before.items() if count / len(self.before) >= _FEWEST_OF_AN_HOUR]
        if not usual or not self.newest.rows:
            return []
        silent = sorted(hour for hour in usual if hour not in self.newest.hours)
        hours = ", ".join(f"{hour}:00" for hour in silent)
        return [
            self._check(
                "newest_month_silent_hours", len(silent), 0, "warning",
                f"{self.where} has rows at every hour of the day that had some in {self.then}.",
                f"{self.where} has no rows at some hours of the day ({hours}) that had some in {self.then}",
            )
        ]  # fmt: skip

    def _check(  # noqa: PLR0917 - read as a table
        self, name: str, observed: float, limit: float, severity: Severity, claim: str, failure: str
    ) -> Check:
        decided, meant = unless_allowed(self.run, self.rows.table, severity)
        return Check(
            name=name,
            measure=f"max({observed:.6f})",
            maximum=limit,
            severity=decided,
            claim=claim,
            failure=f"{failure}: find out whether the source delivered all of the month{meant}.",
        )


def arrived(run: Run, warehouse: Warehouse, rows: SourceRows, moment: str, counts: str) -> list[Month]:
    """The newest complete month, and as many of the three before it as are complete, the newest first.

    Where the month before it has no row either, the three before the last that has some, which may be half a
    month: an export of long ago lacks more than one month.

    Args:
        moment: the column that says when something happened.
        counts: SQL condition of the rows that count, which calls the table by its name in the contract.
    """
    newest = _before(run.as_of_date.replace(day=1))
    source, at = f"{rows.rows} as {rows.table}", f"{rows.table}.{moment}"
    zone = ZoneInfo(run.rules.business_timezone)

    def of(begins: Sequence[date]) -> list[Month]:
        since, until = run.begin_of(begins[-1]), run.begin_of(_next(newest))
        # What lies before is one row without an hour.
        found = warehouse.fetch(
            f"select case when {at} >= {timestamp_literal(since)} then date_trunc('hour', {at}) end as hour, count(*) as n"
            f" from {source} where {counts} and {at} < {timestamp_literal(until)} group by 1"
        )
        local = [
            (row["hour"].replace(tzinfo=UTC).astimezone(zone), int(row["n"])) for row in found if row["hour"]
        ]
        # The history begins somewhere in its first month, which is complete only by chance.
        begins_here = local and len(local) == len(found)
        first = _next(min(local)[0].date().replace(day=1)) if begins_here else date.min
        return [_month(begin, local) for begin in begins if begin == newest or begin >= first]

    months = of([newest, *_months_until(_before(newest), _MONTHS_BEFORE)])
    if len(months) == 1 or months[1].rows:
        return months
    before = f"{at} < {timestamp_literal(run.begin_of(newest))}"
    last = warehouse.fetch(f"select max({at}) as last from {source} where {counts} and {before}")[0]["last"]
    if last is None:
        return months[:1]
    local_day = last.replace(tzinfo=UTC).astimezone(zone).date()
    return of([newest, *_months_until(_before(local_day.replace(day=1)), _MONTHS_BEFORE)])


def _months_until(begin: date, count: int) -> list[date]:
    """The begins of that many months, the last first."""
    months = [begin]
    while len(months) < count:
        months.append(_before(months[-1]))
    return months


def _month(begin: date, hours: list[tuple[datetime, int]]) -> Month:
    days: Counter[date] = Counter()
    by_hour: Counter[int] = Counter()
    for at, count in hours:
        if begin <= at.date() < _next(begin):
            days[at.date()] += count
            by_hour[at.hour] += count
    return Month(begin, days, by_hour)


def _before(begin: date) -> date:
    return (begin - timedelta(days=1)).replace(day=1)


def _next(begin: date) -> date:
    return (begin + timedelta(days=31)).replace(day=1)
