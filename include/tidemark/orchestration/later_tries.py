"""One dbt process for a cleared run, too, and no report of an earlier one taken for its own.

Cosmos' task of the dbt process does nothing on a later try, and the tasks that watch it then start a dbt
process for each model. That is right where one model failed. Where the run was cleared, it would be a process
for each model and each model's tests.
"""

from typing import Any

from airflow.sdk.exceptions import TaskDeferred
from cosmos.operators._watcher.state import get_status_xcom_key, is_producer_task_terminated
from cosmos.operators._watcher.triggerer import WatcherTrigger

_LOOK_AGAIN_SECONDS = 1


def announce_reports(context: Any) -> None:
    """Pre-execution hook of the task of the dbt process: its reports of before are deleted by now, so those
    to come are new.

    Airflow deletes the reports of an earlier try one by one when the task starts, before this hook.
    """
    _count_tries_from_clearing(context)
    context["ti"].xcom_push(key=get_status_xcom_key(_announcement(context)), value={"status": "success"})


def await_announced_reports(context: Any) -> None:
    """Pre-execution hook of the tasks that watch the dbt process: a report is read once it is of this
    clearing of the run.

    A task that was cleared without the dbt process' task goes on at once: Cosmos runs its model by itself.

    Raises:
        TaskDeferred: the dbt process' task has not started; Cosmos' trigger waits for its announcement, and
            no worker does.
    """
    task = context["ti"]
    if not context["dag_run"].clear_number:
        return
    dbt_process, announcement = task.task.producer_task_id, _announcement(context)
    if task.xcom_pull(task_ids=dbt_process, key=get_status_xcom_key(announcement)):
        _count_tries_from_clearing(context)
    elif not is_producer_task_terminated(_state_of(dbt_process, context)):
        trigger = WatcherTrigger(
            announcement, dbt_process, task.dag_id, context["run_id"], task.map_index, _LOOK_AGAIN_SECONDS
        )
        raise TaskDeferred(trigger=trigger, method_name="execute")


def _announcement(context: Any) -> str:
    """What the dbt process reports as it reports models: that it works for this clearing of the run."""
    return f"clearing_{context['dag_run'].clear_number}"


def _count_tries_from_clearing(context: Any) -> None:
    """Let the task see the first try after a clearing as its first: Cosmos takes every higher number for a
    retry."""
    task = context["ti"]
    first = task.max_tries - (task.task.retries or 0) + 1  # as Airflow counts; clearing raises max_tries
    task.try_number = max(task.try_number - first + 1, 1)


def _state_of(task_id: str, context: Any) -> str | None:
    task, run_id = context["ti"], context["run_id"]
    states = task.get_task_states(dag_id=task.dag_id, task_ids=[task_id], run_ids=[run_id])
    state = states.get(run_id, {}).get(task_id)
    return None if state is None else str(state)
