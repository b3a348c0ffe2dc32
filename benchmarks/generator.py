"""Raw tables of any size, made in SQL, the same for the same arguments (no engine hash, no random()).

Rows are in the order of time, as loaders append them. `copies` of the customers behave alike: ten times the
rows are then ten times of everything else too, and what the growth of a build shows is the engine and not the
data.
"""

from datetime import date
from pathlib import Path

import duckdb

CATEGORIES = (
    "Grocery",
    "Gas",
    "Utilities",
    "Travel",
    "Airlines",
    "Hotels",
    "Dining",
    "Shopping",
    "Health",
    "Other",
)
START = date(2024, 10, 1)
EVENT_NAMES = ("app_open", "search", "scan", "swipe", "prompt", "share", "level_completed", "purchase")
EVENTS_PER_SESSION = 5


def make_raw(file: Path, customers: int, transactions: int, days: int = 731, copies: int = 1) -> None:
    """Raw `users` and `transactions`: two years from 2024-10-01, uneven customers, 2 % refunds, 1 %
    declined."""
    with _open(file) as db:
        db.execute(
            f"""
            create or replace table raw.users as
            select 'c' || i as user_id, timestamp '{START}' as created_at, 'web' as platform, 'US' as country,
                   i % 500 = 0 as is_test_user, null::varchar as username, null::varchar as email,
                   timestamp '2026-10-01' as _loaded_at
            from range({customers * copies}) as t(i)
            """
        )
        db.execute(
            "create or replace table raw.transactions as "
            + _transactions(customers, 0, transactions, 0, days, copies)
        )


def add_month(
    file: Path, customers: int, transactions: int, day: int, days: int = 31, copies: int = 1
) -> None:
    """The next month's rows, loaded a month later."""
    with _open(file) as db:
        (known,) = db.execute("select count(*) from raw.transactions").fetchone()
        db.execute(
            "insert into raw.transactions "
            + _transactions(customers, known, transactions, day, days, copies, "2026-11-01")
        )


def make_events(file: Path, users: int, events: int, days: int = 548) -> None:
    """Raw `events`: 18 months from 2024-10-01, uneven users, sessions of five events, a tenth of them without
    a name, and 1 % of the events delivered twice."""
    with _open(file) as db:
        db.execute("create or replace table raw.events as " + _events(users, 0, events, 0, days))


def add_month_of_events(file: Path, users: int, events: int, day: int, days: int = 31) -> None:
    """The next month's events, loaded a month later."""
    with _open(file) as db:
        (known,) = db.execute("select count(*) from raw.events").fetchone()
        db.execute("insert into raw.events " + _events(users, known, events, day, days, "2026-05-01"))


def _open(file: Path) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect(str(file))
    db.execute("set timezone = 'UTC'")
    db.execute("set enable_progress_bar = false")
    db.execute("create schema if not exists raw")
    return db


def _transactions(
    customers: int, first: int, count: int, day: int, days: int, copies: int, loaded: str = "2026-10-01"
) -> str:
    # Multiplicative congruences spread the rows; squares make some customers and amounts much larger than
    # others.
    names = ", ".join(f"'{name}'" for name in CATEGORIES)
    return f"""
        select
            't' || (i * {copies} + copy) as transaction_id,
            'c' || ((u * u // {customers}) % {customers} + copy * {customers}) as user_id,
            transaction_at,
            (case when i % 50 = 7 then -1 else 1 end * (1 + (v * v // 9973) % 40000) / 100.0)::decimal(18, 4) as amount_usd,
            0::decimal(18, 4) as fee_usd,
            [{names}][1 + (i * 16807 + u) % {len(CATEGORIES)}] as category,
            case when i % 100 = 3 then 'declined' else 'posted' end as status,
            timestamp '{loaded}' as _loaded_at
        from (
            select
                i, (i * 69621) % {customers} as u, (i * 40692) % 199933 as v,
                timestamp '{START}' + to_seconds({day} * 86400 + (i * 48271) % ({days} * 86400)) as transaction_at
            from range({first}, {first + count}) as t(i)
            order by transaction_at
        )
        cross join range({copies}) as c(copy)
    """


def _events(users: int, first: int, count: int, day: int, days: int, loaded: str = "2026-04-02") -> str:
    names = ", ".join(f"'{name}'" for name in EVENT_NAMES)
    return f"""
        select
            lpad(i::varchar, 36, 'e0') as event_id,
            'u' || ((u * u // {users}) % {users}) as user_id,
            [{names}][1 + (i * 16807 + u) % {len(EVENT_NAMES)}] as event_name,
            timestamp '{START}' + to_seconds(
                {day} * 86400 + (i - {first}) // {EVENTS_PER_SESSION} * {EVENTS_PER_SESSION} * {days} * 86400 // {count}
                + i % {EVENTS_PER_SESSION} * 40
            ) as event_at,
            case when s % 10 <> 3 then 's' || s end as session_id,
            (60 + s % 1800 + i % {EVENTS_PER_SESSION} * 40)::double as session_seconds,
            '{{}}' as properties,
            timestamp '{loaded}' as _loaded_at
        from (
            select i, i // {EVENTS_PER_SESSION} as s, (i // {EVENTS_PER_SESSION} * 69621) % {users} as u
            from range({first}, {first + count}) as t(i)
        )
        cross join range(2) as deliveries(delivery)
        where delivery = 0 or i % 100 = 0
    """
