"""The same gate on an emulated Snowflake: its SQL, its temporary tables, and where the connection's secret does not go."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import snowflake.connector
from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

from include.tidemark.errors import GateError
from include.tidemark.sources.contract import source_tables
from include.tidemark.warehouse.control import SCHEMAS
from tests.dbt.test_snowflake_emulator import emulator
from tests.validation.world import World

SECRET = "correct-horse-battery"
TABLES = (
    "raw.users", "raw.transactions", "core.fct_customer_category_daily", "runs.customer_segments", "runs.statistics",
    "control.publications", "control.gate_results",
)  # fmt: skip


def export(warehouse: Path, folder: Path) -> None:
    """The emulator's tables: statements that make them, and a file of rows each."""
    statements = [f"create schema if not exists {schema}" for schema in SCHEMAS]
    contract = {table.qualified_name: table for table in source_tables().values()}
    with duckdb.connect(str(warehouse)) as connection:
        for name in TABLES:
            if name in contract:
                columns = [(column.name, column.data_type) for column in contract[name].columns]
            else:
                columns = [
                    (row[0], row[1].replace("HUGEINT", "DECIMAL(38,0)"))
                    for row in connection.execute(f"describe {name}").fetchall()
                ]
            statements.append(
                f"create table {name} ({', '.join(f'{column} {kind}' for column, kind in columns)})"
            )
            connection.execute(f"copy {name} to '{folder / name}.parquet'")
    (folder / "setup.sql").write_text(";".join(statements), encoding="utf-8")
    (folder / "export.txt").write_text("", encoding="utf-8")


@pytest.fixture
def snowflake_world(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world.sql("insert into raw.transactions select * from raw.transactions where transaction_id = 'tx-0-10'")
    world.sql("update runs.customer_segments set travel_spend_pct = 101 where customer_id = 'secret-user-0'")
    folder = tmp_path / "emulator"
    folder.mkdir()
    export(world.settings.duckdb_path, folder)
    connection = {"conn_type": "snowflake", "login": "test", "password": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(connection))
    with emulator(folder) as port:
        monkeypatch.setattr(
            SnowflakeHook,
            "get_conn",
            lambda _: snowflake.connector.connect(
                user="test", password=SECRET, account="emulator", database="TIDEMARK", schema="PUBLIC",
                host="127.0.0.1", port=int(port), protocol="http",
            ),
        )  # fmt: skip
        world.settings = world.settings.model_copy(update={"warehouse": "snowflake"})
        yield world


# Its reflection does not see the emulator's temporary tables; Great Expectations then reads the columns from the table.
@pytest.mark.filterwarnings("ignore:Failed to reflect table")
def test_the_gate_finds_on_snowflake_what_it_finds_on_duckdb(
    snowflake_world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(
        GateError, match=r"raw.transactions.transaction_id holds values more than once \(1 rows too many\)"
    ):
        snowflake_world.check("sources")
    with pytest.raises(GateError, match=r"travel_spend_pct is between 0 and 100") as stopped:
        snowflake_world.check("models")
    assert snowflake_world.check("statistics")["critical"] == 0
    written = "".join(snowflake_world.artifacts().values()) + str(stopped.value) + "".join(capfd.readouterr())
    assert SECRET not in written
