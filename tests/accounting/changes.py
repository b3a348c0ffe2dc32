"""What may be wrong with the rows themselves. The rows that a change gives are what the delivery then says,
word for word.

Many of these can't be told from what really happened, so a month may be published on them; but then as the
delivery says it, and with every row in the account. `must_stop` says which of them no limit of the shipped
rules lets pass.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from tests.accounting.truth import AS_OF, FIRST, Purchase, Rows, User, customers, delivered_by

MONTH_ONE = delivered_by(datetime(2026, 9, 1, 5))
MONTH_TWO = delivered_by(datetime(2026, 10, 1, 5))
_CUSTOMERS_BEFORE = customers(MONTH_ONE, FIRST).keys()


class Hits(NamedTuple):
    """Which rows a change is about: every `step`th from `start` on."""

    start: int
    step: int

    def hit(self, position: int) -> bool:
        return position >= self.start and (position - self.start) % self.step == 0


Change = Callable[[Rows, Hits], Rows]


def must_stop(rows: Rows) -> bool:
    """Whether rows break the contract, or a limit between two months, whatever else is true of them."""
    users, transactions = {u.user_id for u in rows.users}, rows.transactions
    if not users or not transactions or len(users) < len(rows.users):
        return True
    if len({t.transaction_id for t in transactions}) < len(transactions):
        return True
    if not all([*users, *(t.user_id for t in transactions), *(t.transaction_id for t in transactions)]):
        return True
    unknown = sum(t.user_id not in users for t in transactions)
    vanished = _CUSTOMERS_BEFORE - users - {t.user_id for t in transactions}
    return (
        (unknown >= 10 and unknown > 0.25 * len(transactions))
        or (len(vanished) >= 10 and len(vanished) > 0.2 * len(_CUSTOMERS_BEFORE))
        or _counted(rows, AS_OF) < 0.5 * _counted(MONTH_ONE, FIRST)
        or min(t.transaction_at for t in transactions) < datetime(2006, 10, 1)
        or min(u.created_at for u in rows.users) < datetime(2006, 10, 1)
    )


def _counted(rows: Rows, as_of: object) -> int:
    return sum(t.is_posted and t.day < as_of for t in rows.transactions)  # type: ignore[operator]


def of_users(change: Callable[[User], User]) -> Change:
    def apply(rows: Rows, hits: Hits) -> Rows:
        return rows._replace(users=tuple(change(u) if hits.hit(i) else u for i, u in enumerate(rows.users)))

    return apply


def of_transactions(change: Callable[[Purchase], Purchase]) -> Change:
    def apply(rows: Rows, hits: Hits) -> Rows:
        changed = tuple(change(t) if hits.hit(i) else t for i, t in enumerate(rows.transactions))
        return rows._replace(transactions=changed)

    return apply


def _of_ids(change: Callable[[str], str], *, both: bool) -> Change:
    def apply(rows: Rows, hits: Hits) -> Rows:
        if both:
            hit = {u.user_id for i, u in enumerate(rows.users) if hits.hit(i)}
            users = tuple(
                replace(u, user_id=change(u.user_id)) if u.user_id in hit else u for u in rows.users
            )
            return Rows(
                users,
                tuple(
                    replace(t, user_id=change(t.user_id)) if t.user_id in hit else t
                    for t in rows.transactions
                ),
            )
        return of_transactions(lambda t: replace(t, user_id=change(t.user_id)))(rows, hits)

    return apply


def _cut(rows: Rows, hits: Hits) -> Rows:
    return rows._replace(transactions=rows.transactions[: hits.start * hits.step])


def _cut_within_a_word(rows: Rows, hits: Hits) -> Rows:
    *whole, last = rows.transactions
    return rows._replace(transactions=(*whole, replace(last, status="posted"[: hits.start % 6] or None)))


def _cut_users(rows: Rows, hits: Hits) -> Rows:
    return rows._replace(users=rows.users[: hits.start * hits.step])


def _repeat(rows: Rows, hits: Hits) -> Rows:
    return rows._replace(
        transactions=rows.transactions + tuple(t for i, t in enumerate(rows.transactions) if hits.hit(i))
    )


def _late(days: int) -> Change:
    def apply(rows: Rows, hits: Hits) -> Rows:
        late = (t for i, t in enumerate(rows.transactions) if hits.hit(i))
        more = (
            replace(
                t,
                transaction_id=f"{t.transaction_id}late",
                transaction_at=t.transaction_at - timedelta(days=days),
            )
            for t in late
        )
        return rows._replace(transactions=rows.transactions + tuple(more))

    return apply


def _amount(change: Callable[[Decimal], Decimal]) -> Change:
    return of_transactions(lambda t: replace(t, amount_usd=change(t.amount_usd)))


_NOON = datetime(2026, 9, 25, 12)
HARMLESS: dict[str, Change] = {
    "rows in another order": lambda rows, hits: Rows(
        rows.users[::-1], rows.transactions[hits.start :] + rows.transactions[: hits.start]
    ),
    "transaction ids that start with #": of_transactions(
        lambda t: replace(t, transaction_id=f"#{t.transaction_id}")
    ),
    "accounts created anew": of_users(lambda u: replace(u, created_at=_NOON)),
    "rows of the as-of date and later": _late(-300),
}
"""Changes after which the month must be published."""

DOUBTFUL: dict[str, Change] = {
    "file of the transactions cut at a line's end": _cut,
    "file of the users cut at a line's end": _cut_users,
    "the last word cut off": _cut_within_a_word,
    "rows twice": _repeat,
    "late rows": _late(30),
    "very late rows": _late(200),
    "all of last month's delivery again": lambda rows, hits: MONTH_ONE,
    "last month's transactions again": lambda rows, hits: rows._replace(transactions=MONTH_ONE.transactions),
    "status null in some rows": of_transactions(lambda t: replace(t, status=None)),
    "status unknown in some rows": of_transactions(lambda t: replace(t, status="settled")),
    "status pending in some rows": of_transactions(lambda t: replace(t, status="Pending ")),
    "testers unmarked": of_users(lambda u: replace(u, is_test_user=None)),
    "testers marked": of_users(lambda u: replace(u, is_test_user=True)),
    "category null in some rows": of_transactions(lambda t: replace(t, category=None)),
    "amounts in cents": _amount(lambda v: v * 100),
    "amounts of zero": _amount(lambda v: v * 0),
    "amounts with three decimals": _amount(lambda v: v + Decimal("0.005")),
    "amounts with many decimals": _amount(lambda v: v + Decimal("0.00497")),
    "days instead of times": of_transactions(
        lambda t: replace(t, transaction_at=datetime(*t.transaction_at.timetuple()[:3]))
    ),
    "times of the far future": of_transactions(
        lambda t: replace(t, transaction_at=t.transaction_at.replace(year=2062))
    ),
    "ids with .0": _of_ids(lambda i: f"{i}.0", both=False),
    "ids with .0 in both tables": _of_ids(lambda i: f"{i}.0", both=True),
    "leading zeros lost": _of_ids(lambda i: i.lstrip("0"), both=False),
    "leading zeros lost in both tables": _of_ids(lambda i: i.lstrip("0"), both=True),
    "ids with # before them in both tables": _of_ids(lambda i: f"#{i}", both=True),
    "other letter case": _of_ids(lambda i: f"{i}x", both=False),
    "one user created in 1970": of_users(lambda u: replace(u, created_at=datetime(1970, 1, 1))),
    "one user created in 1999": of_users(lambda u: replace(u, created_at=datetime(1999, 12, 31, 5))),
    "transactions of 1970": of_transactions(lambda t: replace(t, transaction_at=datetime(1970, 1, 1))),
}
"""Changes after which the month is stopped by a limit, or published as the delivery says it."""


def _without(column: str) -> Change:
    def apply(rows: Rows, hits: Hits) -> Rows:
        is_users = column in User.__dataclass_fields__
        changed = (of_users if is_users else of_transactions)(lambda row: replace(row, **{column: None}))  # type: ignore[type-var]
        return changed(rows, Hits(0, 1))

    return apply


STOPPED: dict[str, Change] = {
    **{
        f"{c} null from now on": _without(c)
        for c in ("is_test_user", "platform", "country", "username", "email")
    },
    **{f"{c} null from now on": _without(c) for c in ("status", "category", "fee_usd")},
    "nobody is a tester any more": lambda rows, hits: of_users(lambda u: replace(u, is_test_user=False))(
        rows, Hits(0, 1)
    ),
    "declined has another name": lambda rows, hits: of_transactions(
        lambda t: replace(t, status="rejected") if t.status == "declined" else t
    )(rows, Hits(0, 1)),
    "posted has another name": lambda rows, hits: of_transactions(
        lambda t: replace(t, status="completed") if t.status == "posted" else t
    )(rows, Hits(0, 1)),
    "declined became null": lambda rows, hits: of_transactions(
        lambda t: replace(t, status=None) if t.status == "declined" else t
    )(rows, Hits(0, 1)),
}
"""Changes that only a comparison with the month before can see, and must."""
