"""A month in which a task has failed does not end green.

Airflow looks at the last task alone. Where a task of a published run is cleared by itself it is refused, and the last task,
which nobody cleared, still says success.
"""

from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin
from airflow.utils.state import DagRunState, TaskInstanceState
from sqlalchemy.orm import object_session

DAG_ID = "monthly_segmentation"
_WATCHED = "dbt_producer_watcher"
"""The task of the dbt process: where it is lost, the tasks that watch it build their models by themselves."""


class OnSuccess:
    """Airflow calls it in the scheduler, before the run's state is written."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:  # noqa: ARG002 - Airflow's signature
        """Turn the run to failed where a task of it has failed."""
        if dag_run.dag_id != DAG_ID:
            return
        failed = dag_run.get_task_instances(state=[TaskInstanceState.FAILED], session=object_session(dag_run))
        if any(not task.task_id.endswith(_WATCHED) for task in failed):
            dag_run.set_state(DagRunState.FAILED)


class TidemarkDagRuns(AirflowPlugin):
    """Registers the listener."""

    name = "tidemark_dag_runs"
    listeners = [OnSuccess()]  # noqa: RUF012 (Airflow's shape)
