"""Nothing that says who somebody is leaves the tables that may say so: a published month of all families."""

import duckdb
import pytest

from include.tidemark.artifacts.user_ids import user_ids
from tests.personal_data.conftest import Month
from tests.personal_data.marked import IDENTIFY, MARK, is_marked, marked_files, marked_tables
from tests.personal_data.recorded import tables_of


@pytest.fixture(scope="module")
def tables(month: Month) -> dict[str, list]:
    return tables_of(month.settings)


def test_the_mark_is_in_each_table_that_may_identify_people_and_in_no_other_table_or_view(tables):
    assert set(tables) >= {
        "control.gate_results",
        "control.source_columns",
        "runs.row_account",
        "marts.row_account",
    }
    assert marked_tables(tables) == IDENTIFY


def test_names_and_addresses_are_shown_by_one_view_alone(tables):
    with_names = {
        name
        for name, (described, _) in tables.items()
        if {"username", "email"} & {column for column, *_ in described}
    }
    assert with_names == {
        "raw.users",
        "staging.stg_users",
        "marts.user_segmentation",
        "marts.user_segmentation_current",
    }


def test_no_file_of_the_run_is_marked_by_its_name_or_content(month):
    files = {file.name for file in (month.folder / "artifacts").rglob("*")}
    assert files >= {
        "manifest.json",
        "index.html",
        "user_segmentation.parquet",
        "row_account.csv",
        "statistics.csv",
    }
    assert any("validation" in str(file) for file in (month.folder / "artifacts").rglob("*.html"))
    assert marked_files(month.folder / "artifacts") == []


def test_files_name_users_by_the_keyed_hash_of_their_ids(month):
    ids = user_ids(month.settings)
    (file,) = (month.folder / "artifacts").rglob("data/user_segmentation.parquet")
    published = {row[0] for row in duckdb.sql(f"select user_id from '{file}'").fetchall()}
    with duckdb.connect(str(month.settings.duckdb_path), read_only=True) as connection:
        users = connection.execute("select user_id from runs.user_segmentation").fetchall()
    assert published == {ids.publish(user_id) for (user_id,) in users} and all(
        MARK in user_id for (user_id,) in users
    )


def test_texts_that_one_user_alone_has_are_other_in_files(month):
    (file,) = (month.folder / "artifacts").rglob("data/user_segmentation.parquet")
    platforms = {row[0] for row in duckdb.sql(f"select platform from '{file}'").fetchall()}
    assert platforms - {None} == {"ios", "android", "web", "other"}


def test_nothing_is_left_beside_the_deployment(month):
    assert {file.name for file in month.folder.iterdir()} == {
        "artifacts",
        "config",
        "landing",
        "warehouse.duckdb",
    }


def test_no_log_no_print_and_no_result_of_a_task_is_marked(month):
    assert len(month.said.logs) > 50 and len(month.said.results) > 15
    marked = {
        place: [text for text in texts if is_marked(text)] for place, texts in month.said.everything.items()
    }
    assert not any(marked.values()), marked
