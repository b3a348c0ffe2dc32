"""Two months of all families on an emulated Snowflake by the real scheduler, and the same runs again on
DuckDB from a shell.

On Snowflake everything is the real thing but the account: the DAG on a real Airflow, our warehouse class
through the provider's hook and an Airflow connection, dbt-snowflake with the profile that Cosmos makes of
that connection, Great Expectations on Snowflake's dialect. The runs on DuckDB are given the identity of the
DAG's runs, so their rows can be compared key by key.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from include.tidemark.demo import airflow_stack
from include.tidemark.demo.airflow_api import AirflowApi
from include.tidemark.demo.synthetic.dataset import synthetic
from include.tidemark.paths import PROJECT_ROOT
from tests.personal_data.marked import write_marked_files
from tests.runs import finished
from tests.segmentations.files import write_files
from tests.snowflake.emulator import Emulator, running_emulator

MONTHS = ("2026-05-01", "2026-06-01")
FAMILIES = ("customer_segments", "engagement", "planners", "early_engagement", "fee_tiers")
DECLARED = ("by_platform", "loyalty")
SECRET = "marked-secret-of-the-connection"
USERS = 1500
OPTIONS = {"n_resamples": 1000}
POOL_SLOTS = 8
_MONTH_SECONDS = 1800


@dataclass(frozen=True)
class Twins:
    """What two months left behind on each warehouse."""

    folder: Path
    tasks: list[dict[str, str]]
    """The task instances of the DAG's runs."""
    seen_on_command_lines: list[str]

    @property
    def emulator(self) -> Emulator:
        return Emulator(self.folder / "emulator", 0)

    @property
    def airflow_home(self) -> Path:
        return self.folder / "snowflake" / "airflow"

    def artifacts(self, warehouse: str) -> Path:
        return self.folder / warehouse / "artifacts"


def make_twins(folder: Path) -> Twins:
    """Run both months on both warehouses, on the same synthetic data, in which every personal text is
    marked."""
    write_marked_files(folder / "landing", USERS)
    with running_emulator(folder / "emulator") as emulator, watched_command_lines(SECRET) as found:
        runs, tasks = _on_the_scheduler(folder / "snowflake", emulator)
    _from_a_shell(folder / "duckdb", runs)
    return Twins(folder, tasks, found)


def _settings(folder: Path) -> dict[str, str]:
    (folder / "scratch").mkdir(parents=True)
    write_files(folder / "config")
    return {
        "TIDEMARK_CONFIG_DIR": str(folder / "config"),
        "TIDEMARK_FAMILIES": ",".join(FAMILIES),
        "TIDEMARK_LANDING_URL": (folder.parent / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
        "TIDEMARK_SCRATCH_DIR": str(folder / "scratch"),
        "TIDEMARK_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        "TIDEMARK_SCHEDULE_END": synthetic(USERS).schedule_end.isoformat(),
        "TIDEMARK_ID_HASH_KEY": "a-key-of-the-tests-0123",
    }


def _on_the_scheduler(folder: Path, emulator: Emulator) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The DAG's runs, each as what makes its identity, and their task instances."""
    environment = _settings(folder) | emulator.environment(password=SECRET)
    stack = airflow_stack.start(folder / "airflow", environment, POOL_SLOTS)
    try:
        api = AirflowApi(stack)
        api.unpause()
        tasks = [task for month in MONTHS for task in _run(api, month, folder)]
        runs = [
            {
                "as_of_date": run["conf"]["as_of_date"],
                "dag_run_id": run["dag_run_id"],
                "started_at": run["start_date"],
            }
            for run in api.runs()
        ]
    finally:
        airflow_stack.stop(folder / "airflow")
    return runs, tasks


def _run(api: AirflowApi, month: str, folder: Path) -> list[dict[str, str]]:
    run_id = api.trigger(OPTIONS | {"as_of_date": month})
    state, tasks = finished(api, run_id, _MONTH_SECONDS)
    if state != "success":
        failed = [task["task_id"] for task in tasks if task["state"] == "failed"]
        logs = [
            log.read_text(errors="replace")[-4000:]
            for task_id in failed[:2]
            for log in sorted((folder / "airflow" / "logs").rglob(f"task_id={task_id}/*.log"))[-1:]
        ]
        raise AssertionError(f"{month} is {state}; failed: {failed}\n" + "\n".join(logs))
    return tasks


def _from_a_shell(folder: Path, runs: list[dict[str, str]]) -> None:
    environment = (
        os.environ | _settings(folder) | {"PYTHONPATH": str(PROJECT_ROOT), "TIDEMARK_WAREHOUSE": "duckdb"}
    )
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("run_months.py")),
            json.dumps(runs),
            json.dumps(OPTIONS),
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=2400,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]


@contextmanager
def watched_command_lines(text: str) -> Iterator[list[str]]:
    """The command lines of any process of this machine that hold the text, looked at five times a second."""
    found: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue  # the process has ended
                if text in line:
                    found.append(line)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()
