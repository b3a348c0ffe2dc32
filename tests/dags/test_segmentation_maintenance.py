"""The weekly DAG, as Airflow sees it."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dag():
    bag = DagBag(dag_folder=str(PROJECT / "dags" / "segmentation_maintenance.py"))
    assert bag.import_errors == {}
    return bag.dags["segmentation_maintenance"]


def test_it_runs_weekly_one_at_a_time_and_makes_no_run_of_the_past(dag):
    assert dag.timetable.expression == "0 5 * * 0"
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.tags >= {"tidemark", "on-call"} and "tidemark repair" in dag.doc_md


def test_each_task_alerts_shares_the_warehouse_s_pool_and_waits_for_no_other(dag):
    assert {task.task_id for task in dag.tasks} == {"check_publications", "prune", "report_storage"}
    for task in dag.tasks:
        assert task.owner == "tidemark" and task.retries == 2 and task.on_failure_callback
        assert task.pool == "tidemark_warehouse" and not task.upstream_task_ids
