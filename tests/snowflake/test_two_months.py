"""Two months of all five families by the DAG on an emulated Snowflake equal the same runs on DuckDB: each
row, each file."""

import csv
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.demo.airflow_api import DAG_ID
from tests.personal_data.marked import IDENTIFY, is_marked, marked_files
from tests.snowflake.dialect import REVIEWED, functions, trees
from tests.snowflake.same_rows import difference
from tests.snowflake.twins import DECLARED, FAMILIES, MONTHS, SECRET, Twins, make_twins

# approx_count_distinct only decides whether a value may be named: far more or far fewer than ten users have
# it.
IN_PYTHON = {"approx_count_distinct", "count_if", "sha2"}
OF_DRIVERS = {"current_database", "current_schema", "current_version"}
SCHEMAS = ("core", "runs", "marts", "control")
# Where a file is, when a statement ran, and who started the run may differ: those on DuckDB are started from
# a shell.
LEFT_OUT = {
    "control.publications": {"manifest_uri", "manifest_sha256", "published_at", "published_by"},
    "control.run_inputs": {"run", "manifest"},
    "marts.published_runs": {"manifest_uri", "published_at"},
}
# Two months that follow each other: no as-of date lies 90 days back, so nothing can be looked back at. And
# nobody is erased, and no range is computed again.
EMPTY = {
    "runs.customer_segment_backtest_cells", "runs.segment_backtest_cells", "control.erasures", "control.backfills",
}  # fmt: skip

# Those of declared segmentations that say who somebody is.
OF_SEGMENTATIONS = {
    "runs.user_features", "runs.segment_members", "marts.segment_members", "marts.segment_members_current",
    *(f"marts.{name}" for name in DECLARED),
}  # fmt: skip

# Four months on a busy machine.
pytestmark = pytest.mark.timeout(5400)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    return make_twins(tmp_path_factory.mktemp("two_months"))


