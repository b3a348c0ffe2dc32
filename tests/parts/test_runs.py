"""A triggered run and a backfill at once, a cleared run, and a task in a new interpreter, on the platforms'
parts."""

import json
import time
from pathlib import Path

import duckdb
import pytest

from include.tidemark.settings import WAREHOUSE_POOL
from tests.parts.conftest import BACKFILLED, FIRST, OLD
from tests.runs import finished

pytestmark = pytest.mark.timeout(1500)
DBT = "models.dbt_producer_watcher"
IN_A_WORKER = {"queued", "running"}


def query(parts, sql, *parameters):
    with duckdb.connect(str(parts.home / "state" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(sql, parameters).fetchall()


def published_keys(parts) -> dict[str, str]:
    """The run key that consumers see of each as-of date."""
    rows = query(parts, "select as_of_date, run_key from control.publications order by published_at")
    return {str(as_of): key for as_of, key in rows}


def rows_by_table(parts, run_key) -> dict[str, int]:
    """How many rows each table of the models holds for a run."""
    tables = query(
        parts,
        "select table_name from information_schema.columns where table_schema = 'runs' and column_name = 'run_key'",
    )
    return {
        name: query(parts, f"select count(*) from runs.{name} where run_key = ?", run_key)[0][0]
        for (name,) in tables
    }


def states_of(tasks) -> dict[str, str]:
    return {task["task_id"]: str(task["state"]) for task in tasks}


def last_state(api, run_id) -> str:
    return finished(api, run_id, 900)[0]


def dbt_processes(parts, api, run_id) -> list[str]:
    """The tasks of a run that started a dbt process in their last try, one entry for each process."""
    logs = parts.home / "logs" / "dag_id=monthly_segmentation" / f"run_id={run_id}"
    return [
        task["task_id"]
        for task in api.tasks(run_id)
        for file in (logs / f"task_id={task['task_id']}").glob(f"attempt={task['try_number']}.log")
        for line in file.read_text(errors="replace").splitlines()
        if "Running command: " in line
    ]


def test_a_triggered_run_and_a_backfill_at_once_succeed_at_the_first_try_and_publish_both_months(
    parts, api, runs_at_once
):
    triggered, backfill = runs_at_once
    for run_id in runs_at_once:
        tasks = api.tasks(run_id)
        assert set(states_of(tasks).values()) == {"success"} and len(tasks) > 30
        assert {task["try_number"] for task in tasks} == {1}
        assert dbt_processes(parts, api, run_id) == [DBT]
    runs = {run["dag_run_id"]: run for run in api.runs()}
    assert runs[backfill]["start_date"] < runs[triggered]["end_date"]
    assert runs[triggered]["start_date"] < runs[backfill]["end_date"], "they did not overlap"
    latest = json.loads((parts.home / "state" / "artifacts" / "latest.json").read_text())
    assert latest["as_of_date"] == FIRST
    keys = published_keys(parts)
    assert keys[BACKFILLED] != keys[FIRST]
    for as_of in (BACKFILLED, FIRST):
        shown = query(
            parts, "select distinct run_key from marts.customer_segments where as_of_date = ?", as_of
        )
        assert shown == [(keys[as_of],)]


def test_the_worker_has_the_libraries_of_the_tasks_before_any_task(parts, api):
    """As files that its process maps; the scheduler, whose tasks run in the worker, has none of them."""
    maps = {
        part: Path(f"/proc/{parts.named[part]}/maps").read_text(errors="replace")
        for part in ("worker", "scheduler")
    }
    assert "duckdb" in maps["worker"] and "vl_convert" in maps["worker"]
    assert "duckdb" not in maps["scheduler"]


def test_no_task_can_write_to_the_project(parts, first_run):
    for folder in ("dags", "include", "dbt", "plugins"):
        assert parts.run("touch", str(parts.code / folder / "written")).returncode != 0
    assert not [path for path in parts.code.rglob("*") if path.name in ("logs", "partial_parse.msgpack")]


def test_a_cleared_run_waits_for_the_pool_without_a_worker_and_then_starts_one_dbt_process(
    parts, api, old_run, first_run
):
    """The run is the older Airflow's, whose dbt process has reported every model: none of that may be
    believed."""
    old_key = published_keys(parts)[OLD]
    admin = parts.client("admin")
    api.clear(old_run)
    closed, calm = False, 0
    for _, tasks in api.watch(old_run, timeout=600, poll=0.5):
        states = states_of(tasks)
        if not closed and states["check_sources"] in {*IN_A_WORKER, "success"}:
            set_slots(admin, 0)  # what has its slot keeps it; the dbt process gets none
            closed = True
        watching = {
            task: state for task, state in states.items() if task.startswith("models.") and state != "None"
        }
        waits = watching.pop(DBT, None) == "scheduled" and set(watching.values()) == {"deferred"}
        calm = calm + 1 if waits else 0
        if calm == 5:
            break
    assert calm == 5, f"tasks hold slots of the worker while dbt waits for one: {watching}"
    set_slots(admin, 1)
    assert last_state(api, old_run) == "success"
    assert dbt_processes(parts, api, old_run) == [DBT]
    new_key = published_keys(parts)[OLD]
    assert new_key != old_key
    rows = rows_by_table(parts, old_key)
    assert sum(rows.values()) > 400 and rows_by_table(parts, new_key) == rows


def set_slots(client, slots) -> None:
    pool = {"pool": WAREHOUSE_POOL, "slots": slots, "include_deferred": False, "description": None}
    answer = client.patch(f"/api/v2/pools/{WAREHOUSE_POOL}", params={"update_mask": ["slots"]}, json=pool)
    assert answer.status_code == 200, answer.text


def test_a_task_in_an_interpreter_of_its_own_does_its_work(parts, api, first_run):
    """On Linux Airflow 3 forks a task's process from the worker's; here it starts a Python for each, as it
    does elsewhere."""
    parts.restart_worker_with_new_interpreters()
    keys = published_keys(parts)
    answer = parts.client("admin").post(
        "/api/v2/dags/monthly_segmentation/clearTaskInstances",
        json={"dag_run_id": first_run, "task_ids": ["publish"], "only_failed": False, "dry_run": False},
    )
    assert answer.status_code == 200, answer.text
    seen, state, deadline = False, "", time.monotonic() + 300
    while state not in ("success", "failed") and time.monotonic() < deadline:
        seen = seen or any("_child_exec_main" in line for line in parts.command_lines("worker"))
        state = states_of(api.tasks(first_run))["publish"]
        time.sleep(0.1)
    assert state == "success" and seen
    assert published_keys(parts) == keys, "what is published is published once"
