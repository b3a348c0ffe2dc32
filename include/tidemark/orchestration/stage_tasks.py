"""Between Airflow's task context and the stages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk import get_current_context

from include.tidemark.errors import TidemarkError
from include.tidemark.run import Run

P = ParamSpec("P")
R = TypeVar("R")

RESOLVE_TASK_ID = "resolve_run"


def current_run() -> Run:
    """The identity that `resolve_run` made for the present DAG run."""
    return Run.from_xcom(get_current_context()["ti"].xcom_pull(task_ids=RESOLVE_TASK_ID))


def fails_without_retry(stage: Callable[P, R]) -> Callable[P, R]:
    """Turn our own errors into Airflow's final failure: the same input would fail again, so a retry only costs time.

    Anything else (a lost connection, a killed worker) is retried as the DAG says.
    """

    @wraps(stage)
    def run_stage(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return stage(*args, **kwargs)
        except TidemarkError as error:
            raise AirflowFailException(str(error)) from None

    return run_stage


def pass_run_identity(context: Any, operator: Any) -> None:
    """Cosmos interceptor: hand the run's variables to dbt, in the one process and in each model's fall-back alike."""
    operator.vars = Run.from_xcom(context["ti"].xcom_pull(task_ids=RESOLVE_TASK_ID)).dbt_vars()
