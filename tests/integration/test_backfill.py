"""The DAG of a backfill on a real scheduler and triggerer: each month a run with a fixed id, and a clear that
goes on.

The months' own DAG is a small one here, which leaves in the warehouse what a published run leaves;
`test_runs.py` runs the real one.
"""

import shutil

import pytest

from include.tidemark.demo import airflow_stack
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.runs import finished

DAG = "segmentation_backfill"
RANGE = {"from_date": "2017-10-01", "to_date": "2017-12-01"}
MONTHLY = """
import time
from datetime import date
from pathlib import Path

from airflow.sdk import Param, dag, get_current_context, task

BROKEN = Path("{broken}")


@dag(dag_id="monthly_segmentation", schedule=None, max_active_runs=1,
     params={{"as_of_date": Param(type="string"), "full_refresh": Param(type="boolean"), "publish": Param(type="boolean"), "reason": Param(type="string")}})
def monthly_segmentation():
    @task(pool="tidemark_warehouse")
    def publish():
        from include.tidemark.settings import load_settings
        from include.tidemark.warehouse import open_warehouse

        # As a month does, it takes longer than a loop of the scheduler, which may take a task that was deferred and is at work again
        # for one that was lost.
        time.sleep(3)
        context = get_current_context()
        run, day = context["dag_run"], context["params"]["as_of_date"]
        if BROKEN.exists() and BROKEN.read_text() == day:
            raise ValueError("broken")
        key = day.replace("-", "") + "_20180102T070000_" + format(abs(hash(run.run_id)) % 16**8, "08x")
        with open_warehouse(load_settings()) as warehouse:
            identity = {{"as_of_date": date.fromisoformat(day), "run_key": key, "dag_run_id": run.run_id}}
            warehouse.insert("control.run_inputs", [identity | {{"sources_hash": "0"}}])
            row = {{"publication_id": 1, "published_at": run.start_date.replace(tzinfo=None), "action": "publish", "rules_hash": "r", "code_version": "c", "manifest_uri": "", "manifest_sha256": ""}}
            warehouse.insert("control.publications", [identity | row | {{"reason": context["params"]["reason"]}}])

    publish()


monthly_segmentation()
"""


@pytest.fixture(scope="module")
def backfills(tmp_path_factory):
    """The state folder of a small Airflow, its warehouse, and a client of the backfills' DAG."""
    state = tmp_path_factory.mktemp("backfills")
    (state / "dags").mkdir()
    (state / "config").mkdir()
    shutil.copy(PROJECT_ROOT / "dags" / f"{DAG}.py", state / "dags")
    (state / "dags" / "monthly.py").write_text(MONTHLY.format(broken=state / "broken"))
    settings = Settings(duckdb_path=state / "warehouse.duckdb", artifact_root=(state / "artifacts").as_uri())
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
    extra = {
        "AIRFLOW__CORE__DAGS_FOLDER": str(state / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(state / "no_plugins"),
        "TIDEMARK_DUCKDB_PATH": str(settings.duckdb_path),
        "TIDEMARK_ARTIFACT_ROOT": settings.artifact_root,
        "TIDEMARK_CONFIG_DIR": str(state / "config"),
    }
    stack = airflow_stack.start(state / "airflow", extra)
    try:
        AirflowApi(stack).unpause(timeout=300)
        api = AirflowApi(stack, DAG)
        api.unpause(timeout=300)
        yield state, settings, api, AirflowApi(stack)
    finally:
        airflow_stack.stop(state / "airflow")


def finish(api, run_id):
    state, tasks = finished(api, run_id, 1500)
    return state, {task["task_id"]: task["state"] for task in tasks}


def published(settings):
    with open_warehouse(settings) as warehouse:
        rows = warehouse.fetch(
            "select as_of_date, dag_run_id, reason from control.publications order by published_at"
        )
    return [(str(row["as_of_date"]), row["dag_run_id"].rpartition("__")[2], row["reason"]) for row in rows]


def log_of(state, run_id, task_id):
    folder = state / "airflow" / "logs" / f"dag_id={DAG}" / f"run_id={run_id}" / f"task_id={task_id}"
    return "\n".join(file.read_text(errors="replace") for file in sorted(folder.rglob("*.log")))


def test_a_dry_run_plans_and_starts_nothing_and_without_a_reason_nothing_is_begun(backfills):
    state, settings, api, monthly = backfills
    run_id = api.trigger(RANGE)
    assert finish(api, run_id)[0] == "success"
    assert "not published yet" in log_of(state, run_id, "plan")
    run_id = api.trigger({**RANGE, "dry_run": False})
    assert finish(api, run_id)[0] == "failed"
    assert "A backfill needs a reason" in log_of(state, run_id, "plan")
    assert (published(settings), monthly.runs()) == ([], [])


def test_each_month_is_a_run_in_order_and_a_clear_computes_only_what_is_not_done(backfills):
    state, settings, api, monthly = backfills
    (state / "broken").write_text("2017-11-01")
    run_id = api.trigger({**RANGE, "dry_run": False, "reason": "late sales"})
    ended, tasks = finish(api, run_id)
    assert (ended, tasks["months"], tasks["what_changed"]) == ("failed", "failed", "failed")
    assert [month for month, *_ in published(settings)] == ["2017-10-01"], (
        "and none after the one that failed"
    )
    assert "from 2017-12-01 on none was started" in log_of(state, run_id, "months")
    (state / "broken").unlink()
    api.clear(run_id)
    assert finish(api, run_id)[0] == "success"
    assert [(month, attempt) for month, attempt, _ in published(settings)] == [
        ("2017-10-01", "2017-10-01"),
        ("2017-11-01", "2"),
        ("2017-12-01", "2017-12-01"),
    ]
    assert {reason.partition(" (backfill")[0] for *_, reason in published(settings)} == {"late sales"}
    assert len(monthly.runs()) == 4
    assert "3 of 3 months are done" in log_of(state, run_id, "what_changed")
