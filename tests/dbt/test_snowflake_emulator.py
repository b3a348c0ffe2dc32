"""The same project on an emulated Snowflake: its SQL, its transactions and its temporary relations.

The emulator translates to DuckDB, so this says nothing about Snowflake's arithmetic or speed. It does say that the
dispatched macros, the two incremental strategies and their explicit transactions run through dbt-snowflake, and that
what they leave behind equals what DuckDB has.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.paths import PROJECT_ROOT

EMULATOR_PYTHON = PROJECT_ROOT / ".venv" / "fakesnow" / "bin" / "python"
EMULATOR = Path(__file__).with_name("snowflake_emulator.py")
COMPARED = {
    "core.fct_customer_category_daily": (
        "user_id, transaction_date, category, purchase_count, gross_cents, refund_cents, net_cents, fee_cents, _loaded_at"
    ),
    "runs.customer_spend": "*",
    "runs.customer_segments": "*",
    # The emulator sums through doubles: compared to single precision.
    "runs.customer_segment_cells": "* replace (s2::float as s2, s3::float as s3)",
    "runs.customer_segment_movement": "*",
    "runs.customer_segment_backtest_cells": (
        "* replace (prior_s2::float as prior_s2, later_s2::float as later_s2, cross_s2::float as cross_s2)"
    ),
    "marts.customer_segments": "*",
}


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Serve the folder's tables and give the port; stopping writes the compared tables back into the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = folder / "emulator.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(EMULATOR_PYTHON), str(EMULATOR), "serve", str(folder), port],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"The Snowflake emulator did not start:\n{log.read_text(encoding='utf-8')}")
                time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        finally:
            process.kill()


def execute(port: str, *statements: str) -> None:
    subprocess.run(
        [str(EMULATOR_PYTHON), str(EMULATOR), "execute", port],
        input="\n".join(statements),
        text=True,
        check=True,
        timeout=60,
    )


def dbt_environment(port: str) -> dict[str, str]:
    return {
        "TIDEMARK_WAREHOUSE": "snowflake",
        "TIDEMARK_DBT_THREADS": "1",  # what dbt says when something fails is then in one order
        "SNOWFLAKE_ACCOUNT": "emulator",
        "SNOWFLAKE_USER": "tidemark",
        "SNOWFLAKE_PASSWORD": "none",
        "SNOWFLAKE_ROLE": "tidemark",
        "SNOWFLAKE_WAREHOUSE": "tidemark",
        "SNOWFLAKE_DATABASE": "TIDEMARK",
        "SNOWFLAKE_HOST": "127.0.0.1",
        "SNOWFLAKE_PORT": port,
        "SNOWFLAKE_PROTOCOL": "http",
    }


def test_two_runs_on_an_emulated_snowflake_equal_those_on_duckdb(
    raw_warehouse: Any,
    built: Any,
    all_table_definitions: list[str],
    tmp_path: Path,
    earlier_run: dict[str, str],
    later_run: dict[str, str],
) -> None:
    if not EMULATOR_PYTHON.exists():
        pytest.fail(
            f"{EMULATOR_PYTHON} is missing: make test-setup installs it from deploy/locks/fakesnow.txt."
        )
    folder = tmp_path / "emulator"
    folder.mkdir()
    aside = ["create schema aside", "create table aside.transactions as select * from raw.transactions"]
    (folder / "setup.sql").write_text(";\n".join([*all_table_definitions, *aside]), encoding="utf-8")
    (folder / "export.txt").write_text("\n".join(COMPARED), encoding="utf-8")
    raw_warehouse.execute(f"copy raw.users to '{folder}/raw.users.parquet'")
    for schema, condition in (("raw", "<="), ("aside", ">")):
        raw_warehouse.execute(
            f"copy (from raw.transactions where _loaded_at {condition} timestamp '2026-07-16 12:00')"
            f" to '{folder}/{schema}.transactions.parquet'"
        )

    command = [
        "build", "--select", "+tag:customer_segments+", "tag:publication", "--exclude-resource-type", "unit_test"
    ]  # fmt: skip
    with emulator(folder) as port:
        warehouse = raw_warehouse.copy_to(tmp_path / "dbt")
        environ = dbt_environment(port)
        result = warehouse.dbt(*command, "test", run=earlier_run, environ=environ)
        assert result.returncode == 0, result.output
        execute(
            port,
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
        order = f"{columns} from {{}} order by all"
        emulated = duckdb.sql("select " + order.format(f"'{folder}/{table}.out.parquet'")).fetchall()
        expected = built.rows("select " + order.format(table))
        assert len(emulated) == len(expected) and emulated == expected, table


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
EVENT_FACTS = {"core.fct_user_event_daily": "*", "core.fct_user_activity_daily": "*"}


def test_daily_event_facts_on_an_emulated_snowflake_equal_those_on_duckdb(
    raw_warehouse: Any, all_table_definitions: list[str], tmp_path: Path
) -> None:
    """Three hundred deliveries of 285 events around the day of 25 hours; the last ones come after a first build."""
    folder = tmp_path / "emulator"
    folder.mkdir()
    aside = ["create schema aside", "create table aside.events as select * from raw.events"]
    (folder / "setup.sql").write_text(";\n".join([*all_table_definitions, *aside]), encoding="utf-8")
    (folder / "export.txt").write_text("\n".join(EVENT_FACTS), encoding="utf-8")
    warehouse = raw_warehouse.copy_to(tmp_path / "dbt")
    warehouse.execute("delete from raw.events")
    warehouse.execute(EVENTS)
    for schema, condition in (("raw", "<="), ("aside", ">")):
        warehouse.execute(
            f"copy (from raw.events where _loaded_at {condition} timestamp '2026-11-03 00:00')"
            f" to '{folder}/{schema}.events.parquet'"
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
    with emulator(folder) as port:
        environ = dbt_environment(port)
        result = warehouse.dbt(*command, environ=environ)
        assert result.returncode == 0, result.output
        execute(port, "insert into raw.events select * from aside.events")
        result = warehouse.dbt(*command, environ=environ)
        assert result.returncode == 0, result.output
    assert warehouse.dbt(*command).returncode == 0

    for table in EVENT_FACTS:
        emulated = duckdb.sql(f"from '{folder}/{table}.out.parquet' order by all").fetchall()
        expected = warehouse.rows(f"from {table} order by all")
        assert len(expected) > 30 and emulated == expected, table
