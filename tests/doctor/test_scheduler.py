"""What a scheduled run needs of Airflow, asked of a metadata database that a test makes."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.configuration import conf
from airflow.jobs.job import Job
from airflow.models import DagModel
from airflow.models.connection import Connection
from airflow.models.errors import ParseImportError
from airflow.models.pool import Pool
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from include.tidemark.doctor import scheduler
from include.tidemark.orchestration import metadata_database
from include.tidemark.settings import WAREHOUSE_POOL
from tests.doctor.conftest import MARK, SECRET, Examine, states, worst


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration that names a database which does not exist."""
    file = tmp_path / "airflow.db"
    configure(monkeypatch, f"sqlite:///{file}")
    return file


def configure(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    usual = conf.get
    monkeypatch.setattr(
        conf, "get", lambda *key, **more: url if "sql_alchemy_conn" in key else usual(*key, **more)
    )


@pytest.fixture
def database(nowhere: Path) -> Iterator[Session]:
    engine = create_engine(f"sqlite:///{nowhere}")
    for model in (Pool, Job, ParseImportError, Connection):
        model.__table__.create(engine)
    # Not its model: that has foreign keys to half of Airflow's tables.
    with engine.begin() as connection:
        connection.exec_driver_sql("create table dag (dag_id text, is_paused boolean, is_stale boolean)")
    with Session(engine) as session:
        yield session
    engine.dispose()


def add(database: Session, *rows: object) -> None:
    database.add_all(rows)
    database.commit()


def dag(database: Session, name: str, *, paused: bool = False, stale: bool = False) -> None:
    database.connection().exec_driver_sql("insert into dag values (?, ?, ?)", (name, paused, stale))
    database.commit()


@pytest.mark.parametrize("check", [scheduler.look_at_pool, scheduler.look_at_triggerer])
def test_without_a_database_nothing_is_looked_at_and_none_is_made(examine: Examine, nowhere: Path, check):
    (found,) = examine(check)
    assert found.state == "ok" and found.found.startswith("Not looked at")
    assert not nowhere.exists()


def test_a_database_without_airflow_s_tables_is_none_and_stays_so(examine: Examine, nowhere: Path):
    nowhere.touch()
    assert examine(scheduler.look_at_pool)[0].found.startswith("Not looked at")
    assert nowhere.stat().st_size == 0


@pytest.mark.parametrize("url", ["airflow-db-not-allowed:///", "postgresql://nobody@127.0.0.1:1/none"])
def test_a_database_that_does_not_answer_is_none(examine: Examine, monkeypatch, url):
    configure(monkeypatch, url)
    assert examine(scheduler.look_at_pool)[0].found.startswith("Not looked at")


@pytest.mark.parametrize(
    ("warehouse", "slots", "state"),
    [
        ("duckdb", 1, "ok"), ("duckdb", 4, "warning"), ("duckdb", 0, "wrong"), ("duckdb", None, "wrong"),
        ("snowflake", 32, "ok"), ("snowflake", 2, "warning"), ("snowflake", None, "wrong"),
    ],
)  # fmt: skip
def test_the_pool_has_slots_that_suit_the_warehouse(
    examine: Examine, database, monkeypatch, warehouse, slots, state
):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", warehouse)
    if slots is not None:
        add(database, Pool(pool=WAREHOUSE_POOL, slots=slots, description="", include_deferred=False))
    (found,) = examine(scheduler.look_at_pool)
    assert found.state == state
    assert state == "ok" or f"airflow pools set {WAREHOUSE_POOL}" in found.action


@pytest.mark.parametrize(("age", "execution", "state"), [(1, "watcher", "ok"), (3600, "watcher", "wrong"), (None, "watcher", "wrong"), (None, "local", "ok")])  # fmt: skip
def test_the_triggerer_is_alive_or_wrong_unless_none_is_needed(
    examine: Examine, database, monkeypatch, age, execution, state
):
    monkeypatch.setenv("TIDEMARK_DBT_EXECUTION", execution)
    if age is not None:
        job = Job(job_type="TriggererJob", state="running")
        job.latest_heartbeat = datetime.now(UTC) - timedelta(seconds=age)
        add(database, job)
    assert examine(scheduler.look_at_triggerer)[0].state == state


def test_dags_that_the_scheduler_knows_and_runs_are_ok(examine: Examine, database, monkeypatch):
    monkeypatch.setattr(scheduler, "_import_faults", dict)
    for name in scheduler.DAGS:
        dag(database, name)
    assert states(examine(scheduler.look_at_dags)) == {"ok"}


def test_a_dag_that_is_paused_is_a_warning_and_one_that_is_gone_wrong(
    examine: Examine, database, monkeypatch
):
    monkeypatch.setattr(scheduler, "_import_faults", dict)
    special = {"monthly_segmentation": {"paused": True}, "rollback_publication": {"stale": True}}
    for name in scheduler.DAGS:
        dag(database, name, **special.get(name, {}))
    findings = [finding for finding in examine(scheduler.look_at_dags) if finding.state != "ok"]
    assert [finding.state for finding in findings] == ["warning", "wrong"]


def test_an_import_error_is_wrong_and_told_by_its_kind_alone(examine: Examine, database, monkeypatch):
    monkeypatch.setattr(scheduler, "_import_faults", dict)
    trace = f"Traceback (most recent call last):\n  File ...\ncosmos.exceptions.CosmosError: {MARK}"
    add(database, ParseImportError(filename="dags/monthly_segmentation.py", stacktrace=trace))
    add(database, ParseImportError(filename="dags/of_others.py", stacktrace=trace))
    for name in scheduler.DAGS:
        dag(database, name)
    assert (
        worst(examine(scheduler.look_at_dags)).found
        == "The scheduler could not read monthly_segmentation.py (CosmosError)."
    )


def test_dag_files_are_read_here_as_airflow_reads_them(examine: Examine, nowhere: Path):
    assert states(examine(scheduler.look_at_dags)) == {"ok"}


def test_a_dag_file_that_can_not_be_read_here_is_wrong_with_our_own_words_only(
    examine: Examine, nowhere, monkeypatch, tmp_path
):
    (tmp_path / "dags").mkdir()
    (tmp_path / "include").symlink_to(scheduler.PROJECT_ROOT / "include")  # type: ignore[attr-defined]
    for file in scheduler.DAGS.values():
        (tmp_path / "dags" / file).touch()
    ours = "from include.tidemark.errors import SettingsError\nraise SettingsError('Say this.')"
    (tmp_path / "dags" / "monthly_segmentation.py").write_text(ours)
    (tmp_path / "dags" / "rollback_publication.py").write_text(f"raise RuntimeError('{MARK}')")
    monkeypatch.setattr(scheduler, "PROJECT_ROOT", tmp_path)
    found = [finding.found for finding in examine(scheduler.look_at_dags) if finding.state == "wrong"]
    assert found == [
        "monthly_segmentation.py can't be read here (SettingsError: Say this.).",
        "rollback_publication.py can't be read here (RuntimeError).",
    ]


def test_connections_of_the_environment_are_found_and_a_missing_one_is_wrong(
    examine: Examine, nowhere, monkeypatch
):
    assert examine(scheduler.look_at_connections)[0].found == "The settings name none that a run needs."
    monkeypatch.setenv("TIDEMARK_ARTIFACT_CONN_ID", "store")
    found = worst(examine(scheduler.look_at_connections))
    assert (
        found.state == "wrong"
        and "TIDEMARK_ARTIFACT_CONN_ID" in found.found
        and "AIRFLOW_CONN_STORE" in found.action
    )
    monkeypatch.setenv("AIRFLOW_CONN_STORE", f"aws://user:{SECRET}@")
    assert states(examine(scheduler.look_at_connections)) == {"ok"}


def test_connections_of_the_database_are_asked_for_as_airflow_s_command_line_does(
    examine: Examine, database, monkeypatch
):
    asked = []

    def look_up(conn_id: str) -> None:
        asked.append((conn_id, os.environ.get("_AIRFLOW_PROCESS_CONTEXT")))
        if conn_id == "tidemark_alerts":
            raise metadata_database.AirflowException("not defined")  # type: ignore[attr-defined]

    monkeypatch.setattr(metadata_database.BaseHook, "get_connection", look_up)  # type: ignore[attr-defined]
    monkeypatch.setenv("TIDEMARK_LANDING_CONN_ID", "landing")
    found = worst(examine(scheduler.look_at_connections))
    assert asked == [("landing", "server"), ("tidemark_alerts", "server")]
    assert found.state == "warning" and "only logged" in found.found
    assert "_AIRFLOW_PROCESS_CONTEXT" not in os.environ


def test_the_dags_of_the_project_are_those_that_are_looked_for():
    files = {file.name for file in (scheduler.PROJECT_ROOT / "dags").glob("*.py")}  # type: ignore[attr-defined]
    assert set(scheduler.DAGS.values()) == files
    assert {column.name for column in DagModel.__table__.columns} >= {"dag_id", "is_paused", "is_stale"}
