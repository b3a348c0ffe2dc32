"""Raw tables of any size, made in SQL, the same for the same arguments (no engine hash, no random())."""

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


def make_raw(file: Path, customers: int, transactions: int, days: int = 731) -> None:
    """Raw `users` and `transactions`: two years from 2024-10-01, uneven customers, 2 % refunds, 1 % declined."""
    with duckdb.connect(str(file)) as db:
        db.execute("set timezone = 'UTC'")
        db.execute("create schema if not exists raw")
        db.execute(
            f"""
            create or replace table raw.users as
            select 'c' || i as user_id, timestamp '{START}' as created_at, 'web' as platform, 'US' as country,
                   i % 500 = 0 as is_test_user, null::varchar as username, null::varchar as email,
                   timestamp '2026-10-01' as _loaded_at
            from range({customers}) as t(i)
            """
        )
        db.execute(
            "create or replace table raw.transactions as "
            + _transactions(customers, 0, transactions, 0, days)
        )


def add_month(file: Path, customers: int, transactions: int, day: int, days: int = 31) -> None:
    """The next month's rows, loaded a month later."""
    with duckdb.connect(str(file)) as db:
        db.execute("set timezone = 'UTC'")
        (known,) = db.execute("select count(*) from raw.transactions").fetchone()
        db.execute(
            "insert into raw.transactions "
            + _transactions(customers, known, transactions, day, days, "2026-11-01")
        )


def _transactions(
    customers: int, first: int, count: int, day: int, days: int, loaded: str = "2026-10-01"
) -> str:
    # Multiplicative congruences spread the rows; squares make some customers and amounts much larger than others.
    names = ", ".join(f"'{name}'" for name in CATEGORIES)
    return f"""
        select
            't' || i as transaction_id,
            'c' || ((u * u // {customers}) % {customers}) as user_id,
            timestamp '{START}' + to_seconds({day} * 86400 + (i * 48271) % ({days} * 86400)) as transaction_at,
            (case when i % 50 = 7 then -1 else 1 end * (1 + (v * v // 9973) % 40000) / 100.0)::decimal(18, 4) as amount_usd,
            0::decimal(18, 4) as fee_usd,
            [{names}][1 + (i * 16807 + u) % {len(CATEGORIES)}] as category,
            case when i % 100 = 3 then 'declined' else 'posted' end as status,
            timestamp '{loaded}' as _loaded_at
        from (
            select i, (i * 69621) % {customers} as u, (i * 40692) % 199933 as v
            from range({first}, {first + count}) as t(i)
        )
    """
