"""A platform's container without Docker: a home folder, a user without root, the image's environment
variables.

Where the tests run as root, everything in a container runs as another user, who may read what root reads (the
interpreter may stand in root's home) and write nothing but what is his. Elsewhere the folders' modes alone
keep him out.
"""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.settings import WAREHOUSE_POOL
from tests.runs import finished

PROJECT = Path(__file__).resolve().parents[2]
NOBODY = 65534
AS_ANOTHER_USER = [
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all,+dac_read_search",
    "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search",
]  # fmt: skip
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NO_PROXY", "HTTP_PROXY", "HTTPS_PROXY",
         "no_proxy", "http_proxy", "https_proxy")  # fmt: skip
_START_SECONDS = 240


def is_root() -> bool:
    return os.geteuid() == 0


def python_of(environment: str) -> Path:
    """The interpreter of an environment below .venv, for example `airflow-3.2.1`."""
    return PROJECT / ".venv" / environment / "bin" / "python"


def hand_over(folder: Path) -> None:
    """Give a folder and all in it to the container's user."""
    if is_root():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def make_read_only(folder: Path) -> None:
    """Let nobody without root add to a folder, or change a file where there is root: the owner is another
    user then.

    The files' own mode stays 0644, as S3 leaves it: Cosmos copies the manifest with its mode, and dbt then
    writes to the copy.
    """
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o644)


def make_writable(folder: Path) -> None:
    """Undo `make_read_only`, so that pytest can remove the folder."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


@dataclass
class Container:
    """One container of a platform: its home (AIRFLOW_HOME), the image's Python, its environment variables."""

    home: Path
    python: Path
    environment: dict[str, str]
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        """All environment variables of a process of the container; nothing of the test's own but what leads
        outside."""
        kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith("PIP_")}
        return {
            **kept,
            "PATH": f"{self.python.parent}{os.pathsep}{kept['PATH']}",
            "HOME": str(self.home),
            "AIRFLOW_HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.environment,
        }

    def run(self, *command: str, timeout: float = 290, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the container's user; its output is text, and its return code is the caller's to
        judge."""
        return subprocess.run(
            [*self._as_user(), *command],
            env=self.variables() | extra,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self) -> AirflowApi:
        """Start Airflow with a scheduler, a DAG processor, a triggerer and an API server, and wait for
        them."""
        self.port = free_port()
        self.environment |= self._airflow_variables()
        for file in self.home.glob("airflow.db*"):
            file.unlink()
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db")) as database:
            database.execute("pragma journal_mode = wal")
        hand_over(self.home / "airflow.db")
        process = self.spawn("standalone", str(self.python), "-m", "airflow", "standalone")
        self.wait_until_healthy("standalone")
        stack = Stack(self.home, self.port, "", process.pid)
        make_pool(stack)
        return AirflowApi(stack)

    def spawn(self, name: str, *command: str, **extra: str) -> subprocess.Popen[bytes]:
        """Start a process as the container's user, in a session of its own; its output goes to
        `<name>.log`."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._as_user(), *command],
                env=self.variables() | extra,
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """End every process of every Airflow that was started here, by the session that it was started in."""
        while self.processes:
            self.end(self.processes[-1])

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process that was spawned here, with all of its session."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in session(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + 15
            while session(process.pid) and time.monotonic() < deadline:
                process.poll()
                time.sleep(0.2)
        process.wait(timeout=20)
        self.processes.remove(process)

    def reports(self, api: AirflowApi) -> str:
        """The page of the plugin's published months."""
        answer = api.get("/tidemark/")
        assert answer.status_code == httpx.codes.OK, answer.text[:500]
        return answer.text

    def succeed(self, api: AirflowApi, conf: dict[str, object], timeout: float = 1500) -> dict[str, str]:
        """Run the monthly DAG; returns the tasks' states.

        Raises:
            AssertionError: the run did not succeed; the message holds the states and the log of the first
                failure.
        """
        api.unpause(timeout=180)
        run_id = api.trigger(conf)
        state, tasks = finished(api, run_id, timeout)
        states = {task["task_id"]: str(task["state"]) for task in tasks}
        assert state == "success", f"{states}\n{self._log_of_a_failure(states)}"
        return states

    def _log_of_a_failure(self, states: dict[str, str]) -> str:
        failed = [task_id for task_id, state in states.items() if state == "failed"]
        logs = [
            file
            for task_id in failed
            for file in sorted((self.home / "logs").rglob(f"task_id={task_id}/*.log"))
        ]
        return logs[-1].read_text(errors="replace")[-6000:] if logs else "no log"

    def _as_user(self) -> list[str]:
        return AS_ANOTHER_USER if is_root() else []

    def _airflow_variables(self) -> dict[str, str]:
        return {
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}?timeout=30",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://localhost:{self.port}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
            "AIRFLOW__API__BASE_URL": f"http://localhost:{self.port}",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": os.environ.get(
                "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL", "120"
            ),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    def wait_until_healthy(self, name: str) -> None:
        """Wait for the scheduler, the DAG processor and the triggerer, while the process that was started
        last lives.

        Raises:
            AssertionError: they do not come up; the message holds the end of `<name>.log`.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.processes[-1].poll() is None:
            with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
                health = httpx.get(f"http://localhost:{self.port}/api/v2/monitor/health", timeout=5).json()
                if all(
                    health[part]["status"] == "healthy"
                    for part in ("scheduler", "dag_processor", "triggerer")
                ):
                    return
            time.sleep(0.5)
        log = (self.home / f"{name}.log").read_text(errors="replace")[-4000:]
        raise AssertionError(f"Airflow did not come up:\n{log}")


@contextlib.contextmanager
def empty_home() -> Iterator[Path]:
    """A home that the container's user owns, below a folder that lets him through (pytest's own lets
    nobody)."""
    folder = Path(tempfile.mkdtemp(prefix="tidemark-container-"))
    folder.chmod(0o755)
    home = folder / "airflow"
    (home / "tmp").mkdir(parents=True)
    hand_over(home)
    try:
        yield home
    finally:
        clear(folder)


def clear(folder: Path) -> None:
    """Remove a folder of a container, read-only parts included."""
    if not is_root():
        make_writable(folder)
    shutil.rmtree(folder)


def make_pool(stack: Stack) -> None:
    """Make the warehouse's pool, of one slot as DuckDB needs it."""
    with httpx.Client(base_url=stack.url, timeout=60) as client:
        login = client.post("/auth/token", json={"username": "admin", "password": stack.password})
        client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        client.post("/api/v2/pools", json={"name": WAREHOUSE_POOL, "slots": 1}).raise_for_status()


def session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == leader and fields[0] != "Z":
                    found.append(int(entry.name))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
