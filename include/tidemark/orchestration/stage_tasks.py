"""Between Airflow's task context and the stages."""

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from include.tidemark.errors import TidemarkError
from include.tidemark.run import Run

P = ParamSpec("P")

RESOLVE_TASK_ID = "resolve_run"
SECONDS = "seconds"
"""Key of a task's duration in its result."""


def current_run() -> Run:
    """The identity that `resolve_run` made for the present DAG run."""
    return Run.from_xcom(get_current_context()["ti"].xcom_pull(task_ids=RESOLVE_TASK_ID))


def stage_task(stage: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """A stage as a task: its result says how long it took, and our own errors are final.

    The same input would fail again, so a retry would only cost time. Anything else (a lost connection, a killed worker)
    is retried as the DAG says.
    """

    @wraps(stage)
    def run_stage(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        started = time.perf_counter()
        try:
            return stage(*args, **kwargs) | {SECONDS: round(time.perf_counter() - started, 3)}
        except TidemarkError as error:
            raise AirflowFailException(str(error)) from None

    return run_stage


def stage_seconds(task_ids: Sequence[str]) -> dict[str, float]:
    """How long the named tasks of the present DAG run took, in seconds of work, for the manifest."""
    pull = get_current_context()["ti"].xcom_pull
    results = {task_id: pull(task_ids=task_id) for task_id in task_ids}
    return {task_id: result[SECONDS] for task_id, result in results.items() if result and SECONDS in result}


def pass_run_identity(context: Any, operator: Any) -> None:
    """Cosmos interceptor: hand the run's variables to dbt, in the one process and in each model's fall-back alike."""
    operator.vars = Run.from_xcom(context["ti"].xcom_pull(task_ids=RESOLVE_TASK_ID)).dbt_vars()
