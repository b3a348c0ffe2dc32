"""One dbt process for a run that was cleared, too, and no report of an earlier one taken for its own.

Cosmos' task of the dbt process does nothing on a later try, and the tasks that watch it then start a dbt process for each model.
That is right where one model failed. Where the run was cleared, it would be a process for each model and each model's tests.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException
from cosmos.constants import PRODUCER_WATCHER_TASK_ID

_CLEARING = "clearing"
"""The XCom in which the dbt process' task says after which clearing of the run it works."""
_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
_PAUSE = timedelta(seconds=5)


def announce_reports(context: Any) -> None:
    """Pre-execution hook of the task of the dbt process: its reports of before are deleted by now, so those to come are new.

    Airflow deletes the reports of an earlier try one by one when the task starts, before this hook.
    """
    _count_tries_from_clearing(context)
    context["ti"].xcom_push(key=_CLEARING, value=context["dag_run"].clear_number)


def await_announced_reports(context: Any) -> None:
    """Pre-execution hook of the tasks that watch the dbt process: a report is read once it is of this clearing of the run.

    A task that was cleared without the dbt process' task goes on at once: Cosmos runs its model by itself.

    Raises:
        AirflowRescheduleException: the dbt process' task has not started; the worker is free until the next look.
    """
    task, clearing = context["ti"], context["dag_run"].clear_number
    if not clearing:
        return
    dbt_process = f"{task.task_id.split('.')[0]}.{PRODUCER_WATCHER_TASK_ID}"
    if task.xcom_pull(task_ids=dbt_process, key=_CLEARING) == clearing:
        _count_tries_from_clearing(context)
    elif _state_of(dbt_process, context) not in _ENDED:
        raise AirflowRescheduleException(datetime.now(UTC) + _PAUSE)  # type: ignore[no-untyped-call]


def _count_tries_from_clearing(context: Any) -> None:
    """Let the task see the first try after a clearing as its first: Cosmos takes every higher number for a retry."""
    task = context["ti"]
    first = task.max_tries - (task.task.retries or 0) + 1  # as Airflow counts; clearing raises max_tries
    task.try_number = max(task.try_number - first + 1, 1)


def _state_of(task_id: str, context: Any) -> str | None:
    task, run_id = context["ti"], context["run_id"]
    states = task.get_task_states(dag_id=task.dag_id, task_ids=[task_id], run_ids=[run_id])
    state = states.get(run_id, {}).get(task_id)
    return None if state is None else str(state)
