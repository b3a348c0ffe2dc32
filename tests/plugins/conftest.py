"""The plugin as the web server loads it, over artifacts and runs that are made here."""

import json
import sys
import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, event, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
KEY = "20261101_20261101T060000_0123abcd"
RUN = f"/tidemark/runs/2026-11-01/{KEY}"
STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def plugin():
    """Airflow puts the plugins folder on the path, so its files find each other there."""
    sys.path.insert(0, str(PLUGINS))
    yield import_module("tidemark_reports")
    sys.path.remove(str(PLUGINS))


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """An artifact root with one published run, a file that its manifest does not name, and a secret beside
    the root."""
    root = tmp_path / "artifacts"
    folder = root / "as_of=2026-11-01" / f"run={KEY}"
    content = {"report/index.html": b"<h1>report</h1>", "data/segment_summary.csv": b"a,b\n1,2\n"}
    for path, data in (content | {"data/not_listed.csv": b"x"}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "manifest.json").write_text(json.dumps(manifest_of(content)))
    write_index(root, [month_of()])
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", root.as_uri())
    return root


def manifest_of(files):
    previous = {"as_of_date": "2026-10-01", "run_key": "20261001_20261001T060000_0123abcd"}
    family = {"status": "computed", "reason": None, "previous": previous}
    return {
        "files": [{"path": path, "rows": 1, "bytes": 10} for path in files],
        "families": [
            {"name": "customer_segments", **family, "changes": ["Declining fell by 1.1 points."]},
            {"name": "planners", **family, "changes": []},
        ],
        "gate": {"results": []},
        "timings_seconds": {"models": 60.3},
    }


def month_of(day="2026-11-01", key=KEY, **changes):
    """An entry of `index.json`."""
    row = {"publication_id": 1, "run_key": key, "published_at": f"{day}T06:10:00Z", "action": "publish", "dag_run_id": f"scheduled__{day}"}  # fmt: skip
    summary = {
        "started_at": f"{day}T06:00:00+00:00", "seconds": 600, "source_rows": 949911, "checks": 561, "warnings": 2, "notes": 3,
        "families": ["customer_segments"], "changes": ["Declining fell by 1.1 points."], "further_changes": 4,
    }  # fmt: skip
    entry = {"as_of_date": day, **row, "manifest_sha256": "0" * 64, "summary": summary, "history": [row]}
    return entry | changes


def write_index(root, months):
    (root / "index.json").write_text(json.dumps({"months": months}))


def write_checks(root, day, key, stage, results, pages=("index.html",)):
    """What a stage of the gate leaves of a run."""
    folder = root / f"as_of={day}" / f"run={key}" / "validation" / stage
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        (folder / page).write_text(f"<p>{page}</p>")
    listed = {"stage": stage, "counts": {}, "files": list(pages), "results": results}
    (folder / "checks.json").write_text(json.dumps(listed))


def result_of(message, *, severity="critical", success=False, name="drift"):
    return {
        "suite": "models.customer_segments", "expectation": name, "table": "t", "column": None, "severity": severity,
        "success": success, "observed": "0.31", "message": message,
    }  # fmt: skip


class Metadata:
    """Airflow's database with the tables of its own models."""

    def __init__(self):
        from airflow.models import import_all_models
        from airflow.models.base import Base

        import_all_models()
        self.engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
        Base.metadata.create_all(self.engine)
        self.tables = Base.metadata.tables
        self.statements: list[str] = []
        event.listen(self.engine, "before_cursor_execute", lambda *call: self.statements.append(call[2]))
        self._runs = 0

    def add(self, run_id, state, *, kind="manual", by=None, note=None, results=None, tasks=(), failures=None):
        """A run; `results` are what its tasks returned."""
        self._runs += 1
        start = STARTED + timedelta(hours=self._runs)
        same = {"dag_id": "monthly_segmentation", "run_id": run_id}
        with self.engine.begin() as connection:

            def put(table, **values):
                connection.execute(insert(self.tables[table]).values(values))

            put(
                "dag_run",
                id=self._runs,
                **same,
                state=state,
                run_type=kind,
                run_after=start,
                start_date=start,
                end_date=start + timedelta(minutes=3),
                triggering_user_name=by,
                clear_number=0,
            )
            if note:
                put("dag_run_note", dag_run_id=self._runs, content=note)
            for task, task_state in tasks:
                put(
                    "task_instance",
                    id=uuid.uuid4(),
                    **same,
                    task_id=task,
                    state=task_state,
                    map_index=-1,
                    duration=4.2,
                    start_date=start,
                    pool="p",
                    pool_slots=1,
                    queue="q",
                    priority_weight=1,
                    try_number=1,
                    max_tries=2,
                )
            left = [(task, "return_value", value) for task, value in (results or {}).items()]
            for task, key, value in left + [
                (task, "failure", text) for task, text in (failures or {}).items()
            ]:
                put(
                    "xcom",
                    dag_run_id=self._runs,
                    **same,
                    task_id=task,
                    key=key,
                    value=value,
                    map_index=-1,
                    timestamp=start,
                )


@pytest.fixture
def metadata():
    made = Metadata()
    yield made
    made.engine.dispose()


@pytest.fixture
def client(plugin, artifacts, metadata):
    """A browser that is logged in, as far as the plugin can tell."""
    from airflow.api_fastapi.common.db.common import _get_session

    def session():
        with Session(metadata.engine) as opened:
            yield opened

    (dependency,) = [depends.dependency for depends in plugin.app.router.dependencies]
    plugin.app.dependency_overrides |= {dependency: lambda: None, _get_session: session}
    outer = FastAPI()
    outer.mount(plugin.PREFIX, plugin.app)
    yield TestClient(outer)
    plugin.app.dependency_overrides.clear()


@pytest.fixture
def make():
    """What the tests write into the artifact root."""
    return SimpleNamespace(index=write_index, month=month_of, checks=write_checks, result=result_of)
