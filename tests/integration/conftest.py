"""One real Airflow for all integration tests: the demo's own, in a folder of its own.

Tests of what the demo published look at a copy, so that they hold whatever runs the others have caused
meanwhile.
"""

import contextlib
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from include.tidemark.artifacts.published import PublishedMonth, published_months
from include.tidemark.demo import local
from include.tidemark.demo.airflow_api import DAG_ID, AirflowApi
from include.tidemark.demo.airflow_stack import Stack
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.demo.months import run_demo
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.runs import finished
from tests.views import digest_of

# One family: these tests are about the runs, and each of them waits for whole ones. `test_families.py` runs
# all families.
DATASET = replace(COMPLETE_JOURNEY, families=("customer_segments",))
MARKED_KEY = "marked-secret-key-0123456789abcdef"


@dataclass
class Published:
    """A state folder: its warehouse and its artifacts."""

    state: Path

    @property
    def settings(self) -> Settings:
        return Settings(
            duckdb_path=self.state / "warehouse.duckdb",
            artifact_root=(self.state / "artifacts").as_uri(),
            landing_url=(self.state / "landing").as_uri(),
            config_dir=DATASET.config_dir,
            id_hash_key=SecretStr(MARKED_KEY),
        )

    def months(self) -> list[PublishedMonth]:
        return published_months(self.settings)

    def query(self, sql: str, *parameters: object) -> list[dict[str, object]]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def consumers_view(self) -> dict[str, str]:
        """Digests of all that a consumer can see: pointers, published folders, published rows."""
        artifacts = self.state / "artifacts"
        published = [artifacts / month.folder for month in self.months()]
        files = [*artifacts.glob("*.json"), *artifacts.glob("as_of=*/current.json")]
        files += [file for folder in published for file in folder.rglob("*") if file.is_file()]
        seen = {
            str(file.relative_to(artifacts)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
        }
        for view in ("customer_segments", "customer_segments_current", "statistics", "statistics_current"):
            seen[f"marts.{view}"] = self.digest_of(f"marts.{view}")
        return seen

    def digest_of(self, view: str, condition: str = "true") -> str:
        """Digest of the rows of a view that keep a condition."""
        return digest_of(self.query, view, condition)


@dataclass
class Deployment(Published):
    """The demo's state folder with a client of its Airflow."""

    api: AirflowApi
    stack: Stack

    def run(self, conf: dict[str, object], timeout: float = 1500) -> tuple[str, str]:
        """Trigger a run as the UI does and wait for it; returns its id and last state."""
        run_id = self.api.trigger(conf)
        return run_id, self.wait(run_id, timeout)

    def wait(self, run_id: str, timeout: float = 1500) -> str:
        return finished(self.api, run_id, timeout)[0]

    def task_log(self, run_id: str, task_id: str, dag_id: str = DAG_ID) -> str:
        folder = (
            self.state / "airflow" / "logs" / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        )
        return "\n".join(file.read_text(errors="replace") for file in sorted(folder.glob("*.log")))

    def note(self, run_id: str) -> str:
        """What the run's note says."""
        (run,) = [run for run in self.api.runs() if run["dag_run_id"] == run_id]
        return run["note"]


@dataclass
class Unfinished:
    """A demo that did not come to its end: its exit code, what it printed, and processes that it left."""

    code: int
    printed: str
    left: list[str]


_DEMO = """
import signal, sys
from dataclasses import replace
from pathlib import Path
from include.tidemark.demo import __main__ as demo
from tests.integration.conftest import DATASET
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell starts deaf to it
state = Path(sys.argv.pop())
demo.dataset = lambda name, users: replace(DATASET, state=state)
sys.exit(demo.main())
"""


def unfinished_demo(state: Path, interrupt_after: str | None = None) -> Unfinished:
    """The demo as a process of its own, which gets a Ctrl-C after the first line that holds a text."""
    command = [sys.executable, "-u", "-c", _DEMO, "run", str(state)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=PROJECT_ROOT
    ) as demo:
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if interrupt_after and interrupt_after in line:
                demo.send_signal(signal.SIGINT)
                interrupt_after = None
    return Unfinished(demo.returncode, "".join(lines), processes_that_mention(str(state)))


@pytest.fixture(scope="package")
def new_state(tmp_path_factory):
    """A fresh folder for the demo's state, with a key that is easy to look for."""
    state = tmp_path_factory.mktemp("deployment")
    (state / "id_hash_key").write_text(MARKED_KEY)
    return state


@pytest.fixture(scope="package")
def interrupted_demo(new_state):
    """The first demo there, ended by Ctrl-C in its first month."""
    return unfinished_demo(new_state, interrupt_after="load_sources")


@dataclass
class Demo:
    """A demo that came to its end: its state folder, what it printed, processes that it left, and a copy of
    what it published."""

    state: Path
    printed: str
    left: list[str]
    published: Published


@pytest.fixture(scope="package")
def demo_run(new_state, interrupted_demo, tmp_path_factory):
    """`make demo` once more."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run_demo(new_state, DATASET)
    assert code == 0, printed.getvalue()
    copy = tmp_path_factory.mktemp("published")
    shutil.copy2(new_state / "warehouse.duckdb", copy)
    for folder in ("artifacts", "landing"):
        shutil.copytree(new_state / folder, copy / folder)
    return Demo(new_state, printed.getvalue(), processes_that_mention(str(new_state)), Published(copy))


@pytest.fixture
def demonstrated(demo_run):
    """What the demo published, and nobody touched since."""
    return demo_run.published


@pytest.fixture(scope="package")
def deployment(demo_run):
    """That Airflow, at work."""
    stack = local.up(demo_run.state, DATASET)
    try:
        api = AirflowApi(stack)
        api.unpause()
        yield Deployment(demo_run.state, api, stack)
    finally:
        local.down(demo_run.state)


def processes_that_mention(text: str) -> list[str]:
    """Command lines and titles of living processes that name this folder, this one's left out."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(
                text in part for part in [*process.cmdline(), *process.environ().values()]
            ):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_for(condition, timeout: float, what: str):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if (value := condition()) is not None:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {timeout} s")
