"""`tidemark run` on an emulated Snowflake, through an Airflow connection that the shell exports."""

import os
import subprocess
from pathlib import Path

import pytest

from include.tidemark.artifacts.published import published_months
from include.tidemark.demo.synthetic.dataset import synthetic
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.settings import Settings
from tests.snowflake.emulator import running_emulator

AS_OF = "2026-07-01"
SECRET = "marked-secret-of-the-connection"
DATA = synthetic(300)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The deployment's folder, and the command that ran a month there."""
    folder = tmp_path_factory.mktemp("run_command")
    DATA.write_landing_files(folder / "landing")
    settings = {
        "TIDEMARK_LANDING_URL": (folder / "landing").as_uri(),
        "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
        "TIDEMARK_CONFIG_DIR": str(DATA.config_dir),
        "TIDEMARK_ID_HASH_KEY": "a key for tests only, 16 and more",
    }
    with running_emulator(folder / "emulator") as emulator:
        done = subprocess.run(
            [PROJECT_ROOT / "deploy" / "tidemark", "run", "--as-of", AS_OF, "--resamples", "1000"],
            env=os.environ | settings | emulator.environment(password=SECRET),
            cwd=folder, capture_output=True, text=True, check=False, timeout=800,
        )  # fmt: skip
    return folder, done


def test_a_month_is_published_from_the_shell(month):
    folder, done = month
    assert done.returncode == 0, done.stderr
    (published,) = published_months(Settings(artifact_root=(folder / "artifacts").as_uri()))
    assert published.as_of_date == AS_OF
    assert f"customers by segment  as of {AS_OF}" in done.stdout
    assert f"The month as of {AS_OF} is published" in done.stdout


def test_its_progress_names_the_connection_and_counts_what_dbt_builds(month):
    _, done = month
    assert done.stderr.startswith(f"As of {AS_OF}, customer_segments, in snowflake (connection ")
    (models,) = [line for line in done.stderr.splitlines() if line.startswith("  4/8") and " of " in line][
        -1:
    ]
    done_count, of = models.split("  ")[-1].removesuffix(" models and tests").split(" of ")
    assert int(done_count) == int(of) > 20


def test_nothing_but_progress_is_printed_and_never_the_secret(month):
    _, done = month
    assert all(line.startswith(("  ", "As of")) for line in done.stderr.splitlines()), done.stderr
    assert SECRET not in done.stdout + done.stderr
