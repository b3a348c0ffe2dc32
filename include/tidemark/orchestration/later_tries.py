"""What a model's task must wait for when it is not tried for the first time."""

import time
from typing import Any

from cosmos.constants import PRODUCER_WATCHER_TASK_ID

_ENDED = {"success", "failed", "skipped", "upstream_failed", "removed"}
_PATIENCE_SECONDS = 600.0
_PAUSE_SECONDS = 1.0


def wait_until_old_reports_are_gone(context: Any) -> None:
    """Pre-execution hook of the tasks that watch the dbt process: on a later try, wait until that process' task has ended.

    When a run is cleared, the reports of the earlier dbt process stay until the task of the next one has started and has
    deleted them, one by one. A model's task that looks before then would take the old report for its own and leave the new
    run key without rows.

    The first try watches at once, unless the run was cleared. A dbt process that runs for longer than ten minutes has
    deleted what was old, so it is watched from then on.

    Raises:
        TimeoutError: the dbt process' task has not started within ten minutes; the retry waits again.
    """
    task = context["ti"]
    if task.try_number == 1 and not context["dag_run"].clear_number:
        return
    group = task.task_id.split(".")[0]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (state := _state_of(f"{group}.{PRODUCER_WATCHER_TASK_ID}", context)) not in _ENDED:
        if time.monotonic() >= deadline:
            if state == "running":
                return
            raise TimeoutError(
                f"{group}.{PRODUCER_WATCHER_TASK_ID} has not started within {_PATIENCE_SECONDS:.0f} s (it is {state}); "
                "look at its pool and at what else uses the workers."
            )
        time.sleep(_PAUSE_SECONDS)


def _state_of(task_id: str, context: Any) -> str | None:
    task, run_id = context["ti"], context["run_id"]
    states = task.get_task_states(dag_id=task.dag_id, task_ids=[task_id], run_ids=[run_id])
    state = states.get(run_id, {}).get(task_id)
    return None if state is None else str(state)
