"""A real Airflow on this machine: scheduler, DAG processor, triggerer and API server, with the LocalExecutor.

It keeps all it writes below one folder, takes a free port, and can be stopped wholly.
"""

import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from include.tidemark.cli.started import Started
from include.tidemark.errors import TidemarkError
from include.tidemark.parent_death import ends_with_parent
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import WAREHOUSE_POOL

MARK = "TIDEMARK_STACK"
"""Environment variable that every process of a stack inherits: how its processes are found, whatever group
they are in."""
_START_SECONDS = 300
"""It takes a quarter of a minute on idle cores, and two minutes were too few on two that had ten programs to
run."""
_HELD: list["subprocess.Popen[bytes]"] = []
"""The supervisors that this process has started: each ends when its stdin is closed, so nobody may forget
it."""


@dataclass(frozen=True)
class Stack:
    """A running Airflow."""

    home: Path
    port: int
    mark: str
    pid: int

    @property
    def url(self) -> str:
        """Where the UI is."""
        return f"http://localhost:{self.port}"

    @property
    def password(self) -> str:
        """The password that Airflow generated for the user `admin`."""
        file = self.home / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(file.read_text(encoding="utf-8"))["admin"])


def airflow_environment(home: Path, port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of every Airflow process of the local set-up; `extra` holds the project's own
    settings."""
    python = Path(sys.executable)
    return {
        # A DAG whose file has changed is read at once in any case; reading the others renders every model,
        # which at the default of 30 s takes a tenth of a core.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(PROJECT_ROOT),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"{database(home)}?timeout=30",
        "AIRFLOW__CORE__PARALLELISM": "16",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{port}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        # The scheduler's pause between two looks for work: at its default of 1 s the pauses of the 15 steps
        # of a run that follow each other add up to a third of the run; at 0.1 s the looks take a fifth of a
        # core from the tasks.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
        "GX_ANALYTICS_ENABLED": "False",
        "DO_NOT_TRACK": "1",
        **extra,
    }


def database(home: Path) -> str:
    """The address of the stack's metadata database."""
    return f"sqlite:///{home / 'airflow.db'}"


def start(home: Path, extra: Mapping[str, str], pool_slots: int = 1, *, stays: bool = False) -> Stack:
    """Start Airflow and wait until it is healthy. A stack that runs already below `home` is returned as it
    is.

    Args:
        stays: whether it goes on when this process ends; otherwise it ends with it, also where that is
            killed.
        pool_slots: how many tasks may use the warehouse at once. One for DuckDB: one process at a time may
            hold the file.

    Raises:
        TidemarkError: it does not come up; the message names the log.
    """
    if running := find(home):
        return running
    home.mkdir(parents=True, exist_ok=True)
    port, mark = _free_port(), secrets.token_hex(8)
    environment = airflow_environment(home, port, extra) | {MARK: mark}
    airflow = [sys.executable, "-m", "airflow"]
    log = home / "standalone.log"
    with log.open("ab") as output:
        _run([*airflow, "db", "migrate"], environment, output)
        _let_readers_and_a_writer_work_at_once(home / "airflow.db")
        _run(
            [
                *airflow,
                "pools",
                "set",
                WAREHOUSE_POOL,
                str(pool_slots),
                "Tasks that use the warehouse at once",
            ],
            environment,
            output,
        )
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "include.tidemark.demo.supervisor",
                str(home),
                mark,
                *([] if stays else ["--bound"]),
            ],
            env=environment,
            stdin=subprocess.DEVNULL if stays else subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    _HELD.append(process)
    stack = Stack(home, port, mark, process.pid)
    _state_file(home).write_text(
        json.dumps({"port": port, "mark": mark, "pid": process.pid}), encoding="utf-8"
    )
    try:
        _wait_until_healthy(stack, process, log)
    except BaseException:
        stop(home)
        raise
    return stack


def find(home: Path) -> Stack | None:
    """The stack that runs below `home`, or None."""
    file = _state_file(home)
    if not file.exists():
        return None
    stack = Stack(home, **json.loads(file.read_text(encoding="utf-8")))
    return stack if any(process.pid == stack.pid for process in processes(stack)) else None


def stop(home: Path) -> int:
    """End every process of the stack below `home`, its tasks and their dbt included; returns how many there
    were."""
    file = _state_file(home)
    if not file.exists():
        return 0
    stack = Stack(home, **json.loads(file.read_text(encoding="utf-8")))
    ended = _started(stack).end()
    file.unlink(missing_ok=True)
    return ended


def processes(stack: Stack) -> list[psutil.Process]:
    """Every living process of the stack."""
    return _started(stack).processes()


def _started(stack: Stack) -> Started:
    return Started(MARK, stack.mark, stack.pid)


def _run(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes]) -> None:
    subprocess.run(
        command,
        env=environment,
        stdout=output,
        stderr=output,
        check=True,
        preexec_fn=ends_with_parent(),
    )


def _wait_until_healthy(stack: Stack, process: subprocess.Popen[bytes], log: Path) -> None:
    import httpx

    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            health = httpx.get(f"{stack.url}/api/v2/monitor/health", timeout=5).json()
            if all(
                health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer")
            ):
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        time.sleep(0.5)
    raise TidemarkError(f"Airflow did not come up within {_START_SECONDS} s; its log is {log}.")


def _let_readers_and_a_writer_work_at_once(database: Path) -> None:
    """Switch SQLite to its write-ahead log, which stays with the file.

    Without it a backfill is refused whenever another of Airflow's processes reads at that moment ("database
    is locked").
    """
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma journal_mode = wal")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _state_file(home: Path) -> Path:
    return home / "stack.json"
