"""`tidemark status` says what consumers see, what is not as it must be, and what to do."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, insert

from include.tidemark.warehouse import open_warehouse
from tests.pipeline.deployment import FIRST


class Airflow:
    """A metadata database of Airflow's own tables, as a scheduler leaves it."""

    def __init__(self, file):
        from airflow.models import import_all_models
        from airflow.models.base import Base

        import_all_models()
        self.engine = create_engine(f"sqlite:///{file}")
        Base.metadata.create_all(self.engine)
        self.tables = Base.metadata.tables

    def put(self, table, **values):
        with self.engine.begin() as connection:
            connection.execute(insert(self.tables[table]).values(values))

    def is_seen(self, job_type, ago):
        """A process of a type that last showed a sign of life some seconds ago."""
        beat = datetime.now(UTC) - timedelta(seconds=ago)
        self.put(
            "job", job_type=job_type, state="running", start_date=beat, latest_heartbeat=beat, hostname="h"
        )

    def has_run(self, state, tasks):
        now = datetime.now(UTC)
        same = {"dag_id": "monthly_segmentation", "run_id": "manual__1"}
        self.put(
            "dag_run",
            id=1,
            **same,
            state=state,
            run_type="manual",
            run_after=now,
            start_date=now,
            clear_number=0,
        )
        for task, task_state in tasks.items():
            self.put(
                "task_instance",
                id=uuid4(),
                **same,
                task_id=task,
                state=task_state,
                map_index=-1,
                pool="p",
                pool_slots=1,
                queue="q",
                priority_weight=1,
                try_number=1,
                max_tries=2,
            )


@pytest.fixture
def airflow(tmp_path, monkeypatch):
    file = tmp_path / "airflow.db"
    made = Airflow(file)
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{file}")
    yield made
    made.engine.dispose()


@pytest.fixture
def without_airflow(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path / 'none.db'}")


@pytest.mark.usefixtures("without_airflow")
def test_a_sound_deployment_is_well_and_shows_what_consumers_see(deployment, month, tidemark):
    code, printed = tidemark("status")
    assert code == 0, printed
    assert printed.rstrip().endswith("Everything is as it must be.")
    (row,) = (line for line in printed.splitlines() if line.startswith(FIRST))
    assert month.name.removeprefix("run=") in row and "the same" in row
    code, printed = tidemark("status", "--json")
    status = json.loads(printed)
    assert (code, status["healthy"], status["airflow"]) == (0, True, None)
    (seen,) = status["seen"]["months"]
    assert seen["views"] == seen["files"] == month.name.removeprefix("run=")
    size = deployment.settings.duckdb_path.stat().st_size
    assert {"place": str(deployment.settings.duckdb_path), "files": 1, "bytes": size} in status["storage"]


@pytest.mark.usefixtures("without_airflow")
def test_a_lost_file_and_views_that_are_ahead_of_the_files_are_told_with_what_to_do(
    deployment, month, tidemark
):
    (month / "report" / "index.html").unlink()
    (deployment.folder / "artifacts" / f"as_of={FIRST}" / "current.json").unlink()
    code, printed = tidemark("status")
    assert code == 1
    (row,) = (line for line in printed.splitlines() if line.startswith(FIRST))
    assert " nothing " in row
    assert "report/index.html: It is missing. `tidemark repair --apply`" in printed


@pytest.mark.usefixtures("without_airflow")
def test_while_a_run_holds_the_warehouse_the_files_are_shown_and_nothing_fails(deployment, month, tidemark):
    from tests.upkeep.conftest import held_warehouse

    with held_warehouse(deployment.settings.duckdb_path):
        code, printed = tidemark("status")
    assert code == 0, printed
    assert "not asked" in printed and month.name.removeprefix("run=") in printed


@pytest.mark.usefixtures("without_airflow")
def test_before_the_first_publication_it_says_so(tmp_path, tidemark, monkeypatch):
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", (tmp_path / "none").as_uri())
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(tmp_path / "none.duckdb"))
    code, printed = tidemark("status")
    assert code == 0 and "Nothing is published." in printed


def test_a_lost_triggerer_is_named_with_the_tasks_that_wait_for_it(airflow, tidemark):
    airflow.is_seen("SchedulerJob", 1)
    airflow.is_seen("DagProcessorJob", 1)
    airflow.is_seen("TriggererJob", 3600)
    airflow.has_run(
        "running", {"models.a.run": "deferred", "models.b.run": "deferred", "load_sources": "success"}
    )
    code, printed = tidemark("status")
    assert code == 1
    assert "The triggerer shows no sign of life: 2 tasks of models wait in the state deferred" in printed
    assert "The scheduler" not in printed
    status = json.loads(tidemark("status", "--json")[1])
    assert status["airflow"]["processes"] == {"scheduler": True, "DAG processor": True, "triggerer": False}
    assert status["airflow"]["waiting"] == {"deferred": 2}


def test_a_failed_run_is_named_with_its_task(airflow, tidemark):
    for job in ("SchedulerJob", "DagProcessorJob", "TriggererJob"):
        airflow.is_seen(job, 1)
    airflow.has_run("failed", {"check_models": "failed", "publish": "upstream_failed"})
    code, printed = tidemark("status")
    assert code == 1
    assert "The last run, manual__1, failed in check_models" in printed


def test_a_warehouse_of_an_earlier_release_is_looked_at(deployment, tidemark):
    with open_warehouse(deployment.settings) as warehouse:
        warehouse.execute("alter table control.run_inputs drop column manifest")
    assert "Traceback" not in tidemark("status")[1]
