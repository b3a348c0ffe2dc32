"""Install cohorts: what SQL counted of them, and the rows that statistics make of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from include.tidemark.run import Run
from include.tidemark.statistics.cells import Cells, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.means import hall_interval
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.retention import RetentionCount
from include.tidemark.statistics.trust import Sample, Tail, flag, tail_of
from include.tidemark.warehouse.base import Row, Warehouse

ALL_COHORTS = "All cohorts"
"""The segment of the rows about the install cohorts of all days together."""
REVENUE_PER_USER = "cohort_revenue_per_user"
_METHOD = "hall_skew_t"
_CENTS = 100


@dataclass(frozen=True)
class Cohort:
    """The users of one day of sign-up, that many days after it."""

    cohort_date: date
    day: int
    users: int
    matured: int
    """Users whose day is over: all of them, or none."""
    active_on_day: int
    followed: int
    """Users whose follow-up after that day is over, too: all of them, or none."""
    active_on_day_or_later: int
    is_burn_in: bool
    """Whether it is of the first days of the data, when everybody who is there is new."""
    revenue: Cells
    """Cents of the matured users from day 0 to this day: those without revenue, and the others. Without
    transactions they are all without, which is published of nobody."""

    @property
    def name(self) -> str:
        """The segment of its rows."""
        return self.cohort_date.isoformat()


def read_cohorts(run: Run, warehouse: Warehouse) -> list[Cohort]:
    """The run's cohorts, by date and day."""
    rows = warehouse.fetch(
        "select cohort_date, day_number, user_count, matured_users, active_on_day, followed_users, active_on_day_or_later,"
        " is_burn_in, users_with_revenue, revenue_s1, revenue_s2, revenue_s3 from runs.install_cohort_retention where run_key = ?",
        (run.run_key,),
    )
    return sorted((_cohort(row) for row in rows), key=lambda cohort: (cohort.cohort_date, cohort.day))


def _cohort(row: Row) -> Cohort:
    matured = int(row["matured_users"])
    return Cohort(
        cohort_date=row["cohort_date"],
        day=int(row["day_number"]),
        users=int(row["user_count"]),
        matured=matured,
        active_on_day=int(row["active_on_day"]),
        followed=int(row["followed_users"]),
        active_on_day_or_later=int(row["active_on_day_or_later"]),
        is_burn_in=bool(row["is_burn_in"]),
        revenue=_revenue(row, matured),
    )


def _revenue(row: Row, matured: int) -> Cells:
    paying = int(row["users_with_revenue"] or 0)
    sums = {f"s{power}": int(row[f"revenue_s{power}"] or 0) for power in (1, 2, 3)}
    return Cells.from_rows(
        [
            {"bin": "none", "n": matured - paying, "s1": 0, "s2": 0, "s3": 0},
            {"bin": "some", "n": paying, **sums},
        ]
    )


def horizon(day: int) -> str:
    """The horizon of a day's rows.

    >>> horizon(7)
    '7d'
    """
    return f"{day}d"


def days_of(cohorts: Iterable[Cohort]) -> list[int]:
    """The days after sign-up, ascending."""
    return sorted({cohort.day for cohort in cohorts})


def retention_counts(cohorts: Sequence[Cohort], together: str | None = None) -> list[RetentionCount]:
    """The counts of each cohort and day; with `together`, all cohorts as parts of one group of that name."""
    return [
        RetentionCount(
            together or c.name,
            horizon(c.day),
            c.users,
            c.matured,
            c.active_on_day,
            c.active_on_day_or_later,
            unit=c.name,
            followed=c.followed,
            left_out="burn_in" if c.is_burn_in else None,
        )
        for c in sorted(cohorts, key=lambda cohort: cohort.day)
    ]


def revenue_rows(
    cohorts: Sequence[Cohort], config: StatisticsConfig, together: str | None = None
) -> list[ResultRow]:
    """Mean revenue a user in dollars from sign-up to each day, with Hall's interval; with `together`, of all
    cohorts."""
    days = days_of(cohorts)
    everybody = {day: merge(c.revenue for c in cohorts if c.day == day) for day in days}
    # Where no cohort's day is over there is nobody, and nothing to refer to.
    tails = {day: tail_of(cells) if cells.size else Tail(0, 0.0, 0.0) for day, cells in everybody.items()}
    if together is None:
        return [
            _revenue_row(c.name, c.day, c.users, c.revenue, config, everybody=tails[c.day]) for c in cohorts
        ]
    users = {day: sum(c.users for c in cohorts if c.day == day) for day in days}
    return [
        _revenue_row(together, day, users[day], everybody[day], config, everybody=tails[day]) for day in days
    ]


def _revenue_row(
    name: str, day: int, users: int, cells: Cells, config: StatisticsConfig, *, everybody: Tail
) -> ResultRow:
    known: dict[str, Any] = {
        "segment": name,
        "horizon": horizon(day),
        "n": cells.size,
        "confidence_level": config.confidence_level,
        "is_mature": cells.size > 0 or users == 0,
    }
    reason = "window_not_complete" if users and not cells.size else withheld(cells, config)
    if reason:
        return null_row(REVENUE_PER_USER, _METHOD, reason, **known)
    estimate = cells.mean / _CENTS
    if cells.variance == 0:
        return ResultRow(REVENUE_PER_USER, estimate, _METHOD, reason="no_variation", **known)
    low, high = (end / _CENTS for end in hall_interval(cells, config.confidence_level))
    trust, reason = flag(_METHOD, Sample(tail_of(cells), everybody))
    return ResultRow(
        REVENUE_PER_USER, estimate, _METHOD, ci_low=low, ci_high=high, trust=trust, reason=reason, **known
    )
