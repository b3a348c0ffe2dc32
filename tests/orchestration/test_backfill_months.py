"""The task that computes months through runs of the monthly DAG: what it starts, waits for, leaves out and
gives up."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.api.datamodels._generated import DagRunState as Told
from airflow.sdk.exceptions import AirflowFailException, DagRunTriggerException, TaskDeferred

from include.tidemark.orchestration.backfill_months import ComputeMonths

DAYS = ("2017-10-01", "2017-11-01", "2017-12-01")


class Airflow:
    """The runs of the monthly DAG, and what the tasks of one backfill left for each other."""

    def __init__(self) -> None:
        self.runs: dict[str, str] = {}
        self.left: dict[tuple[int, str], Any] = {}
        self.is_paused = False

    def task(self, map_index: int = 0) -> Any:
        def pull(*, task_ids: str, key: str, map_indexes: int | None = None) -> Any:
            if map_indexes is not None:
                return self.left.get((map_indexes, key))
            return [value for (_, name), value in self.left.items() if name == key] or None

        return SimpleNamespace(
            map_index=map_index,
            xcom_pull=pull,
            xcom_push=lambda key, value: self.left.__setitem__((map_index, key), value),
            get_dr_count=lambda dag_id, run_ids: sum(run_id in self.runs for run_id in run_ids),
            get_dagrun_state=lambda dag_id, run_id: Told(self.runs[run_id]),
            get_dag=lambda dag_id: SimpleNamespace(is_paused=self.is_paused),
        )


def months(*, days=DAYS, stop=True):
    asked = [{"run_id": f"b__{day}", "conf": {"as_of_date": day}} for day in days]
    return ComputeMonths(task_id="months", months=asked, stop_on_failure=stop)


def start(operator, task) -> str:
    """The run that the task starts next."""
    with pytest.raises(DagRunTriggerException) as triggered:
        operator.execute({"ti": task})
    assert triggered.value.deferrable and triggered.value.logical_date is None
    return triggered.value.dag_run_id


def go_on(operator, airflow, task, ends: dict[str, str]) -> list[str]:
    """Let each run end as it is said, by success otherwise, until the task ends; the runs that were
    started."""
    started = []
    while True:
        try:
            operator.execute_complete({"ti": task}, None)
        except DagRunTriggerException as triggered:
            started.append(triggered.dag_run_id)
            airflow.runs[triggered.dag_run_id] = ends.get(triggered.dag_run_id, "success")
        else:
            return started


def test_each_month_has_one_run_in_order_and_the_task_ends_with_the_last():
    airflow = Airflow()
    assert go_on(months(), airflow, airflow.task(), {}) == [f"b__{day}" for day in DAYS]


def test_a_month_that_is_done_is_left_out_and_one_at_work_is_waited_for():
    airflow = Airflow()
    airflow.runs = {"b__2017-10-01": "success", "b__2017-11-01": "running"}
    with pytest.raises(TaskDeferred) as deferred:
        months().execute({"ti": airflow.task()})
    assert deferred.value.trigger.run_ids == ["b__2017-11-01"]


@pytest.mark.parametrize(("stop", "runs"), [(True, 1), (False, 3)])
def test_a_failure_stops_the_months_after_it_or_not_as_asked_and_the_task_fails_in_either_case(stop, runs):
    airflow = Airflow()
    task, operator = airflow.task(), months(stop=stop)
    with pytest.raises(AirflowFailException, match="as of 2017-10-01 failed"):
        go_on(operator, airflow, task, {"b__2017-10-01": "failed"})
    assert len(airflow.runs) == runs


def test_a_cleared_task_gives_a_failed_month_another_run_and_no_other():
    airflow = Airflow()
    with pytest.raises(AirflowFailException, match="from 2017-12-01 on none was started"):
        go_on(months(), airflow, airflow.task(), {"b__2017-11-01": "failed"})
    airflow.left.clear()  # as Airflow does when a task is cleared
    assert go_on(months(), airflow, airflow.task(), {}) == ["b__2017-11-01__2", "b__2017-12-01"]


def test_a_failure_in_another_task_stops_this_one_before_its_next_month():
    airflow = Airflow()
    with pytest.raises(AirflowFailException):
        go_on(months(days=DAYS[:1]), airflow, airflow.task(0), {"b__2017-10-01": "failed"})
    with pytest.raises(AirflowFailException, match="A month of another task failed; from 2017-11-01"):
        months(days=DAYS[1:]).execute({"ti": airflow.task(1)})
    assert start(months(days=DAYS[1:], stop=False), airflow.task(1)) == "b__2017-11-01"


def test_nothing_is_started_while_the_monthly_dag_is_paused():
    airflow = Airflow()
    airflow.is_paused = True
    with pytest.raises(AirflowFailException, match="is paused"):
        months().execute({"ti": airflow.task()})
    assert airflow.left == {}
