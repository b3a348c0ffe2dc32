"""The same project on an emulated Snowflake: its SQL, its transactions and its temporary relations.

The emulator translates to DuckDB, so this says nothing about Snowflake's arithmetic or speed. It does say
that the dispatched macros, the two incremental strategies and their explicit transactions run through
dbt-snowflake, and that what they leave behind equals what DuckDB has.
"""

from pathlib import Path
from typing import Any

from tests.dbt.selection import selection
from tests.snowflake.emulator import give, running_emulator

COMPARED = {
    "core.fct_customer_category_daily": (
        "user_id, transaction_date, category, purchase_count, gross_cents, refund_cents, net_cents, fee_cents, _loaded_at"
    ),
    "runs.customer_spend": "*",
    "runs.customer_segments": "*",
    "runs.customer_segment_cells": "*",
    "runs.customer_segment_movement": "*",
    "runs.customer_segment_backtest_cells": "*",
    "marts.customer_segments": "*",
}


def test_two_runs_on_an_emulated_snowflake_equal_those_on_duckdb(
    raw_warehouse: Any,
    built: Any,
    all_table_definitions: list[str],
    tmp_path: Path,
    earlier_run: dict[str, str],
    later_run: dict[str, str],
) -> None:
    later = "from raw.transactions where _loaded_at > timestamp '2026-07-16 12:00'"
    give(
        tmp_path / "account",
        [
            *all_table_definitions,
            "create schema aside",
            "create table aside.transactions as select * from raw.transactions",
        ],
        raw_warehouse.path,
        {
            "raw.users": "from raw.users",
            "raw.transactions": f"from raw.transactions except all ({later})",
            "aside.transactions": later,
        },
    )
    command = ["build", *selection("customer_segments"), "--exclude-resource-type", "unit_test"]
    with running_emulator(tmp_path / "account") as account:
        warehouse = raw_warehouse.copy_to(tmp_path / "dbt")
        environ = account.dbt_environment()
        result = warehouse.dbt(*command, "test", run=earlier_run, environ=environ)
        assert result.returncode == 0, result.output
        account.execute(
            "insert into raw.transactions select * from aside.transactions",
            # What a first try of the later run, ended half-way, could have left behind.
            "create table aside.half as select * from runs.customer_segments",
            "update aside.half set run_key = 'later_1'",
            "insert into runs.customer_segments select * from aside.half",
            "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
            " values (1, '2026-07-15', 'earlier_1', '2026-07-15 00:00:00', 'publish')",
        )
        result = warehouse.dbt(*command, run=later_run, environ=environ)
        assert result.returncode == 0, result.output
        refused = warehouse.dbt("run", "--select", "customer_spend", run=earlier_run, environ=environ)
        assert "The run 'earlier_1' is published and its rows may not change" in refused.output

    for table, columns in COMPARED.items():
        expected = built.rows(f"select {columns} from {table} order by all")
        assert account.rows(table, columns) == expected, table


EVENTS = """
    insert into raw.events
    select
        'E' || i % 285 as event_id, 'U' || i % 285 % 7 as user_id, ['scan', 'swipe', 'share'][1 + i % 285 % 3] as event_name,
        timestamp '2026-10-29 01:30' + to_minutes(29 * (i % 285)) as event_at,
        case when i % 285 % 5 > 0 then 'S' || i % 285 // 4 end as session_id,
        case when i % 285 % 11 > 0 then i % 285 * 1.5 end as session_seconds,
        '{}' as properties,
        timestamp '2026-10-29 02:30' + to_minutes(29 * (i % 285)) + to_days(i // 285) as _loaded_at
    from range(300) as t(i)
"""
EVENT_FACTS = ("core.fct_user_event_daily", "core.fct_user_activity_daily")


def test_daily_event_facts_on_an_emulated_snowflake_equal_those_on_duckdb(
    raw_warehouse: Any, all_table_definitions: list[str], tmp_path: Path
) -> None:
    """Three hundred deliveries of 285 events around the day of 25 hours; the last ones come after a first
    build."""
    warehouse = raw_warehouse.copy_to(tmp_path / "dbt")
    warehouse.execute("delete from raw.events")
    warehouse.execute(EVENTS)
    give(
        tmp_path / "account",
        [
            *all_table_definitions,
            "create schema aside",
            "create table aside.events as select * from raw.events",
        ],
        warehouse.path,
        {
            "raw.events": "from raw.events where _loaded_at <= timestamp '2026-11-03 00:00'",
            "aside.events": "from raw.events where _loaded_at > timestamp '2026-11-03 00:00'",
        },
    )
    command = [
        "build",
        "--select",
        "stg_events",
        "fct_user_event_daily",
        "fct_user_activity_daily",
        "--exclude-resource-type",
        "unit_test",
    ]
    with running_emulator(tmp_path / "account") as account:
        environ = account.dbt_environment()
        result = warehouse.dbt(*command, environ=environ)
        assert result.returncode == 0, result.output
        account.execute("insert into raw.events select * from aside.events")
        result = warehouse.dbt(*command, environ=environ)
        assert result.returncode == 0, result.output
    assert warehouse.dbt(*command).returncode == 0

    for table in EVENT_FACTS:
        expected = warehouse.rows(f"from {table} order by all")
        assert len(expected) > 30 and account.rows(table) == expected, table
