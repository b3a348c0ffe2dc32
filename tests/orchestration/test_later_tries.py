"""A cleared run has one dbt process again, and no task takes an earlier process' report for its own."""

import asyncio
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred
from cosmos.operators._watcher.triggerer import WatcherTrigger

from include.tidemark.orchestration.later_tries import announce_reports, await_announced_reports

RUN = "manual__2026-11-01"
DBT = "models.dbt_producer_watcher"
RETRIES = 2


class Task:
    """A running task instance, with what Airflow knows of the dbt process' task."""

    dag_id = "monthly_segmentation"
    task_id = "models.customer_spend.run"
    map_index = -1
    task = SimpleNamespace(retries=RETRIES, producer_task_id=DBT)

    def __init__(self, try_number=1, max_tries=RETRIES, state=None, reports=None):
        self.try_number = try_number
        self.max_tries = max_tries
        self.state = state
        self.reports = dict(reports or {})

    def xcom_pull(self, task_ids, key):
        assert task_ids == DBT
        return self.reports.get(key)

    def xcom_push(self, key, value):
        self.reports[key] = value

    def get_task_states(self, dag_id, task_ids, run_ids):
        assert (dag_id, task_ids, run_ids) == (self.dag_id, [DBT], [RUN])
        return {RUN: {DBT: self.state}} if self.state else {}


def context_of(task, clearing):
    return {"ti": task, "run_id": RUN, "dag_run": SimpleNamespace(clear_number=clearing)}


def watch(task, clearing=0):
    await_announced_reports(context_of(task, clearing))
    return task.try_number


@pytest.mark.parametrize("try_number", [1, 2])
def test_in_a_run_that_was_never_cleared_every_try_goes_on_at_once_with_its_own_number(try_number):
    assert watch(Task(try_number, state="running")) == try_number


def reports_after(clearing):
    """What the dbt process' task has reported when it begins after a clearing."""
    dbt_process = Task(2, 3)
    announce_reports(context_of(dbt_process, clearing))
    return dbt_process.reports


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "up_for_retry"])
@pytest.mark.parametrize("reports", [{}, reports_after(1)], ids=["never cleared before", "cleared before"])
def test_in_a_cleared_run_a_task_leaves_its_worker_until_the_new_dbt_process_has_announced_itself(
    state, reports
):
    with pytest.raises(TaskDeferred) as deferred:
        watch(Task(2, 3, state, reports), clearing=2)
    assert deferred.value.method_name == "execute"


def test_once_it_has_the_first_try_after_the_clearing_counts_as_the_first():
    assert watch(Task(2, 3, "running", reports_after(1)), clearing=1) == 1


def test_and_a_retry_after_it_as_a_retry():
    assert watch(Task(3, 3, "failed", reports_after(1)), clearing=1) == 2


@pytest.mark.parametrize("state", ["success", "failed", "skipped", "upstream_failed", "removed"])
def test_a_task_that_was_cleared_alone_runs_its_model_by_itself(state):
    assert watch(Task(2, 3, state, reports_after(1)), clearing=2) == 2


@pytest.mark.parametrize(
    ("try_number", "max_tries", "counted"), [(1, 2, 1), (2, 2, 2), (2, 3, 1), (3, 3, 2), (5, 6, 1)]
)
def test_the_dbt_process_s_task_counts_its_tries_from_the_clearing(try_number, max_tries, counted):
    task = Task(try_number, max_tries)
    announce_reports(context_of(task, 4))
    assert task.try_number == counted


def outcome_of_waiting(monkeypatch, reports, state):
    """What Cosmos' trigger says that a deferred task waits in, when it looks at these reports and this state
    of the dbt process."""
    with pytest.raises(TaskDeferred) as deferred:
        watch(Task(2, 3), clearing=1)
    trigger = deferred.value.trigger

    async def report(self, key):
        return reports.get(key)

    async def state_of_dbt(self):
        return state

    monkeypatch.setattr(WatcherTrigger, "get_xcom_val", report)
    monkeypatch.setattr(WatcherTrigger, "_get_producer_task_status", state_of_dbt)

    async def wait():
        return await asyncio.wait_for(anext(aiter(trigger.run())), 0.2)

    try:
        return asyncio.run(wait()).payload
    except TimeoutError:
        return None


def test_the_trigger_waits_for_the_announcement_and_for_no_report_of_an_earlier_clearing(monkeypatch):
    assert outcome_of_waiting(monkeypatch, reports_after(1), "running") is not None
    assert (
        outcome_of_waiting(monkeypatch, reports_after(0) | {"model__x_status": {"status": "success"}}, None)
        is None
    )


@pytest.mark.parametrize("state", ["failed", "skipped", "success"])
def test_it_ends_with_a_dbt_process_that_announces_nothing(monkeypatch, state):
    assert outcome_of_waiting(monkeypatch, {}, state) is not None
