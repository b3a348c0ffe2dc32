"""`tidemark run` as a person calls it: deploy/tidemark, in a process of its own, on synthetic data."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil
import pytest

from include.tidemark.artifacts.published import published_months
from include.tidemark.demo.synthetic.dataset import synthetic
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.pipeline.progress import STAGES
from include.tidemark.settings import Settings
from tests.warm_dbt import DBT

TIDEMARK = PROJECT_ROOT / "deploy" / "tidemark"
FIRST, AS_OF = "2026-06-01", "2026-07-01"
DATA = synthetic(400)
Done = subprocess.CompletedProcess[str]


@dataclass
class Deployment:
    """A deployment of one family: its folder, and what its shell exports."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "TIDEMARK_DUCKDB_PATH": str(self.folder / "warehouse.duckdb"),
            "TIDEMARK_LANDING_URL": (self.folder / "landing").as_uri(),
            "TIDEMARK_ARTIFACT_ROOT": (self.folder / "artifacts").as_uri(),
            "TIDEMARK_CONFIG_DIR": str(DATA.config_dir),
            "TIDEMARK_ID_HASH_KEY": "a key for tests only, 16 and more",
            "TIDEMARK_SCRATCH_DIR": str(self.folder),
            # The one that a person has: what becomes of its process is what some of these tests look at.
            "TIDEMARK_DBT_EXECUTABLE": str(DBT),
        }

    def months(self):
        return published_months(Settings(artifact_root=self.environment["TIDEMARK_ARTIFACT_ROOT"]))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    """A deployment in which nothing has run, with a category that its rules do not know."""
    folder = tmp_path_factory.mktemp("own")
    DATA.write_landing_files(folder / "landing")
    file = folder / "landing" / "transactions.parquet"
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(f"create table t as from read_parquet('{file}')")
        engine.execute("update t set category = 'LLAMAS' where rowid % 50 = 0")
        engine.execute(f"copy t to '{file}' (format parquet)")
    return Deployment(folder)


def dbt_of(process: subprocess.Popen[str]) -> psutil.Process | None:
    for child in psutil.Process(process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has just ended, and may be a zombie
            if {"dbt", "build"} <= {Path(part).name for part in child.cmdline()}:
                return child
    return None


@pytest.fixture(scope="module")
def interrupted(deployment) -> tuple[Done, psutil.Process]:
    """The first run, which gets a Ctrl-C while dbt works, and that dbt."""
    with subprocess.Popen(
        [TIDEMARK, "run", "--as-of", FIRST],
        env=deployment.environment,
        cwd=deployment.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while (dbt := dbt_of(process)) is None:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
        while not (
            deployment.folder / next(deployment.folder.glob("tidemark-dbt-*")) / "files" / "dbt.log"
        ).exists():
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=600)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err), dbt


@pytest.fixture(scope="module")
def first(deployment, interrupted) -> Done:
    """The same run once more, through a symlink and from another folder."""
    link = deployment.folder / "link"
    link.symlink_to(TIDEMARK)
    return subprocess.run(
        [link, "run", "--resamples", "1000", "--as-of", FIRST],
        env=deployment.environment | {"TIDEMARK_DUCKDB_PATH": "warehouse.duckdb"},
        cwd=deployment.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def dry(deployment, first) -> Done:
    """The month after it, as a dry run."""
    return subprocess.run(
        [TIDEMARK, "run", "--resamples", "1000", "--as-of", AS_OF, "--dry-run"],
        env=deployment.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_ctrl_c_during_dbt_is_one_sentence_and_leaves_no_process(interrupted):
    done, dbt = interrupted
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.endswith(
        "tidemark: interrupted in the stage models. Nothing was published; the same command starts a new run.\n"
    )
    assert "Traceback" not in done.stderr
    assert not dbt.is_running() or dbt.status() == psutil.STATUS_ZOMBIE


def test_the_run_after_an_interrupted_one_publishes(deployment, first):
    assert first.returncode == 0, first.stderr
    assert [month.as_of_date for month in deployment.months()] == [FIRST]


def test_progress_is_a_line_a_stage_on_stderr_with_the_count_of_what_dbt_built(first):
    lines = first.stderr.splitlines()
    assert lines[0].startswith(f"As of {FIRST}, customer_segments, in duckdb (warehouse.duckdb)")
    ends = {stage: [line for line in lines if f"  {stage}  " in line][-1] for stage in STAGES}
    assert list(ends) == list(STAGES)
    for number, (stage, line) in enumerate(ends.items(), start=1):
        assert line.split()[:2] == [f"{number}/8", stage]
        assert float(line.split()[2]) >= 0
    done, of = ends["models"].split("  ")[-1].removesuffix(" models and tests").split(" of ")
    assert int(done) == int(of) > 20


def test_a_run_ends_with_the_table_the_report_the_warnings_and_the_next_step(deployment, first):
    (month,) = deployment.months()
    assert f"customers by segment  as of {FIRST}" in first.stdout
    assert f"Report:  {month.report_uri}" in first.stdout
    assert "  engagement: left out, " in first.stdout
    warnings = [
        row["message"]
        for row in month.manifest()["gate"]["results"]
        if row["severity"] == "warning" and not row["success"]
    ]
    assert any("LLAMAS" in warning for warning in warnings)
    said = " ".join(first.stdout.split())
    assert all(warning in said for warning in warnings)
    assert first.stdout.splitlines()[-1].startswith(f"The month as of {FIRST} is published, after ")
    assert "`tidemark open`" in first.stdout.splitlines()[-1]


def test_a_run_writes_nothing_but_progress_and_its_result(first):
    """No log line, no library's remark: each would hide what matters."""
    assert all(line.startswith(("  ", "As of")) for line in first.stderr.splitlines()), first.stderr


def test_what_dbt_wrote_is_removed_after_a_run_and_after_one_that_was_interrupted(deployment, first):
    assert list(deployment.folder.glob("tidemark-*")) == []


def test_the_second_month_shows_how_long_each_stage_of_the_first_one_took(deployment, dry):
    (month,) = deployment.months()
    lines = dry.stderr.splitlines()
    assert lines[0].endswith(f"; `last` is the month as of {FIRST}:")
    for stage, seconds in month.manifest()["timings_seconds"].items():
        assert any(f" {stage} " in line and f"(last {seconds:.1f} s)" in line for line in lines)


def test_a_dry_run_shows_the_month_and_publishes_nothing(deployment, dry):
    assert dry.returncode == 0, dry.stderr
    assert f"as of {FIRST}" in dry.stdout and f"as of {AS_OF}" in dry.stdout
    assert "Nothing was published (--dry-run)" in dry.stdout
    assert [month.as_of_date for month in deployment.months()] == [FIRST]
    report = next(line for line in dry.stdout.splitlines() if line.startswith("Report:")).split()[1]
    assert f"as_of={AS_OF}" in report and Path(report.removeprefix("file://")).is_file()


def test_a_reader_of_the_progress_that_goes_away_stops_no_run():
    program = (
        "import sys, time\n"
        "from include.tidemark.cli.progress import ShownProgress\n"
        "with ShownProgress({}) as progress:\n"
        "    for _ in range(5):\n"
        "        progress.starts('models'), time.sleep(0.1), progress.ends('models', 1.0)\n"
        "print('done')"
    )
    command = '{ "$PYTHON" -c "$PROGRAM" 2>&1 1>&3 | true; exit ${PIPESTATUS[0]}; } 3>&1'
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PROGRAM": program, "PYTHON": sys.executable, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    assert (done.stdout, done.returncode) == ("done\n", 0)
