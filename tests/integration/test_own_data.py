"""`make demo DATASET=own`: a month of a deployment's own data on the real scheduler, with the settings that
the shell exports."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest

from include.tidemark.artifacts.published import published_months
from include.tidemark.demo.own import run_own
from include.tidemark.demo.synthetic.dataset import synthetic
from include.tidemark.settings import load_settings

from .conftest import MARKED_KEY, processes_that_mention

DATA = synthetic(400)
AS_OF = "2026-07-01"


def printed_by(as_of, state) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run_own(as_of, state)
    assert code == 0, printed.getvalue()
    return printed.getvalue()


def contents(deployment: Path) -> dict[Path, bytes]:
    files = [*(deployment / "landing").rglob("*"), *(deployment / "config").rglob("*")]
    return {file: file.read_bytes() for file in files if file.is_file()}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The folder of a deployment with everything but Airflow, and its exported settings."""
    folder = tmp_path_factory.mktemp("deployment")
    DATA.write_landing_files(folder / "landing")
    shutil.copytree(DATA.config_dir, folder / "config")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("TIDEMARK_DUCKDB_PATH", "warehouse.duckdb")
        patch.setenv("TIDEMARK_CONFIG_DIR", "config")
        patch.setenv("TIDEMARK_LANDING_URL", (folder / "landing").as_uri())
        patch.setenv("TIDEMARK_ARTIFACT_ROOT", (folder / "artifacts").as_uri())
        patch.setenv("TIDEMARK_ID_HASH_KEY", MARKED_KEY)
        yield folder


@pytest.fixture(scope="module")
def month(exported, tmp_path_factory):
    """The state folder, what the command printed, and what the deployment's folders held before it."""
    state = tmp_path_factory.mktemp("own")
    before = contents(exported)
    return state, printed_by(AS_OF, state), before


def test_the_month_is_published_where_the_settings_say_and_printed_as_the_demo_prints_its_own(
    exported, month
):
    _, printed, _ = month
    (published,) = published_months(load_settings())
    assert published.as_of_date == AS_OF and published.report_uri.startswith(
        (exported / "artifacts").as_uri()
    )
    assert re.search(rf"^{AS_OF}: success in \d+ s$", printed, re.MULTILINE)
    assert f"customers by segment  as of {AS_OF}" in printed
    assert f"Report:  {published.report_uri}" in printed
    assert "`make up DATASET=own`" in printed


def test_no_month_runs_but_the_one_that_was_asked_for(month):
    state, _, _ = month
    runs = state / "airflow" / "logs" / "dag_id=monthly_segmentation"
    assert len(list(runs.iterdir())) == 1


def test_nothing_of_the_deployment_is_generated_or_replaced(exported, month):
    state, _, before = month
    assert contents(exported) == before
    assert {path.name for path in exported.iterdir()} == {
        "landing",
        "config",
        "warehouse.duckdb",
        "artifacts",
    }
    assert {path.name for path in state.iterdir()} == {"airflow"}


def test_no_process_is_left_and_a_second_call_runs_nothing(month):
    state, _, _ = month
    assert processes_that_mention(str(state)) == []
    assert f"Published already: {AS_OF}." in printed_by(AS_OF, state)
