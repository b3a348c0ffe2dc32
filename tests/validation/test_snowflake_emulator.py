"""The same gate on an emulated Snowflake: its SQL, its temporary tables, and where the connection's secret
does not go."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import GateError
from include.tidemark.sources.contract import source_tables
from include.tidemark.validation.identities import likely_cause
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import SCHEMAS
from tests.snowflake.emulator import give, running_emulator
from tests.snowflake.same_rows import difference
from tests.validation.world import World

SECRET = "correct-horse-battery"
TABLES = (
    "raw.users", "raw.transactions", "staging.stg_users", "staging.stg_transactions", "core.fct_customer_category_daily",
    "runs.customer_segments", "runs.changes", "runs.row_account", "runs.statistics", "control.publications", "control.gate_results",
    "control.fact_builds", "control.erasures", "control.run_inputs", "control.source_columns",
)  # fmt: skip


def definitions(warehouse: Path) -> list[str]:
    """Statements that make the gate's tables on Snowflake."""
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
    return statements


@pytest.fixture
def snowflake_world(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world.sql("insert into raw.transactions select * from raw.transactions where transaction_id = 'tx-0-10'")
    world.sql("update runs.customer_segments set travel_spend_pct = 101 where customer_id = 'secret-user-0'")
    warehouse = world.settings.duckdb_path
    give(
        tmp_path / "account", definitions(warehouse), warehouse, {table: f"from {table}" for table in TABLES}
    )
    with running_emulator(tmp_path / "account") as account:
        for name, value in account.environment(password=SECRET).items():
            monkeypatch.setenv(name, value)
        world.settings = world.settings.model_copy(update={"warehouse": "snowflake"})
        yield world


# Its reflection does not see the emulator's temporary tables; Great Expectations then reads the columns from
# the table.
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
    kept, told = _rows(snowflake_world, "control.source_columns"), _likely_causes(snowflake_world)
    account, checks = _rows(snowflake_world, "runs.row_account"), _account_checks(snowflake_world)
    snowflake_world.settings = snowflake_world.settings.model_copy(update={"warehouse": "duckdb"})
    snowflake_world.failures("sources")
    assert kept == _rows(snowflake_world, "control.source_columns") and len(kept) > 20
    snowflake_world.failures("models")
    assert difference(account, _rows(snowflake_world, "runs.row_account")) is None and len(account) > 10
    assert checks == _account_checks(snowflake_world) and len(checks) > 15
    assert (
        told == _likely_causes(snowflake_world) and "1 of the 1 ids are there in another letter case" in told
    )


def _likely_causes(world: World) -> list[str]:
    """What is said of an id that came in another form, for each form."""
    forms = {
        " 7": "7",
        "7.0": "7",
        "007": "7",
        "a": "A",
        " 007.0": "7",
        "9007199254740992": "9007199254740993",
        "x": "y",
    }
    with open_warehouse(world.settings) as warehouse:
        return [
            warehouse.fetch(likely_cause(f"select '{one}' as user_id", f"select '{other}' as user_id"))[0][
                "said"
            ]
            for one, other in forms.items()
        ]


def _rows(world: World, table: str) -> list[tuple[object, ...]]:
    with open_warehouse(world.settings) as warehouse:
        rows = warehouse.fetch(f"select * from {table}")
    return sorted((tuple(row.values()) for row in rows), key=str)


def _account_checks(world: World) -> list[dict[str, object]]:
    """What the gate found in the row account."""
    with open_warehouse(world.settings) as warehouse:
        return warehouse.fetch(
            "select suite, expectation, severity, success, message from control.gate_results"
            " where suite like 'models.row_account%' order by suite, expectation"
        )


@pytest.mark.filterwarnings("ignore:Failed to reflect table")
def test_checks_of_a_deployment_s_own_measure_on_snowflake_what_they_do_on_duckdb(
    snowflake_world: World,
) -> None:
    snowflake_world.run = snowflake_world.run.model_copy(update={"config": {"checks/ours.yml": OWN}})
    measured = []
    for warehouse in ("snowflake", "duckdb"):
        snowflake_world.settings = snowflake_world.settings.model_copy(update={"warehouse": warehouse})
        for stage in ("sources", "models"):
            with pytest.raises(GateError):
                snowflake_world.check(stage)
        with open_warehouse(snowflake_world.settings) as opened:
            measured.append(
                opened.fetch(
                    "select expectation, severity, success, observed, message from control.gate_results"
                    " where suite like 'own.%' or expectation = 'duplicate_transaction_id' order by expectation"
                )
            )
    assert measured[0] == measured[1] and len(measured[0]) == len(OWN["checks"]) + 1
    assert {row["severity"] for row in measured[0] if row["expectation"].startswith("dupl")} == {"info"}


def _own(name: str, table: str = "runs.customer_segments", **more: object) -> dict[str, object]:
    return {"name": name, "table": table, "claim": f"{name} holds.", "failure": f"{name} fails.", **more}


OWN = {
    "severity": {"sources.transactions.duplicate_transaction_id": "info"},
    "checks": [
        _own("large_sales", "raw.transactions", rows_where="amount_usd > 1000 and category is not null", severity="critical"),
        _own("travel_share", measure="100 * count_if(travel_spend_pct > 50) / nullif(count(*), 0)", max=1),
        _own("segment_count", measure="count(distinct customer_segment)", min=6),
        _own("most_spend", measure="max(lifetime_value)", max=10),
        _own("mean_spend", measure="round(avg(spend_last_90_days), 2)", max=1),
        _own("spend_agrees", reconciles={"measure": "sum(lifetime_value)", "other_table": "staging.stg_transactions",
             "other_measure": "sum(case when status = 'posted' then amount_cents end) / 100"}),
    ],
}  # fmt: skip
