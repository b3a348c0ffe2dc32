"""A later try of a model's task never takes an earlier dbt process' report for its own."""

from types import SimpleNamespace

import pytest

from include.tidemark.orchestration import later_tries
from include.tidemark.orchestration.later_tries import wait_until_old_reports_are_gone

RUN = "manual__2026-11-01"
DBT = "models.dbt_producer_watcher"


class Task:
    """A running task instance, to which Airflow gives one state of the dbt process' task after the other."""

    dag_id = "monthly_segmentation"
    task_id = "models.customer_spend.run"

    def __init__(self, try_number, *states):
        self.try_number = try_number
        self.states = list(states)
        self.asked = 0

    def get_task_states(self, dag_id, task_ids, run_ids):
        assert (dag_id, task_ids, run_ids) == (self.dag_id, [DBT], [RUN])
        self.asked += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {RUN: {DBT: state}} if state else {}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Time that passes only by sleeping."""

    class Clock:
        now = 0.0

        def sleep(self, seconds):
            self.now += seconds

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(later_tries, "time", clock)
    return clock


def wait(task, clear_number=0):
    run = SimpleNamespace(clear_number=clear_number)
    wait_until_old_reports_are_gone({"ti": task, "run_id": RUN, "dag_run": run})
    return task.asked


def test_a_first_try_watches_at_once():
    assert wait(Task(1, "running")) == 0


def test_a_first_try_in_a_run_that_was_cleared_waits_too():
    assert wait(Task(1, "running", "skipped"), clear_number=1) == 2


@pytest.mark.parametrize("ended", ["success", "failed", "skipped", "upstream_failed", "removed"])
def test_a_later_try_goes_on_when_the_dbt_process_has_ended(ended):
    assert wait(Task(2, ended)) == 1


def test_a_later_try_waits_while_the_dbt_process_s_task_is_cleared_queued_or_at_work():
    assert wait(Task(2, None, "scheduled", "queued", "running", "skipped")) == 5


def test_a_dbt_process_that_runs_for_long_is_watched(clock):
    wait(Task(3, "queued", "running"))
    assert clock.now == 600


def test_a_dbt_process_that_never_starts_is_one_sentence():
    with pytest.raises(TimeoutError, match="has not started within 600 s .it is queued.*pool"):
        wait(Task(2, "queued"))
