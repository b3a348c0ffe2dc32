"""What the scheduler does when a month ends: its state, and the note that says what it came to."""

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


def ended(metadata, listener, dag_id="monthly_segmentation", state=DagRunState.SUCCESS):
    """State and note of the one run, which Airflow takes for one that ended so."""
    with metadata.engine.begin() as connection:
        for table in ("task_instance", "dag_run"):
            connection.execute(metadata.tables[table].update().values(dag_id=dag_id))
    with Session(metadata.engine) as session:
        run = session.query(DagRun).one()
        run.set_state(state)
        getattr(listener, f"on_dag_run_{state}")(run, "")
        session.commit()
        return run.state, run.note


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
    metadata.add("manual__1", "running", tasks=tasks)
    assert ended(metadata, listener, dag_id) == (state, None)


RESOLVED = {"as_of_date": "2026-11-01", "run_key": "k"}
SCREEN = [
    "As of 2026-11-01, run k: 2 checks, no warnings.",
    "planners: nothing changed beyond chance since 2026-10-01.",
]


def test_the_note_of_a_month_is_what_publish_ended_with_and_a_second_end_replaces_it(metadata, listener):
    metadata.add("manual__1", "running", results={"resolve_run": RESOLVED, "publish": {"summary": SCREEN}})
    assert ended(metadata, listener) == ("success", "\n\n".join(SCREEN))
    table = metadata.tables["xcom"]
    with metadata.engine.begin() as connection:
        connection.execute(
            table.update().where(table.c.task_id == "publish").values(value={"summary": SCREEN[:1]})
        )
    assert ended(metadata, listener) == ("success", SCREEN[0])


def test_the_note_of_a_month_that_failed_is_the_sentence_of_each_task_that_did(metadata, listener):
    metadata.add(
        "manual__1",
        "running",
        tasks=[("check_models", "failed")],
        results={"resolve_run": RESOLVED},
        failures={"check_models": "Shares do not sum to 1."},
    )
    assert ended(metadata, listener, state=DagRunState.FAILED) == (
        "failed",
        "As of 2026-11-01, run k.\n\ncheck_models: Shares do not sum to 1.",
    )


def test_a_note_that_somebody_wrote_stays(metadata, listener):
    metadata.add("manual__1", "running", note="Late rows", results={"publish": {"summary": SCREEN}})
    assert ended(metadata, listener) == ("success", "Late rows")


def test_a_note_is_as_long_as_the_database_has_room_for(metadata, listener):
    metadata.add("manual__1", "running", results={"publish": {"summary": ["é" * 5000]}})
    _, note = ended(metadata, listener)
    assert note == "é" * 999 + "…"


def test_a_run_that_failed_before_it_had_an_identity_says_why_and_another_dag_s_nothing(metadata, listener):
    metadata.add(
        "manual__1", "running", tasks=[("resolve_run", "failed")], failures={"resolve_run": "No such date."}
    )
    assert ended(metadata, listener, "somebody_else_s", DagRunState.FAILED) == ("failed", None)
    assert ended(metadata, listener, state=DagRunState.FAILED) == ("failed", "resolve_run: No such date.")


def test_airflow_calls_it_when_a_run_ends(listener):
    from airflow.listeners.listener import ListenerManager

    manager = ListenerManager()
    manager.add_listener(listener)
    called = {caller.name for caller in manager.pm.get_hookcallers(listener)}
    assert called == {"on_dag_run_success", "on_dag_run_failed"}
