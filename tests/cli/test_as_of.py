"""`--as-of`: what is no date, and dates as of which nothing can be run; each is told in one sentence that
says what is allowed."""

import argparse
from datetime import UTC, date, datetime

import pytest

from include.tidemark.cli import run as command
from include.tidemark.cli.command import iso_date
from include.tidemark.cli.main import main
from include.tidemark.demo.synthetic.dataset import synthetic


def test_a_date_is_year_month_and_day():
    assert iso_date("2026-11-01") == date(2026, 11, 1)


@pytest.mark.parametrize(
    "text", ["1.11.2026", "20261101", "2026-W44-7", "2026-1-1", "2026-02-30", " 2026-11-01", "٢٠٢٦-11-01", "today", ""]
)  # fmt: skip
def test_what_is_no_date_is_told_with_the_form_that_is(text):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        iso_date(text)
    assert str(refused.value) == f"{text!r} is no date; write it as YYYY-MM-DD, for example 2026-11-01"


@pytest.mark.parametrize("arguments", [["run"], ["suggest-rules"], ["doctor"], ["open"]], ids=" ".join)
def test_every_command_ends_with_2_and_the_sentence_last(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--as-of", "20261101"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(
        "argument --as-of: '20261101' is no date; write it as YYYY-MM-DD, for example 2026-11-01"
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    made = synthetic(100)
    made.write_landing_files(folder)
    return folder, made.config_dir


@pytest.fixture
def said(data, tmp_path, monkeypatch, capsys):
    """Runs a month on the tenth of November 2026 and returns its exit code and its last line."""
    (tmp_path / "dbt").write_text("#!/bin/sh\n")
    (tmp_path / "dbt").chmod(0o755)
    landing, config = data
    for name, value in {
        "DUCKDB_PATH": tmp_path / "warehouse.duckdb",
        "LANDING_URL": landing.as_uri(),
        "ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "CONFIG_DIR": config,
        "ID_HASH_KEY": "a key for tests only, 16 and more",
        "DBT_EXECUTABLE": tmp_path / "dbt",
    }.items():
        monkeypatch.setenv(f"TIDEMARK_{name}", str(value))
    monkeypatch.setattr(command, "started_now", lambda: datetime(2026, 11, 10, 12, tzinfo=UTC))

    def run(as_of: str) -> tuple[int, str]:
        code = main(["run", "--as-of", as_of])
        return code, capsys.readouterr().err.splitlines()[-1]

    return run


@pytest.mark.parametrize("as_of", ["2026-11-11", "2999-01-01"])
def test_a_date_to_come_is_refused_with_the_last_one_that_is_allowed(said, as_of):
    code, sentence = said(as_of)
    assert code == 2 and sentence.startswith(f"tidemark: The as-of date {as_of} is in the future: ")
    assert sentence.endswith("; use 2026-11-10 or an earlier date.")


def test_a_date_of_which_no_row_is_kept_is_refused_with_the_first_one_that_is(said):
    code, sentence = said("1970-12-31")
    assert (code, sentence) == (
        2,
        "tidemark: The as-of date 1970-12-31 is before 1971-01-01, of which no row is kept; use a later date.",
    )


def test_a_date_before_all_rows_fails_at_the_gate_with_the_earliest_of_them_and_says_once_that_nothing_was_published(
    said,
):
    code, sentence = said("2001-01-01")
    assert code == 1 and sentence.startswith("tidemark: the run failed in the stage check_sources: ")
    assert "has no posted row before the as-of date 2001-01-01" in sentence
    assert "; its earliest is of 20" in sentence and "choose a later as_of_date" in sentence
    assert sentence.count("Nothing was published") == 1
