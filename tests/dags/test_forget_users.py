"""The DAG that erases persons, as Airflow sees it, and what its task hands on."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag

from include.tidemark.pipeline import forget as stage

PROJECT = Path(__file__).resolve().parents[2]
URL, STARTED = "s3://privacy/ids.txt", datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def dag():
    bag = DagBag(dag_folder=str(PROJECT / "dags" / "forget_users.py"))
    assert bag.import_errors == {}
    return bag.dags["forget_users"]


def test_it_is_made_as_the_other_dags_are(dag):
    assert dag.tags >= {"tidemark", "on-call"} and "Erase at the source first" in dag.doc_md
    assert (
        dag.max_active_runs == 1
        and dag.catchup is False
        and dag.timetable.__class__.__name__ == "NullTimetable"
    )
    (task,) = dag.tasks
    assert task.owner == "tidemark" and task.retries == 2 and task.on_failure_callback
    assert task.pool == "tidemark_warehouse", "on DuckDB it would be in the way of a month"


def test_it_takes_the_url_of_the_file_and_no_id(dag):
    assert set(dag.params) == {"user_ids_url", "reason"}
    assert dag.params.get_param("user_ids_url").schema["type"] == "string"


def test_its_task_hands_on_counts_only(dag, monkeypatch):
    given = []

    def forget_users(*arguments):
        given.append(arguments)
        return stage.Forgotten(persons=3, found=2).as_json()

    monkeypatch.setattr(stage, "forget_users", forget_users)
    context = {
        "params": {"user_ids_url": URL, "reason": None},
        "dag_run": SimpleNamespace(start_date=STARTED),
        "ti": SimpleNamespace(task_id="forget", start_date=STARTED),
    }
    task = dag.tasks[0].python_callable
    for function in (task, task.__wrapped__):
        monkeypatch.setitem(function.__globals__, "get_current_context", lambda: context)
    result = task()
    assert [(place, reason, at) for place, reason, _, at in given] == [(URL, None, STARTED)]
    assert (result["persons"], result["unknown"]) == (3, 1)
    assert {type(value) for value in result.values()} <= {int, float, str, dict, list}
