"""What the scheduler does when a month ends: one in which a task has failed does not end green, and its note
says what it came to.

Airflow looks at the last task alone. Where a task of a published run is cleared by itself it is refused, and
the last task, which nobody cleared, still says success. The note is written here because a task has no way to
write one.
"""

from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy.orm import object_session
from tidemark_airflow_runs import DAG_ID, NOTED_BY, what_it_came_to

_WATCHED = "dbt_producer_watcher"
"""The task of the dbt process: where it is lost, the tasks that watch it build their models by themselves."""
_ROOM = 1000
"""Characters of a note that Airflow's database has room for."""


class AtTheEnd:
    """Airflow calls it in the scheduler, before the run's state is written."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002 - Airflow's signature
        """Turn the run to failed where a task of it has failed."""
        if dag_run.dag_id != DAG_ID:
            return
        failed = dag_run.get_task_instances(state=[TaskInstanceState.FAILED], session=object_session(dag_run))
        if any(not task.task_id.endswith(_WATCHED) for task in failed):
            dag_run.set_state(DagRunState.FAILED)
        _note(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002 - Airflow's signature
        """Note why."""
        if dag_run.dag_id == DAG_ID:
            _note(dag_run)


def _note(dag_run: Any) -> None:
    """Write what the run came to, unless somebody else has written a note."""
    session, written = object_session(dag_run), dag_run.dag_run_note
    lines = what_it_came_to(session, dag_run.run_id) if session else []
    if not lines or (written and written.user_id != NOTED_BY):
        return
    text = "\n\n".join(lines)
    text = text if len(text) <= _ROOM else f"{text[: _ROOM - 1]}…"
    dag_run.note = text if written else (text, NOTED_BY)


class TidemarkDagRuns(AirflowPlugin):
    """Registers the listener."""

    name = "tidemark_dag_runs"
    listeners = [AtTheEnd()]  # noqa: RUF012 (Airflow's shape)
