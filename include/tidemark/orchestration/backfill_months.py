"""The months of a backfill as runs of `monthly_segmentation`, one after the other; several such tasks compute
months at once."""

from typing import Any, NoReturn

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.providers.standard.triggers.external_task import DagStateTrigger
from airflow.sdk.exceptions import AirflowFailException
from airflow.utils.state import DagRunState

from include.tidemark.history.backfill_ids import attempt_of

MONTHLY = "monthly_segmentation"
_TRIED, _FAILED = "tried", "failed"
"""XComs: the runs that this try of the task has started, and the months of which one failed. A cleared task
has none."""
_POLL_SECONDS = 5
_ENDED = ("success", "failed")


class ComputeMonths(TriggerDagRunOperator):
    """Starts a new run for each of its months and waits for it in the triggerer.

    A run has a fixed id, so a task that is cleared, or whose worker was lost, goes on where it was: a month
    whose run succeeded is left out, one whose run is at work is waited for, and one whose run failed gets
    another run.
    """

    def __init__(self, *, months: list[dict[str, Any]], stop_on_failure: bool, **kwargs: Any) -> None:
        """Take the months of one task.

        Args:
            months: in their order, each the `run_id` of its first run and the `conf` of all its runs.
            stop_on_failure: start no further month after one that failed, here or in another of these tasks.
        """
        super().__init__(
            trigger_dag_id=MONTHLY,
            logical_date=None,
            wait_for_completion=True,
            deferrable=True,
            poke_interval=_POLL_SECONDS,
            openlineage_inject_parent_info=False,
            **kwargs,
        )
        self.months = months
        self.stop_on_failure = stop_on_failure

    def execute(self, context: Any) -> None:
        """Start, or wait for, the first month that is not done.

        Raises:
            AirflowFailException: a month failed, or was not started; or the DAG of the months is paused.
        """
        self._go_on(context)

    def execute_complete(self, context: Any, event: Any) -> None:  # noqa: ARG002 - Airflow's signature
        """Go on after a month has ended."""
        self._go_on(context)

    def _go_on(self, context: Any) -> None:
        task = context["ti"]
        tried = task.xcom_pull(task_ids=self.task_id, key=_TRIED, map_indexes=task.map_index) or []
        failed: list[str] = []
        for month in self.months:
            attempt, state = _newest_attempt(task, month["run_id"])
            run_id = attempt_of(month["run_id"], attempt)
            if state == "success":
                continue
            if state == "failed" and run_id in tried:
                failed.append(month["conf"]["as_of_date"])
                task.xcom_push(key=_FAILED, value=failed)
                continue
            if self.stop_on_failure and (failed or self._another_failed(task)):
                raise AirflowFailException(_told(failed, not_started=month["conf"]["as_of_date"]))
            if state is not None and state not in _ENDED:
                self._wait_for(run_id)
            self._start(context, month, attempt_of(month["run_id"], attempt + 1), tried)
        if failed:
            raise AirflowFailException(_told(failed))

    def _another_failed(self, task: Any) -> bool:
        found = task.xcom_pull(task_ids=self.task_id, key=_FAILED)
        return any(found or ())

    def _wait_for(self, run_id: str) -> NoReturn:
        self.defer(
            trigger=DagStateTrigger(
                dag_id=MONTHLY,
                states=[DagRunState.SUCCESS, DagRunState.FAILED],
                run_ids=[run_id],
                poll_interval=_POLL_SECONDS,
            ),
            method_name="execute_complete",
        )
        raise AssertionError("a task that is deferred does not come back here")

    def _start(self, context: Any, month: dict[str, Any], run_id: str, tried: list[str]) -> None:
        if context["ti"].get_dag(MONTHLY).is_paused:
            raise AirflowFailException(
                f"The DAG {MONTHLY} is paused, so no month would be computed; unpause it, and clear this task."
            )
        context["ti"].xcom_push(key=_TRIED, value=[*tried, run_id])
        self.trigger_run_id, self.conf = run_id, month["conf"]
        super().execute(context)


def _newest_attempt(task: Any, run_id: str) -> tuple[int, str | None]:
    """How many runs a month has, and the state of the newest; 0 and None without any."""
    attempt = 0
    while task.get_dr_count(dag_id=MONTHLY, run_ids=[attempt_of(run_id, attempt + 1)]):
        attempt += 1
    if not attempt:
        return 0, None
    # The task SDK answers with an enumeration of its own, whose text is not its value.
    return attempt, DagRunState(task.get_dagrun_state(MONTHLY, attempt_of(run_id, attempt))).value


def _told(failed: list[str], not_started: str = "") -> str:
    said = f"The months as of {', '.join(failed)} failed" if failed else "A month of another task failed"
    rest = f"; from {not_started} on none was started" if not_started else ""
    return f"{said}{rest}. Consumers see these months as before. Put right what their runs say, and clear this task: months that are done stay."
