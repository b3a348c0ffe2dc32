"""Between Airflow's task context and the stages."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import wraps
from itertools import pairwise
from typing import Any, ParamSpec

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.types import DagRunProtocol

from include.tidemark.errors import NothingToDoError, TidemarkError
from include.tidemark.orchestration.alerts import alert_on_failure
from include.tidemark.orchestration.metrics import measure, measure_failure
from include.tidemark.orchestration.pages import RESOLVE_TASK_ID
from include.tidemark.pipeline.dbt_variables import dbt_variables, run_environment
from include.tidemark.run import Run
from include.tidemark.transient import is_transient

P = ParamSpec("P")

LOAD_TASK_ID = "load_sources"
SECONDS = "seconds"
"""Key of a task's duration in its result."""
STARTED = "task_started_at"
"""Key of the instant when its last try began."""


TASK_DEFAULTS = {
    "owner": "tidemark",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "on_failure_callback": alert_on_failure,
}
"""`default_args` of every DAG."""
ON_CALL: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["tidemark", "on-call"],
    "default_args": TASK_DEFAULTS,
}
"""What the DAGs beside the monthly one share."""


def current_run() -> Run:
    """The identity that `resolve_run` made for the present DAG run, and the sources that `load_sources` found
    for it."""
    return _run_of(get_current_context()["ti"])


def stage_task(stage: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """A stage as a task: its result says when it began and how long it took, our own errors are final, and
    with nothing to do it is skipped.

    The same input would fail again, so a retry would only cost time. Anything else (a lock, a lost
    connection, throttling, a full disk, a killed worker) is retried as the DAG says.
    """

    @wraps(stage)
    def run_stage(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            result = stage(*args, **kwargs)
        except NothingToDoError as reason:
            raise AirflowSkipException(str(reason)) from None
        except TidemarkError as error:
            if is_transient(error):
                raise  # a sentence about a lock or the network: the retries of the DAG try again
            measure_failure(get_current_context()["ti"].task_id)
            raise AirflowFailException(str(error)) from None
        seconds = round(time.perf_counter() - started, 3)
        measure(get_current_context()["ti"].task_id, seconds, result)
        return result | {STARTED: get_current_context()["ti"].start_date.isoformat(), SECONDS: seconds}

    return run_stage


def stage_seconds(stages: Sequence[str]) -> dict[str, float]:
    """How long the stages of the present DAG run took, in seconds, for the manifest.

    A task says for itself how long it worked. A group of tasks has no result: its time is what lies between
    the task before it and the task after it, waits for a worker and later tries included.

    Args:
        stages: ids of tasks and of groups in the order in which they follow each other, no two groups in a
            row.
    """
    pull = get_current_context()["ti"].xcom_pull
    tasks = {stage: result for stage in stages if (result := pull(task_ids=stage))}
    between = {
        group: _seconds_between(tasks[before], tasks[after])
        for (before, group), (_, after) in pairwise(pairwise(stages))
        if group not in tasks and before in tasks and after in tasks
    }
    seconds = between | {stage: result[SECONDS] for stage, result in tasks.items()}
    return {stage: seconds[stage] for stage in stages if stage in seconds}


def _seconds_between(before: dict[str, Any], after: dict[str, Any]) -> float:
    ended = datetime.fromisoformat(before[STARTED]) + timedelta(seconds=before[SECONDS])
    waited = datetime.fromisoformat(after[STARTED]) - ended
    return max(round(waited.total_seconds(), 3), 0.0)  # two workers' clocks may differ


def started_at(dag_run: DagRunProtocol) -> datetime:
    """When a DAG run started: the same for every try of its tasks.

    Raises:
        AirflowFailException: Airflow does not say, as where a task is tried without a run.
    """
    if dag_run.start_date is None:
        raise AirflowFailException(
            "Airflow says no start of this DAG run; trigger the DAG instead of the task alone."
        )
    return dag_run.start_date


def started_by(dag_run: Any) -> str:
    """Who or what started a DAG run, for the ledger: the user whom Airflow names, else how its id begins,
    such as `scheduled`."""
    return str(dag_run.triggering_user_name or dag_run.run_id.split("__")[0])


def pass_run_identity(context: Any, operator: Any) -> None:
    """Cosmos interceptor: hand the run to dbt, in the one process and in each model's fall-back alike."""
    run = _run_of(context["ti"])
    operator.vars = dbt_variables(run)
    operator.env = (operator.env or {}) | run_environment(run)


def _run_of(task: Any) -> Run:
    run = Run.from_xcom(task.xcom_pull(task_ids=RESOLVE_TASK_ID))
    return run.with_sources(task.xcom_pull(task_ids=LOAD_TASK_ID) or {})
