"""A month in which a task has failed does not end green, although Airflow looks at the last task alone."""

import sys
from importlib import import_module

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.state import DagRunState
from sqlalchemy.orm import Session

from tests.plugins.conftest import PLUGINS


@pytest.fixture
def listener():
    sys.path.insert(0, str(PLUGINS))
    (found,) = import_module("tidemark_dag_runs").TidemarkDagRuns.listeners
    yield found
    sys.path.remove(str(PLUGINS))


def state_after(metadata, listener, dag_id, tasks):
    """The state of a run with these tasks, which Airflow takes for a success."""
    metadata.add("manual__1", "running", tasks=tasks)
    with metadata.engine.begin() as connection:
        for table in ("task_instance", "dag_run"):
            connection.execute(metadata.tables[table].update().values(dag_id=dag_id))
    with Session(metadata.engine) as session:
        run = session.query(DagRun).one()
        run.set_state(DagRunState.SUCCESS)
        listener.on_dag_run_success(run, "success")
        return run.state


@pytest.mark.parametrize(
    ("dag_id", "tasks", "state"),
    [
        ("monthly_segmentation", [("check_models", "success"), ("publish", "success")], "success"),
        ("monthly_segmentation", [("check_models", "failed"), ("publish", "success")], "failed"),
        (
            "monthly_segmentation",
            [("models.dbt_producer_watcher", "failed"), ("publish", "success")],
            "success",
        ),
        ("somebody_else_s", [("a", "failed"), ("b", "success")], "success"),
    ],
)
def test_a_month_with_a_failed_task_is_failed_and_no_other_dag_is_touched(
    metadata, listener, dag_id, tasks, state
):
    assert state_after(metadata, listener, dag_id, tasks) == state


def test_airflow_calls_it_when_a_run_succeeds(listener):
    from airflow.listeners.listener import ListenerManager

    manager = ListenerManager()
    manager.add_listener(listener)
    assert manager.pm.get_hookcallers(listener)
    assert [caller.name for caller in manager.pm.get_hookcallers(listener)] == ["on_dag_run_success"]
