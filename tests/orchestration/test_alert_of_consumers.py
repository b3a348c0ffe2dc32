"""The alert says which run views and files show now, of the newest month and of the failed run's."""

import logging

import pytest

from include.tidemark.orchestration.alerts import alert_on_failure
from include.tidemark.pipeline.publish import publish
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, write_candidate
from tests.orchestration.test_alerts import Task


@pytest.fixture
def first(candidate, monkeypatch):
    """The first month's run, which is published."""
    run = candidate.runs[MONTHS[0]]
    publish(run, candidate.settings)
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", candidate.settings.artifact_root)
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(candidate.settings.duckdb_path))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example")
    return run


class TaskOfRun(Task):
    """A task of a run that has failed."""

    def xcom_pull(self, task_ids):
        return self.run


def alert_of(run, caplog):
    """What is said where a task of a run fails."""
    identity = {"as_of_date": run.as_of_date.isoformat(), "run_key": run.run_key}
    task = TaskOfRun(task_id="publish", dag_id="monthly_segmentation", run_id="manual__1", run=identity)
    with caplog.at_level(logging.ERROR):
        alert_on_failure({"ti": task, "exception": RuntimeError("the disk is full")})
    return caplog.records[-1].message


def test_before_the_ledger_row_the_earlier_month_is_named_and_its_report(first, rules, caplog):
    said = alert_of(make_run(MONTHS[1], rules), caplog)
    assert f"As of {MONTHS[0]} views and files show run {first.run_key}." in said
    assert (
        f"Report: http://airflow.example/tidemark/runs/{MONTHS[0]}/{first.run_key}/report/index.html" in said
    )
    assert f"As of {MONTHS[1]}, the month of this run, nothing is published." in said


def test_after_the_ledger_row_the_views_show_the_run_that_failed_and_the_files_the_one_before(
    candidate,
    first,
    rules,
    caplog,
    monkeypatch,
):
    second = make_run(MONTHS[0], rules, attempt=1)
    write_candidate(candidate.settings, second)
    monkeypatch.setattr("include.tidemark.pipeline.publish.rebuild_pointers", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish(second, candidate.settings)
    said = alert_of(second, caplog)
    assert f"the views show run {second.run_key}, the files run {first.run_key}" in said
    assert "That is this run: its publication stands." in said


def test_a_warehouse_that_is_in_use_is_said_and_the_files_are_named(candidate, first, caplog):
    from tests.upkeep.conftest import held_warehouse

    with held_warehouse(candidate.settings.duckdb_path):
        said = alert_of(first, caplog)
    assert f"As of {MONTHS[0]} the files show {first.run_key}; what the views show could not be asked" in said


def test_no_state_of_the_warehouse_or_the_storage_hides_the_failure(candidate, first, caplog, monkeypatch):
    with open_warehouse(candidate.settings) as warehouse:
        warehouse.execute("drop table control.publications")
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", "nowhere://x")
    said = alert_of(first, caplog)
    assert "the disk is full" in said and "What consumers see could not be asked (SettingsError)." in said
