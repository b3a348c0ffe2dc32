"""The as-of date that `init` proposes: the exported rows are seen, and `run` takes it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from include.tidemark.as_of import resolve_as_of_date
from include.tidemark.init.propose import propose
from tests.init.looks import ids, look

ROWS = 48


def proposed(first: str, last: str, now: datetime) -> date | None:
    """For orders that are spread evenly from one day to another, in New York's time."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [start + (end - start) * n / (ROWS - 1) for n in range(ROWS)]
    users = look(
        "customers.csv", {"customer_id": ids("c", ROWS), "created_at": [f"{day} 10:00:00" for day in days]}
    )
    orders = look(
        "orders.csv",
        {
            "order_id": ids("o", ROWS),
            "customer_id": ids("c", ROWS),
            "ordered_at": [f"{day} 10:00:00" for day in days],
            "amount": [f"{5 + n * 0.37:.2f}" for n in range(ROWS)],
        },
    )
    return propose([users, orders], now).as_of


LATER = datetime(2026, 12, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last", "now", "expected"),
    [
        ("2026-05-11", "2026-05-17", LATER, "2026-06-01"),
        ("2026-05-11", "2026-05-17", datetime(2026, 5, 20, 12, tzinfo=UTC), "2026-05-18"),
        ("2026-05-11", "2026-05-17", datetime(2026, 5, 17, 20, tzinfo=UTC), "2026-05-17"),
        ("2026-05-11", "2026-05-17", datetime(2026, 6, 1, 2, tzinfo=UTC), "2026-05-18"),  # 31 May in New York
        ("2026-04-27", "2026-05-03", LATER, "2026-06-01"),
        ("2026-02-20", "2026-05-17", LATER, "2026-05-01"),
        ("2026-02-20", "2026-05-17", datetime(2026, 5, 18, 12, tzinfo=UTC), "2026-05-01"),
        ("2026-03-01", "2026-05-31", LATER, "2026-06-01"),
        ("2026-03-01", "2026-05-30", LATER, "2026-06-01"),
        ("2026-03-01", "2026-05-31", datetime(2026, 5, 31, 22, tzinfo=UTC), "2026-05-01"),
        ("2026-05-01", "2026-05-31", LATER, "2026-06-01"),
        ("2026-12-01", "2026-12-20", LATER, "2026-12-21"),
    ],
)
def test_the_proposed_date_sees_the_export_and_is_not_in_the_future(
    first: str, last: str, now: datetime, expected: str
) -> None:
    as_of = proposed(first, last, now)
    assert str(as_of) == expected
    assert resolve_as_of_date(expected, None, now, "America/New_York") == as_of
    seen = min(as_of, date.fromisoformat(last) + timedelta(days=1)) - date.fromisoformat(first)
    assert seen >= timedelta(days=6)
