"""What a stage's task leaves behind, and what the manifest's timings are made of."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.tidemark.errors import GateError
from include.tidemark.orchestration import stage_tasks
from include.tidemark.orchestration.stage_tasks import SECONDS, STARTED, stage_seconds, stage_task

BEGIN = datetime(2026, 11, 1, 7, tzinfo=UTC)


def result(minute: float, seconds: float) -> dict:
    """The result of a task that began that many minutes after the run."""
    return {STARTED: (BEGIN + timedelta(minutes=minute)).isoformat(), SECONDS: seconds}


@pytest.fixture
def dag_run(monkeypatch):
    """A DAG run whose tasks' results can be set by id; a task without one gives None, as Airflow does."""
    results: dict[str, dict] = {}
    task = SimpleNamespace(
        task_id="publish", start_date=BEGIN, xcom_pull=lambda *, task_ids: results.get(task_ids)
    )
    monkeypatch.setattr(stage_tasks, "get_current_context", lambda: {"ti": task})
    return results


def test_a_stage_s_result_says_when_it_began_and_how_long_it_took(dag_run):
    outcome = stage_task(lambda rows: {"rows": rows})(3)
    assert outcome["rows"] == 3
    assert outcome[STARTED] == "2026-11-01T07:00:00+00:00"
    assert 0 <= outcome[SECONDS] < 60


def test_an_error_of_ours_is_final(dag_run):
    def fail():
        raise GateError("The gate stopped this run.")

    with pytest.raises(AirflowFailException, match="The gate stopped"):
        stage_task(fail)()


def test_a_group_took_what_lies_between_the_task_before_it_and_the_task_after_it(dag_run):
    dag_run |= {
        "check_sources": result(1, 6.5),
        "check_models": result(2, 3),
        "check_statistics": result(2.5, 1),
    }
    stages = ("check_sources", "models", "check_models", "statistics", "check_statistics")
    assert stage_seconds(stages) == {
        "check_sources": 6.5,
        "models": 53.5,
        "check_models": 3,
        "statistics": 27,
        "check_statistics": 1,
    }


def test_a_group_whose_end_is_not_known_is_left_out(dag_run):
    dag_run["check_sources"] = result(1, 6.5)
    assert stage_seconds(("check_sources", "models", "check_models")) == {"check_sources": 6.5}


def test_clocks_of_two_workers_that_differ_never_give_a_negative_time(dag_run):
    dag_run |= {"check_sources": result(1, 60), "check_models": result(1.5, 3)}
    assert stage_seconds(("check_sources", "models", "check_models"))["models"] == 0