def tables(twins: Twins) -> Iterator[tuple[str, str, Path]]:
    """Every table and view of the project on DuckDB with the file of the same one on the emulator."""
    with duckdb.connect(str(twins.folder / "duckdb" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
    for schema, table in rows:
        if schema in SCHEMAS:
            yield schema, table, twins.emulator.folder / f"{schema}.{table}.parquet"


def test_every_row_of_every_table_and_view_is_the_same(twins: Twins) -> None:
    found = {}
    compared = set()
    with duckdb.connect(str(twins.folder / "duckdb" / "warehouse.duckdb"), read_only=True) as connection:
        for schema, table, file in tables(twins):
            name = f"{schema}.{table}"
            columns = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
            shown = ", ".join(column for column in columns if column not in LEFT_OUT.get(name, ()))
            ours = connection.execute(f"select {shown} from {name}").fetchall()
            theirs = connection.execute(f"select {shown} from '{file}'").fetchall()
            compared.add(name)
            if text := difference(ours, theirs):
                found[name] = text
            assert bool(ours) == (name not in EMPTY), f"{name} has {len(ours)} rows"
    assert found == {}
    assert len(compared) > 40


def test_every_published_file_has_the_same_lines(twins: Twins) -> None:
    ours = {f.relative_to(twins.artifacts("duckdb")): f for f in twins.artifacts("duckdb").rglob("*.csv")}
    theirs = {
        f.relative_to(twins.artifacts("snowflake")): f for f in twins.artifacts("snowflake").rglob("*.csv")
    }
    assert set(ours) == set(theirs) and len(ours) > 20
    found = {
        str(name): text for name in ours if (text := difference(_lines(ours[name]), _lines(theirs[name])))
    }
    assert found == {}


def _lines(file: Path) -> list[list[Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [[_cell(cell) for cell in line] for line in csv.reader(lines)]


def _cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def test_every_statement_carries_the_run_the_task_and_the_family(twins: Twins) -> None:
    tags: dict[str, str] = {}
    seen = set()
    for request in twins.emulator.requests():
        session = request["session"]
        if "login" in request:
            tags[session] = request["login"]["SESSION_PARAMETERS"]["QUERY_TAG"]
            continue
        if request["sql"].startswith("alter session set query_tag = "):
            tags[session] = request["sql"].split("'")[1]
        tag = json.loads(tags[session])
        assert set(tag) == {"dag", "run_key", "task", "family"} and tag["dag"] == DAG_ID, request
        assert tag["run_key"][:8] in {month.replace("-", "") for month in MONTHS}, request
        seen.add((tag["task"], tag["family"]))
    assert {family for _, family in seen} == {"all", "segmentations", *FAMILIES, *DECLARED}
    assert {task for task, _ in seen} >= {
        "resolve_run",
        "load_sources",
        "check_sources",
        "models",
        "models.customer_segments",
        "check_models",
        "statistics.planners_shares",
        "check_statistics",
        "publish",
    }


def test_every_query_of_ours_parses_and_calls_reviewed_functions(twins: Twins) -> None:
    ours = {
        request["sql"]
        for request in twins.emulator.requests()
        if request.get("sql", "").lstrip().lower().startswith(("select", "with", "insert", "delete"))
    }
    assert len(ours) > 300
    known = REVIEWED | IN_PYTHON | OF_DRIVERS
    found = {name: sql[:200] for sql in ours for name in functions(sql) - known}
    assert found == {}
    assert [sql[:200] for sql in ours if len(trees(sql)) != 1] == []


def test_what_can_be_made_again_is_kept_in_transient_tables_and_the_ledger_is_not(twins: Twins) -> None:
    made: dict[str, set[bool]] = {}
    for request in twins.emulator.requests():
        text = request.get("sql", "").lower().replace('"', "")
        if found := re.match(
            rf"\s*create (or replace )?(transient )?table (if not exists )?(\w+\.)?({'|'.join(SCHEMAS)})\.",
            text,
        ):
            made.setdefault(found[5], set()).add(found[2] == "transient ")
    assert made == {"core": {True}, "runs": {True}, "control": {False}}


def test_every_task_of_the_dag_succeeded_and_none_failed_at_an_earlier_try(twins: Twins) -> None:
    assert len(twins.tasks) > 2 * 80
    assert {task["state"] for task in twins.tasks} == {"success"}
    # On a busy machine Airflow can take a task for lost, and starts it again. One that only watches a model
    # then ends as it will; of those that do work, dbt's one process included, none may have failed by itself.
    again = [task for task in twins.tasks if task["try_number"] > 1]
    for task in again:
        if task["task_id"].startswith("models.") and task["task_id"] != "models.dbt_producer_watcher":
            continue
        (log,) = twins.airflow_home.glob(
            f"logs/*/run_id={task['dag_run_id']}/task_id={task['task_id']}/attempt=1.log"
        )
        assert '"level":"error"' not in log.read_text(encoding="utf-8"), task["task_id"]


def test_the_secret_of_the_connection_is_in_no_file_no_log_and_no_command_line(twins: Twins) -> None:
    assert twins.seen_on_command_lines == []
    files = [
        file
        for part in ("snowflake", "emulator")
        for file in (twins.folder / part).rglob("*")
        if file.is_file()
    ]
    logs = [file for file in files if file.is_relative_to(twins.airflow_home / "logs")]
    assert len(logs) > len(twins.tasks), "each task wrote its log, and the DAG processor its own"
    assert {"airflow.db", "standalone.log", "profiles.yml", "manifest.json", "requests.jsonl"} <= {
        file.name for file in files
    }
    assert [str(file) for file in files if SECRET.encode() in file.read_bytes()] == []


def test_no_person_is_named_in_a_file_a_log_an_xcom_a_statement_or_a_table_that_is_not_about_persons(
    twins: Twins,
) -> None:
    home = twins.airflow_home
    # The folder has Airflow's metadata database with all XComs, and the logs of every task and of Cosmos' dbt
    # process.
    assert marked_files(home) == []
    assert {"airflow.db", "standalone.log"} <= {file.name for file in home.rglob("*")}
    with sqlite3.connect(home / "airflow.db") as metadata:
        kept = metadata.execute("select key, cast(value as text) from xcom").fetchall()
    assert len(kept) > 100 and any("control" in str(value) or "landing" in str(value) for _, value in kept)
    assert not [key for key, value in kept if is_marked(key, value)]
    for warehouse in ("snowflake", "duckdb"):
        assert marked_files(twins.artifacts(warehouse)) == []
    assert not [request for request in twins.emulator.requests() if is_marked(request)]
    marked = {
        f"{schema}.{table}"
        for schema, table, file in tables(twins)
        if is_marked(duckdb.sql(f"from '{file}'").fetchall())
    }
    assert marked and marked <= IDENTIFY | OF_SEGMENTATIONS


def test_the_row_account_is_the_same_and_its_checks_pass(twins: Twins) -> None:
    names = {"rows_add_up", "amounts_add_up", "rows_of_the_source", "lost_rows", "amounts_of_the_source"}
    rows = twins.emulator.rows("control.gate_results", "expectation, success, suite")
    checked = [
        success for expectation, success, suite in rows if expectation in names and "row_account" in suite
    ]
    assert len(checked) == 2 * 5 * len(names) and all(checked)
    assert len(twins.emulator.rows("runs.row_account")) > 2 * 50
