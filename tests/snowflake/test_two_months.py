"""The whole pipeline for two months, all families, on DuckDB and on an emulated Snowflake: the same rows, the same files.

On Snowflake everything is the real thing but the account: our warehouse class through the provider's hook and an Airflow
connection, dbt-snowflake with the profile that Cosmos makes of that connection, Great Expectations on Snowflake's dialect.
"""

import csv
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.paths import PROJECT_ROOT
from tests.snowflake.dialect import REVIEWED, functions, trees
from tests.snowflake.emulator import Emulator, running_emulator
from tests.snowflake.same_rows import difference

MONTHS = ("2026-05-01", "2026-06-01")
FAMILIES = ("customer_segments", "engagement", "planners", "early_engagement", "fee_tiers")
SECRET = "marked-secret-of-the-connection"
IN_PYTHON = {"count_if", "sha2"}
OF_DRIVERS = {"current_database", "current_schema", "current_version"}
SCHEMAS = ("core", "runs", "marts", "control")
# Where a file is and when a statement ran may differ.
LEFT_OUT = {
    "control.publications": {"manifest_uri", "manifest_sha256", "published_at"},
    "marts.published_runs": {"manifest_uri", "published_at"},
}
# Two months that follow each other: no as-of date lies 90 days back, so nothing can be looked back at.
EMPTY = {"runs.customer_segment_backtest_cells"}


@dataclass(frozen=True)
class Twins:
    """What two runs left behind on each warehouse."""

    folder: Path
    printed: str
    """All that the runs on Snowflake printed."""
    seen_on_command_lines: list[str]

    @property
    def emulator(self) -> Emulator:
        return Emulator(self.folder / "emulator", 0)

    def artifacts(self, warehouse: str) -> Path:
        return self.folder / warehouse / "artifacts"


def run_months(folder: Path, environ: dict[str, str]) -> str:
    """Both months in a process of its own; returns what it printed."""
    (folder / "scratch").mkdir(parents=True)
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT_ROOT),
        "TIDEMARK_FAMILIES": ",".join(FAMILIES),
        "TIDEMARK_LANDING_URL": (folder.parent / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
        "TIDEMARK_SCRATCH_DIR": str(folder / "scratch"),
        "TIDEMARK_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
        "TIDEMARK_ID_HASH_KEY": "a-key-of-the-tests-0123",
        "TIDEMARK_WAREHOUSE": "duckdb",
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_months.py")), *MONTHS],
        env=environment | environ, capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-6000:]
    return printed


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


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    folder = tmp_path_factory.mktemp("two_months")
    subprocess.run(
        [sys.executable, "-m", "include.tidemark.demo.synthetic", "--users", "1500", "--out", str(folder / "landing")],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    run_months(folder / "duckdb", {})
    with running_emulator(folder / "emulator") as emulator, watched_command_lines(SECRET) as found:
        printed = run_months(folder / "snowflake", emulator.environment(password=SECRET))
    return Twins(folder, printed, found)


def tables(twins: Twins) -> Iterator[tuple[str, str, Path]]:
    """Every table and view of the project on DuckDB with the file of the same one on the emulator."""
    with duckdb.connect(str(twins.folder / "duckdb" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
    for schema, table in rows:
        if schema in SCHEMAS:
            yield schema, table, twins.emulator.folder / f"{schema}.{table}.parquet"


def test_every_row_of_every_table_and_view_is_the_same(twins: Twins) -> None:
    found = {}
    compared = set()
    with duckdb.connect(str(twins.folder / "duckdb" / "warehouse.duckdb"), read_only=True) as connection:
        for schema, table, file in tables(twins):
            name = f"{schema}.{table}"
            columns = [row[0] for row in connection.execute(f"describe {name}").fetchall()]
            shown = ", ".join(column for column in columns if column not in LEFT_OUT.get(name, ()))
            ours = connection.execute(f"select {shown} from {name}").fetchall()
            theirs = connection.execute(f"select {shown} from '{file}'").fetchall()
            compared.add(name)
            if text := difference(ours, theirs):
                found[name] = text
            assert bool(ours) == (name not in EMPTY), f"{name} has {len(ours)} rows"
    assert found == {}
    assert len(compared) > 40


def test_every_published_file_has_the_same_lines(twins: Twins) -> None:
    ours = {f.relative_to(twins.artifacts("duckdb")): f for f in twins.artifacts("duckdb").rglob("*.csv")}
    theirs = {
        f.relative_to(twins.artifacts("snowflake")): f for f in twins.artifacts("snowflake").rglob("*.csv")
    }
    assert set(ours) == set(theirs) and len(ours) > 20
    found = {
        str(name): text for name in ours if (text := difference(_lines(ours[name]), _lines(theirs[name])))
    }
    assert found == {}


def _lines(file: Path) -> list[list[Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [[_cell(cell) for cell in line] for line in csv.reader(lines)]


def _cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def test_every_statement_carries_the_run_the_task_and_the_family(twins: Twins) -> None:
    tags: dict[str, str] = {}
    seen = set()
    for request in twins.emulator.requests():
        session = request["session"]
        if "login" in request:
            tags[session] = request["login"]["SESSION_PARAMETERS"]["QUERY_TAG"]
            continue
        if request["sql"].startswith("alter session set query_tag = "):
            tags[session] = request["sql"].split("'")[1]
        tag = json.loads(tags[session])
        assert set(tag) == {"dag", "run_key", "task", "family"}, request
        assert tag["run_key"][:8] in {month.replace("-", "") for month in MONTHS}, request
        seen.add((tag["task"], tag["family"]))
    assert {family for _, family in seen} == {"all", *FAMILIES}
    assert {task for task, _ in seen} >= {
        "resolve_run", "load_sources", "check_sources", "models", "models.customer_segments", "check_models",
        "statistics.planners_shares", "check_statistics", "publish",
    }  # fmt: skip


def test_every_query_of_ours_parses_and_calls_reviewed_functions(twins: Twins) -> None:
    ours = {
        request["sql"]
        for request in twins.emulator.requests()
        if request.get("sql", "").lstrip().lower().startswith(("select", "with", "insert", "delete"))
    }
    assert len(ours) > 300
    known = REVIEWED | IN_PYTHON | OF_DRIVERS
    found = {name: sql[:200] for sql in ours for name in functions(sql) - known if trees(sql)}
    assert found == {}


def test_the_secret_of_the_connection_is_in_no_file_no_log_and_no_command_line(twins: Twins) -> None:
    assert SECRET not in twins.printed
    assert twins.seen_on_command_lines == []
    files = [
        file
        for part in ("snowflake", "emulator")
        for file in (twins.folder / part).rglob("*")
        if file.is_file()
    ]
    assert {"profiles.yml", "dbt.log", "manifest.json", "requests.jsonl"} <= {file.name for file in files}
    assert [str(file) for file in files if SECRET.encode() in file.read_bytes()] == []
