"""A deployment that the newest numbered version built goes on under this code: warehouse, artifacts, folder."""  # noqa: W505

import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.paths import PROJECT_ROOT
from tests.dbt.conftest import dbt_executable
from tests.snowflake.emulator import running_emulator

FIRST, SECOND = "2026-05-01", "2026-06-01"
USERS = 400
RULES = "lookback_days: 5\nrow_account_limits: {test_user: {warning_pct: 60, critical_pct: 90}}\n"


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as the newest numbered version of the changelog had it."""
    (version, *_) = re.findall(
        r"^## (\[\d[^\]]*\])", (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    commits = git("log", "--format=%H", f"-S## {version}", "--", "CHANGELOG.md").split()
    if not commits:
        pytest.skip("The history of the project is not here, so neither is the version before.")
    folder = tmp_path_factory.mktemp("earlier")
    git("archive", "-o", f"{folder}.tar", commits[-1])
    with tarfile.open(f"{folder}.tar") as archive:
        archive.extractall(folder, filter="data")
    subprocess.run(
        [dbt_executable(), "--quiet", "parse", "--no-partial-parse", "--profiles-dir", "."],
        cwd=folder / "dbt",
        env=os.environ | {"TIDEMARK_WAREHOUSE": "duckdb"},
        check=True,
    )
    (folder / "dbt" / "target" / "partial_parse.msgpack").unlink()
    return folder


@dataclass(frozen=True)
class Deployment:
    """A folder with everything that a deployment keeps, and an environment that leads to it."""

    folder: Path
    environment: dict[str, str]

    def tidemark(self, project: Path, *arguments: str) -> str:
        """What a command of one version of the project prints, which must succeed."""
        done = subprocess.run(
            [str(project / "deploy" / "tidemark"), *arguments],
            cwd=project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=2400,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done.stdout

    def files(self, month: str) -> dict[str, bytes]:
        """The files of a published month."""
        (run,) = (self.folder / "artifacts" / f"as_of={month}").glob("run=*")
        return {str(file.relative_to(run)): file.read_bytes() for file in run.rglob("*") if file.is_file()}


@pytest.fixture(params=["duckdb", "snowflake"])
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    (tmp_path / "config").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "config" / "rules.yml").write_text(RULES, encoding="utf-8")
    write_landing_files(tmp_path / "landing", USERS)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "TIDEMARK_PYTHON": sys.executable,
        "TIDEMARK_DBT_EXECUTABLE": str(dbt_executable()),
        "TIDEMARK_WAREHOUSE": "duckdb",
        "TIDEMARK_CONFIG_DIR": str(tmp_path / "config"),
        "TIDEMARK_FAMILIES": "customer_segments",
        "TIDEMARK_LANDING_URL": (tmp_path / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "TIDEMARK_SCRATCH_DIR": str(tmp_path / "scratch"),
        "TIDEMARK_DUCKDB_PATH": str(tmp_path / "warehouse.duckdb"),
        "TIDEMARK_ID_HASH_KEY": "a-key-of-the-tests-0123",
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
    }
    if request.param == "duckdb":
        yield Deployment(tmp_path, environment)
        return
    with running_emulator(tmp_path / "emulator") as emulator:
        yield Deployment(tmp_path, environment | emulator.environment())


def test_the_next_month_is_published_beside_those_of_the_version_before_which_stay_as_they_are(
    deployment: Deployment, earlier: Path
) -> None:
    deployment.tidemark(earlier, "run", "--as-of", FIRST)
    before = deployment.files(FIRST)
    assert "Everything is as it must be." in deployment.tidemark(PROJECT_ROOT, "status")
    assert ", 0 wrong." in deployment.tidemark(PROJECT_ROOT, "doctor", "--as-of", SECOND)
    assert f"The month as of {SECOND} is published" in deployment.tidemark(
        PROJECT_ROOT, "run", "--as-of", SECOND
    )
    assert deployment.files(FIRST) == before
    assert "Everything is as it must be." in deployment.tidemark(PROJECT_ROOT, "status")
    assert "code_version" in deployment.tidemark(PROJECT_ROOT, "diff", "--as-of", FIRST, "--as-of", SECOND)
