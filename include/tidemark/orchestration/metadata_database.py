"""Airflow's metadata database, asked and never changed: for those who look at a deployment from outside its
tasks."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.models import import_all_models
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException, AirflowRuntimeError
from sqlalchemy import create_engine, func, inspect, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

_CONTEXT = "_AIRFLOW_PROCESS_CONTEXT"
_SECONDS = 10


@dataclass(frozen=True)
class ImportFault:
    """A DAG file that the DAG processor could not read."""

    file: str
    kind: str
    """The kind of the error, without its words."""


@dataclass(frozen=True)
class DagRunState:
    """One DAG run."""

    run_id: str
    state: str
    started: datetime | None
    ended: datetime | None
    failed_tasks: tuple[str, ...]


class MetadataDatabase:
    """What the scheduler knows."""

    def __init__(self, engine: Engine) -> None:
        import_all_models()  # type: ignore[no-untyped-call] # one alone can't be mapped
        self._engine = engine

    def pool_slots(self, name: str) -> int | None:
        """The slots of a pool; None where there is no such pool."""
        from airflow.models.pool import Pool

        with Session(self._engine) as session:
            return session.scalar(select(Pool.slots).where(Pool.pool == name))

    def is_alive(self, job_type: str) -> bool | None:
        """Whether a process of a type, such as `TriggererJob`, has shown signs of life; None where there
        never was one."""
        from airflow.jobs.job import most_recent_job

        with Session(self._engine) as session:
            job = most_recent_job(job_type, session=session)
            return None if job is None else bool(job.is_alive())

    def import_faults(self, files: Sequence[str]) -> list[ImportFault]:
        """Which of these DAG files the DAG processor could not read."""
        from airflow.models.errors import ParseImportError

        with Session(self._engine) as session:
            found = session.execute(select(ParseImportError.filename, ParseImportError.stacktrace)).all()
        return [
            ImportFault(Path(name).name, _kind(trace))
            for name, trace in found
            if name and Path(name).name in files
        ]

    def dags(self, names: Sequence[str]) -> dict[str, bool]:
        """Of these DAGs those that the scheduler knows, and whether each is paused."""
        from airflow.models.dag import DagModel

        with Session(self._engine) as session:
            rows = session.execute(
                select(DagModel.dag_id, DagModel.is_paused).where(
                    DagModel.dag_id.in_(names), ~DagModel.is_stale
                )
            ).all()
        return {name: bool(paused) for name, paused in rows}

    def newest_run(self, dag_id: str) -> DagRunState | None:
        """The run of a DAG that started last, or None."""
        from airflow.models.dagrun import DagRun
        from airflow.models.taskinstance import TaskInstance

        with Session(self._engine) as session:
            found = session.execute(
                select(DagRun.run_id, DagRun._state, DagRun.start_date, DagRun.end_date)
                .where(DagRun.dag_id == dag_id)
                .order_by(DagRun.run_after.desc(), DagRun.id.desc())
                .limit(1)
            ).first()
            if found is None:
                return None
            failed = session.scalars(
                select(TaskInstance.task_id)
                .where(
                    TaskInstance.dag_id == dag_id,
                    TaskInstance.run_id == found[0],
                    TaskInstance.state == "failed",
                )
                .order_by(TaskInstance.task_id)
            ).all()
        return DagRunState(found[0], str(found[1]), found[2], found[3], tuple(failed))

    def waiting_tasks(self, dag_id: str) -> dict[str, int]:
        """How many tasks of a DAG are in each state before their end, such as `deferred`."""
        from airflow.models.taskinstance import TaskInstance

        states = ("scheduled", "queued", "running", "deferred", "up_for_retry", "up_for_reschedule")
        with Session(self._engine) as session:
            rows = session.execute(
                select(TaskInstance.state, func.count())
                .where(TaskInstance.dag_id == dag_id, TaskInstance.state.in_(states))
                .group_by(TaskInstance.state)
            ).all()
        return {str(state): int(number) for state, number in rows}

    def next_run(self, dag_id: str) -> datetime | None:
        """When the scheduler makes the DAG's next run; None where it makes none."""
        from airflow.models.dag import DagModel

        with Session(self._engine) as session:
            return session.scalar(select(DagModel.next_dagrun_create_after).where(DagModel.dag_id == dag_id))


@contextmanager
def find_metadata_database() -> Iterator[MetadataDatabase | None]:
    """The database that Airflow's configuration names, where it answers and has Airflow's tables. None is
    made.

    Until the end of the block connections are looked up in it, too, as Airflow's own command line does;
    elsewhere a shell sees only those of the environment and of a secrets back end.
    """
    engine = _engine()
    if engine is None:
        yield None
        return
    before = os.environ.get(_CONTEXT)
    os.environ[_CONTEXT] = "server"
    try:
        yield MetadataDatabase(engine)
    finally:
        engine.dispose()
        if before is None:
            del os.environ[_CONTEXT]
        else:
            os.environ[_CONTEXT] = before


def has_connection(conn_id: str) -> bool:
    """Whether Airflow finds a connection of this id from here."""
    try:
        BaseHook.get_connection(conn_id)
    except (AirflowException, AirflowRuntimeError):
        return False
    return True


def _engine() -> Engine | None:
    options: dict[str, Any] = {}
    try:
        url = make_url(conf.get("database", "sql_alchemy_conn"))
    except ArgumentError:
        return None  # a worker's Airflow names a database that it may not use
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "")
        if not url.database or not file.is_file():
            return None  # to connect would make it
        url = make_url(f"sqlite:///file:{file.absolute()}?mode=ro&uri=true")
    elif url.get_backend_name() in ("postgresql", "mysql"):
        options = {"connect_args": {"connect_timeout": _SECONDS}}
    try:
        engine = create_engine(url, **options)
        if inspect(engine).has_table("slot_pool"):
            return engine
    except (SQLAlchemyError, ImportError):
        return None
    engine.dispose()
    return None


def _kind(trace: str | None) -> str:
    """The kind of the error that a traceback ends with."""
    last = next((line for line in reversed((trace or "").splitlines()) if line[:1].isalpha()), "")
    return last.partition(":")[0].rpartition(".")[2].strip() or "unknown error"
