"""A month of all five families on the real scheduler, on the synthetic data set, in which every personal text
is marked."""

import contextlib
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from include.tidemark.artifacts.published import published_months
from include.tidemark.demo.months import run_demo
from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.families import enabled_families
from include.tidemark.settings import Settings
from tests.personal_data.marked import is_marked, marked_files, write_marked_files

from .conftest import processes_that_mention


def write_landing_files(landing: Path) -> dict[str, int]:
    if not (landing / "users.parquet").exists():
        write_marked_files(landing, 3_000)
    return {}


DATASET = replace(synthetic(3_000), as_of_dates=(date(2026, 7, 1),), write_landing_files=write_landing_files)


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    state = tmp_path_factory.mktemp("families")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run_demo(state, DATASET)
    assert code == 0, printed.getvalue()
    (published,) = published_months(Settings(artifact_root=(state / "artifacts").as_uri()))
    return state, printed.getvalue(), published


def test_every_task_of_every_family_succeeds_and_no_process_is_left(month):
    state, printed, _ = month
    shown = [(int(done), int(of)) for done, of in re.findall(r"  2026-07-01 +(\d+)/(\d+) tasks  ", printed)]
    questions = sum(len(family.questions) for family in enabled_families(FAMILIES))
    assert shown[-1][0] == shown[-1][1] > questions + 40, "each model and each question is a task"
    assert processes_that_mention(str(state)) == []


def test_all_five_families_are_published_with_rows_in_each_of_their_tables(month):
    _, _, published = month
    manifest = published.manifest()
    assert {family["name"] for family in manifest["families"] if family["status"] == "computed"} == set(
        FAMILIES
    )
    for family in enabled_families(FAMILIES):
        assert published.rows(family.overview), family.name
    assert {row["family"] for row in published.rows("data/statistics.csv")} == set(FAMILIES)
    assert manifest["gate"]["critical_failures"] == 0


def test_no_person_is_named_in_a_file_a_log_an_xcom_or_what_is_printed(month):
    state, printed, _ = month
    # Among these folders is Airflow's: its metadata database with every XCom, and the log of each task.
    folders = [folder for folder in state.iterdir() if folder.is_dir() and folder.name != "landing"]
    assert {"airflow", "artifacts"} <= {folder.name for folder in folders}
    assert (
        list((state / "airflow").rglob("airflow.db")) and len(list((state / "airflow").rglob("*.log"))) > 80
    )
    assert [file for folder in folders for file in marked_files(folder)] == []
    assert not is_marked(printed)
