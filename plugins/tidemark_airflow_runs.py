"""What Airflow's metadata database knows of the runs of `monthly_segmentation`; read, and never changed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow.models.dagrun import DagRun, DagRunNote
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

DAG_ID = "monthly_segmentation"
NOTED_BY = "tidemark"
"""The user of the notes that say what a run came to."""
_RESOLVED, _PUBLISHED, _FAILURE = ("resolve_run", "return_value"), ("publish", "return_value"), "failure"


@dataclass(frozen=True)
class AirflowRun:
    """One DAG run."""

    run_id: str
    state: str
    run_type: str
    started: datetime | None
    ended: datetime | None
    by: str
    """Who started it; empty where nobody did."""
    note: str
    """Why it was started, by whoever did; not what it came to."""
    as_of_date: str = ""
    """Empty while the run has no identity, as where `resolve_run` failed."""
    run_key: str = ""
    publication: str = ""
    """What became of it: `published`, `already_published`, `dry_run`; empty where `publish` has not ended."""

    @property
    def seconds(self) -> float | None:
        """From its start to its end."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else None


@dataclass(frozen=True)
class TaskState:
    """One task of a run."""

    task_id: str
    state: str
    started: datetime | None
    seconds: float | None
    sentence: str = field(default="")
    """Of a failed task why it failed, where it could say so."""


def newest_runs(session: Session, number: int) -> list[AirflowRun]:
    """The newest runs, newest first."""
    return _runs(session, _select().order_by(DagRun.run_after.desc(), DagRun.id.desc()).limit(number))


def runs_by_id(session: Session, run_ids: Iterable[str]) -> dict[str, AirflowRun]:
    """Runs by their ids, as far as Airflow still has them."""
    found = _runs(session, _select().where(DagRun.run_id.in_(list(run_ids))))
    return {run.run_id: run for run in found}


def tasks_of(session: Session, run_id: str) -> list[TaskState]:
    """The tasks of a run in the order in which they started; those that did not start come last."""
    columns = (TaskInstance.task_id, TaskInstance.state, TaskInstance.start_date, TaskInstance.duration)
    rows = session.execute(
        select(*columns).where(TaskInstance.dag_id == DAG_ID, TaskInstance.run_id == run_id)
    ).all()
    left = session.execute(
        select(XComModel.task_id, XComModel.value).where(
            XComModel.dag_id == DAG_ID, XComModel.run_id == run_id, XComModel.key == _FAILURE
        )
    ).all()
    sentences = {row.task_id: str(_value(row)) for row in left}
    states = [
        TaskState(task, str(state or "none"), started, seconds, sentences.get(task, ""))
        for task, state, started, seconds in rows
    ]
    return sorted(states, key=lambda task: (task.started is None, task.started and task.started.timestamp()))


def what_it_came_to(session: Session, run_id: str) -> list[str]:
    """The lines with which `publish` ended, and the sentence of each task that failed; a run that did neither
    has none."""
    results = _results(session, [run_id])
    resolved = results[run_id, _RESOLVED]
    lines = [str(line) for line in results[run_id, _PUBLISHED].get("summary", [])]
    failed = [f"{task.task_id}: {task.sentence}" for task in tasks_of(session, run_id) if task.sentence]
    if failed and not lines and resolved:
        lines = [f"As of {resolved['as_of_date']}, run {resolved['run_key']}."]
    return [*lines, *failed]


def _select() -> Select[Any]:
    return (
        select(
            DagRun.run_id,
            DagRun._state,
            DagRun.run_type,
            DagRun.start_date,
            DagRun.end_date,
            DagRun.triggering_user_name,
            DagRunNote.content,
        )
        .outerjoin(
            DagRunNote, (DagRunNote.dag_run_id == DagRun.id) & DagRunNote.user_id.is_distinct_from(NOTED_BY)
        )
        .where(DagRun.dag_id == DAG_ID)
    )


def _runs(session: Session, query: Select[Any]) -> list[AirflowRun]:
    rows = session.execute(query).all()
    results = _results(session, [row[0] for row in rows])
    return [
        AirflowRun(
            run_id,
            str(state),
            str(kind),
            started,
            ended,
            by or "",
            note or "",
            as_of_date=str(results[run_id, _RESOLVED].get("as_of_date", "")),
            run_key=str(results[run_id, _RESOLVED].get("run_key", "")),
            publication=str(results[run_id, _PUBLISHED].get("status", "")),
        )
        for run_id, state, kind, started, ended, by, note in rows
    ]


def _results(session: Session, run_ids: list[str]) -> dict[tuple[str, tuple[str, str]], dict[str, Any]]:
    """What `resolve_run` and `publish` returned, by run and task; empty where they did not."""
    either = or_(
        *((XComModel.task_id == task) & (XComModel.key == key) for task, key in (_RESOLVED, _PUBLISHED))
    )
    rows = session.execute(
        select(XComModel.run_id, XComModel.task_id, XComModel.key, XComModel.value).where(
            XComModel.dag_id == DAG_ID, XComModel.run_id.in_(run_ids), either
        )
    ).all()
    found: dict[tuple[str, tuple[str, str]], dict[str, Any]] = defaultdict(dict)
    for row in rows:
        # A backend of its own may keep large results elsewhere and leave their address here.
        if isinstance(value := _value(row), dict):
            found[row.run_id, (row.task_id, row.key)] = value
    return found


def _value(row: Any) -> Any:
    return XComModel.deserialize_value(row)
