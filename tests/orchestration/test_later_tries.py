"""A cleared run has one dbt process again, and no task takes an earlier process' report for its own."""

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRescheduleException

from include.tidemark.orchestration.later_tries import announce_reports, await_announced_reports

RUN = "manual__2026-11-01"
DBT = "models.dbt_producer_watcher"
RETRIES = 2


class Task:
    """A running task instance, with what Airflow knows of the dbt process' task."""

    dag_id = "monthly_segmentation"
    task_id = "models.customer_spend.run"
    task = SimpleNamespace(retries=RETRIES)

    def __init__(self, try_number=1, max_tries=RETRIES, announced=None, state=None):
        self.try_number = try_number
        self.max_tries = max_tries
        self.announced = announced
        self.state = state
        self.pushed = {}

    def xcom_pull(self, task_ids, key):
        assert task_ids == DBT
        return self.announced

    def xcom_push(self, key, value):
        self.pushed[key] = value

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


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "up_for_retry"])
@pytest.mark.parametrize("announced", [None, 0])
def test_in_a_cleared_run_a_task_leaves_its_worker_until_the_new_dbt_process_has_announced_itself(
    state, announced
):
    with pytest.raises(AirflowRescheduleException):
        watch(Task(2, 3, announced, state), clearing=1)


def test_once_it_has_the_first_try_after_the_clearing_counts_as_the_first():
    assert watch(Task(2, 3, announced=1, state="running"), clearing=1) == 1


def test_and_a_retry_after_it_as_a_retry():
    assert watch(Task(3, 3, announced=1, state="failed"), clearing=1) == 2


@pytest.mark.parametrize("state", ["success", "failed", "skipped", "upstream_failed", "removed"])
def test_a_task_that_was_cleared_alone_runs_its_model_by_itself(state):
    assert watch(Task(2, 3, announced=0, state=state), clearing=1) == 2


@pytest.mark.parametrize(
    ("try_number", "max_tries", "counted"), [(1, 2, 1), (2, 2, 2), (2, 3, 1), (3, 3, 2), (5, 6, 1)]
)
def test_the_dbt_process_s_task_says_which_clearing_it_works_for_and_counts_its_tries_from_there(
    try_number, max_tries, counted
):
    task = Task(try_number, max_tries)
    announce_reports(context_of(task, 4))
    assert task.try_number == counted and list(task.pushed.values()) == [4]


def test_what_one_announces_the_others_wait_for():
    dbt_process, model = Task(2, 3), Task(2, 3, state="running")
    announce_reports(context_of(dbt_process, 1))
    (model.announced,) = dbt_process.pushed.values()
    assert watch(model, clearing=1) == 1
