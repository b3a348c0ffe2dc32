"""Airflow's processes and the monthly DAG, as the metadata database knows them."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from include.tidemark.orchestration.metadata_database import MetadataDatabase
from include.tidemark.orchestration.runbook import RUNBOOK

MONTHLY = "monthly_segmentation"
PROCESSES = {"scheduler": "SchedulerJob", "DAG processor": "DagProcessorJob", "triggerer": "TriggererJob"}
"""By their names, the types under which Airflow counts their signs of life."""

_NO_SIGN = {
    "scheduler": "no task starts; `airflow scheduler` starts it",
    "DAG processor": "no change of a DAG is seen; `airflow dag-processor` starts it",
    "triggerer": "the tasks of models wait in the state deferred; `airflow triggerer` starts it",
}


class Health(BaseModel):
    """What of Airflow is alive, and what its monthly DAG is at."""

    model_config = ConfigDict(frozen=True)

    processes: dict[str, bool | None]
    """Whether each shows signs of life; None where there never was one."""
    run_id: str | None
    """Of the run that started last."""
    run_state: str | None
    run_started: datetime | None
    run_ended: datetime | None
    failed_tasks: tuple[str, ...]
    waiting: dict[str, int]
    """Number of tasks in each state before their end."""
    next_run: datetime | None
    paused: bool | None
    """None where the scheduler does not know the DAG."""

    @property
    def problems(self) -> list[str]:
        """What is not as it must be, a sentence each."""
        lost = [name for name, alive in self.processes.items() if not alive]
        found = [f"The {name} shows no sign of life: {_consequence(name, self.waiting)}." for name in lost]
        if self.run_state == "failed":
            tasks = f" in {', '.join(self.failed_tasks)}" if self.failed_tasks else ""
            found.append(f"The last run, {self.run_id}, failed{tasks}: {RUNBOOK}, A run failed.")
        return found


def health(database: MetadataDatabase) -> Health:
    """Ask the metadata database."""
    run = database.newest_run(MONTHLY)
    return Health(
        processes={name: database.is_alive(job) for name, job in PROCESSES.items()},
        run_id=run.run_id if run else None,
        run_state=run.state if run else None,
        run_started=run.started if run else None,
        run_ended=run.ended if run else None,
        failed_tasks=run.failed_tasks if run else (),
        waiting=database.waiting_tasks(MONTHLY),
        next_run=database.next_run(MONTHLY),
        paused=database.dags([MONTHLY]).get(MONTHLY),
    )


def _consequence(name: str, waiting: Mapping[str, int]) -> str:
    said = _NO_SIGN[name]
    if name == "triggerer" and (deferred := waiting.get("deferred")):
        return said.replace("the tasks of models wait", f"{deferred} tasks of models wait")
    return said
