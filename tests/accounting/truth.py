"""What two months of deliveries mean, and a plain recomputation of the numbers and of the account from that.
No SQL is shared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
FIRST, AS_OF = date(2026, 9, 1), date(2026, 10, 1)
"""The month that is published, and the one whose delivery is damaged."""
USERS, TESTERS = 72, 12
_WINDOW = timedelta(days=90)


@dataclass(frozen=True)
class User:
    """One row of the users as its sender means it."""

    user_id: str
    created_at: datetime
    platform: str | None
    country: str | None
    is_test_user: bool | None
    username: str | None
    email: str | None


@dataclass(frozen=True)
class Purchase:
    """One row of the transactions as its sender means it; times are in UTC."""

    transaction_id: str
    user_id: str
    transaction_at: datetime
    amount_usd: Decimal
    fee_usd: Decimal | None
    category: str | None
    status: str | None

    @cached_property
    def cents(self) -> int:
        """Of the amount with the four decimals that the contract holds; more are rounded, and the gate warns
        of them."""
        return int(
            (self.amount_usd.quantize(Decimal("0.0001"), ROUND_HALF_UP) * 100).quantize(
                Decimal(1), ROUND_HALF_UP
            )
        )

    @cached_property
    def is_posted(self) -> bool:
        return (self.status or "posted").strip(" ").lower() == "posted"

    @cached_property
    def day(self) -> date:
        return self.transaction_at.replace(tzinfo=UTC).astimezone(ZONE).date()


class Rows(NamedTuple):
    """One delivery of both tables."""

    users: tuple[User, ...]
    transactions: tuple[Purchase, ...]


def delivered_by(moment: datetime) -> Rows:
    """All rows that existed at a moment."""
    users = tuple(_user(i) for i in range(USERS))
    return Rows(users, tuple(row for row in _purchases() if row.transaction_at < moment))


def user_id(i: int) -> str:
    """An id with leading zeros, which no other number in a message looks like."""
    return f"007700{i:03d}"


def _user(i: int) -> User:
    name = ["markedname", 'markedname "Z", Zoé', "markedname #1\nsecond line", ""][i % 4] + (
        str(i) if i % 4 else ""
    )
    return User(
        user_id(i),
        datetime(2025, 12, 2, 17) + timedelta(hours=i),
        ["ios", "android", "web"][i % 3],
        "US" if i % 2 else "DE",
        i < TESTERS,
        name or None,
        f"marked{i}@example.org" if i % 5 else None,
    )


_KINDS: tuple[tuple[int, str, Callable[[int], float]], ...] = (
    (300, "Travel", lambda month: 9000),
    (300, "Grocery", lambda month: 300),
    (300, "Dining", lambda month: 2500),
    (110, "Gas", lambda month: 100 * 1.4**month),
    (300, "Dining", lambda month: 9000 * 0.8**month),
)
"""By kind of customer: how many days before the second as-of date they began, what they mostly buy, dollars
by month since then."""


def _purchases() -> list[Purchase]:
    random, rows = Random(11), []
    end = datetime(2026, 10, 1, 4)

    def add(i: int, at: datetime, amount: float, category: str | None, status: str | None) -> None:
        fee = None if len(rows) % 3 == 0 else Decimal("0.10")
        value = Decimal(str(round(amount, 2)))
        rows.append(Purchase(f"markedtx{len(rows):05d}", user_id(i), at, value, fee, category, status))

    for i in range(USERS):
        began, usual, dollars = _KINDS[i % len(_KINDS)]
        for day in range(3 + i % 23, began, 45):
            at = end - timedelta(days=day, hours=random.randrange(12), microseconds=random.randrange(10**9))
            amount = dollars((began - day) // 30) * random.uniform(0.95, 1.05)
            add(i, at, amount, None if len(rows) % 9 == 0 else usual, [None, "posted"][i % 2])
            if random.random() < 0.25:
                add(i, at + timedelta(minutes=5), -amount / 9, usual, "posted")
            if random.random() < 0.3:
                add(
                    i,
                    at + timedelta(minutes=9),
                    amount,
                    usual,
                    random.choice(["declined", "declined", "pending"]),
                )
    midnights = [
        datetime(2026, 10, 1, 4),
        datetime(2026, 9, 1, 4),
        datetime(2026, 7, 3, 4),
        datetime(2026, 4, 4, 4),
    ]
    for i, midnight in enumerate(midnights):
        for shift in (-1, 0):
            add(20 + i, midnight + timedelta(microseconds=shift), 11.37 + i, "Gas", "posted")
    return rows


class Numbers(NamedTuple):
    """What is published of one customer."""

    total_transactions: int
    lifetime_cents: int
    spend_cents: int
    prior_cents: int
    first: date
    last: date
    is_dormant: bool
    segment: str


def customers(rows: Rows, as_of: date = AS_OF) -> dict[str, Numbers]:
    """The published numbers of each customer, recomputed row by row."""
    testers = {user.user_id for user in rows.users if user.is_test_user}
    by_user = defaultdict(list)
    for row in rows.transactions:
        if row.is_posted and row.day < as_of and row.user_id not in testers:
            by_user[row.user_id].append(row)
    return {user: _numbers(own, as_of) for user, own in by_user.items() if any(row.cents > 0 for row in own)}


def _numbers(own: Sequence[Purchase], as_of: date) -> Numbers:
    bought = [row for row in own if row.cents > 0]
    spend = sum(row.cents for row in own if row.day >= as_of - _WINDOW)
    prior = sum(row.cents for row in own if as_of - 2 * _WINDOW <= row.day < as_of - _WINDOW)
    days = [row.day for row in bought]
    segment = _segment(bought, spend, prior, min(days), as_of)
    dormant = not any(day >= as_of - 2 * _WINDOW for day in days)
    lifetime = sum(row.cents for row in own)
    return Numbers(len(bought), lifetime, spend, prior, min(days), max(days), dormant, segment)


def _months(first: date, as_of: date) -> int:
    return (as_of.year - first.year) * 12 + as_of.month - first.month - (as_of.day < first.day)


def _segment(bought: Iterable[Purchase], spend: int, prior: int, first: date, as_of: date) -> str:
    """The five segments with the thresholds that are shipped."""
    gross: dict[str, int] = defaultdict(int)
    for row in bought:
        gross[(row.category or "").strip(" ").upper()] += row.cents
    total = sum(gross.values())
    travel = Fraction(100 * sum(gross[name] for name in ("TRAVEL", "AIRLINES", "HOTELS")), total)
    needs = Fraction(100 * sum(gross[name] for name in ("GROCERY", "GAS", "UTILITIES")), total)
    change = Fraction(100 * (spend - prior), prior) if prior > 0 else None
    if spend >= 3 * 500_000 and travel >= 25:
        return "High-Value Travelers"
    if change is not None and change <= -30 and prior >= 200_000:
        return "Declining"
    starts = spend > 0 and first >= as_of - 2 * _WINDOW
    if _months(first, as_of) <= 6 and (change >= 50 if change is not None else starts):
        return "New & Growing"
    return "Budget-Conscious" if spend < 3 * 150_000 and needs >= 60 else "Stable Mid-Spenders"


class Sums(NamedTuple):
    """Rows and cents of one line of the account; cents are None of a table without money."""

    rows: int
    cents: int | None


def account(rows: Rows, as_of: date = AS_OF) -> dict[tuple[str, str], Sums]:
    """The lines of the row account by table and reason; lines without rows are left out."""
    lines: dict[tuple[str, str], list[int | None]] = {}

    def count(table: str, reason: str, cents: int | None) -> None:
        line = lines.setdefault((table, reason), [0, cents and 0])
        line[0] += 1  # type: ignore[operator]
        line[1] = None if cents is None else (line[1] or 0) + cents

    testers = {user.user_id for user in rows.users if user.is_test_user}
    buyers = {row.user_id for row in rows.transactions if row.is_posted and row.day < as_of and row.cents > 0}
    for user in rows.users:
        before = user.created_at.replace(tzinfo=UTC).astimezone(ZONE).date() < as_of
        count("users", "loaded", None)
        count("users", "before_as_of" if before else "after_as_of", None)
        if before:
            fate = "used" if user.user_id in buyers else "no_purchase"
            count("users", "test_user" if user.is_test_user else fate, None)
    for row in rows.transactions:
        count("transactions", "loaded", row.cents)
        count("transactions", "before_as_of" if row.day < as_of else "after_as_of", row.cents)
        if row.day < as_of:
            count("transactions", _fate(row, testers, buyers, as_of), row.cents)
    return {key: Sums(int(n or 0), cents) for key, (n, cents) in lines.items()}


def _fate(row: Purchase, testers: set[str], buyers: set[str], as_of: date) -> str:
    if not row.is_posted:
        return "not_posted"
    if row.user_id in testers:
        return "test_user"
    if row.user_id not in buyers:
        return "no_purchase"
    return "outside_window" if row.day < as_of - 2 * _WINDOW else "used"
