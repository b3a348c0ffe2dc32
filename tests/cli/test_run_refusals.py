"""What `tidemark run` says before anything runs: one sentence, exit code 2, and nothing is touched."""

import subprocess
import sys

import duckdb
import pytest

from include.tidemark.cli.main import main

KEY = "a key for tests only, 16 and more"


@pytest.fixture
def deployment(tmp_path, monkeypatch):
    """The folder of a deployment whose settings are in order; it has no data."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "dbt").write_text("#!/bin/sh\n")
    (tmp_path / "dbt").chmod(0o755)
    for name, value in {
        "DUCKDB_PATH": tmp_path / "warehouse.duckdb",
        "LANDING_URL": (tmp_path / "landing").as_uri(),
        "ARTIFACT_ROOT": (tmp_path / "artifacts").as_uri(),
        "ID_HASH_KEY": KEY,
        "DBT_EXECUTABLE": tmp_path / "dbt",
    }.items():
        monkeypatch.setenv(f"TIDEMARK_{name}", str(value))
    return tmp_path


def refused(capsys, *arguments: str) -> str:
    """The sentence with which the run is refused."""
    assert main(["run", "--as-of", "2026-11-01", *arguments]) == 2
    printed = capsys.readouterr()
    *heading, sentence = printed.err.splitlines()
    assert printed.out == "" and sentence.startswith("tidemark: ")
    assert all(line.startswith("As of ") for line in heading)
    return sentence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--as-of", "1.11.2026"], "argument --as-of: '1.11.2026' is no date; write it as YYYY-MM-DD"),
        (["--as-of", "2026-02-30"], "argument --as-of: '2026-02-30' is no date"),
        (["--resamples", "10"], "argument --resamples: '10' can't be used: Input should be greater than or equal to 1000"),
        (["--lookback-days", "soon"], "argument --lookback-days: 'soon' can't be used: Input should be a valid integer"),
        (["--allow-missing", "orders"], "argument --allow-missing: 'orders' is no source table and no column that may be null; there are users"),
        (["--known-at", "2026-05-02T09:00"], "argument --known-at: '2026-05-02T09:00' can't be used: write it as an instant with its offset from UTC"),
        (["2026-11-01"], "unrecognized arguments: 2026-11-01"),
    ],
)  # fmt: skip
def test_an_argument_that_can_not_be_used_is_named(deployment, capsys, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        main(["run", *arguments])
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FAMILIES", "customer_segment", "TIDEMARK_FAMILIES names the unknown family 'customer_segment'"),
        ("ID_HASH_KEY", "", "TIDEMARK_ID_HASH_KEY is not set"),
        ("DBT_EXECUTABLE", "/nowhere/dbt", "There is no dbt at /nowhere/dbt; install its environment with `make setup`"),
        ("LANDING_URL", "file:///nowhere", "TIDEMARK_LANDING_URL is file:///nowhere, where no folder is"),
        ("LANDING_URL", "", "There are no tables to read: TIDEMARK_LANDING_URL is not set, and the warehouse"),
        ("ARTIFACT_ROOT", "artifacts", "TIDEMARK_ARTIFACT_ROOT is 'artifacts', which is no URL"),
    ],
)  # fmt: skip
def test_a_setting_that_is_missing_or_wrong_is_named(deployment, capsys, monkeypatch, name, value, words):
    monkeypatch.setenv(f"TIDEMARK_{name}", value)
    assert words in refused(capsys)
    assert not (deployment / "warehouse.duckdb").exists()


def test_a_future_date_is_refused(deployment, capsys):
    assert "The as-of date 2999-01-01 is in the future" in refused(capsys, "--as-of", "2999-01-01")


def test_a_warehouse_that_another_process_holds_is_refused_at_once(deployment, capsys):
    file = deployment / "warehouse.duckdb"
    program = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "open\n"
        sentence = refused(capsys)
        holder.communicate("\n")
    assert f"The DuckDB file {file} is open in another process" in sentence
    assert f"PID {holder.pid}" in sentence


def test_a_file_that_is_no_database_is_refused(deployment, capsys):
    (deployment / "warehouse.duckdb").write_text("these are no tables" * 1000)
    assert "can't be opened as a DuckDB database; correct TIDEMARK_DUCKDB_PATH" in refused(capsys)


def test_the_warehouse_of_the_demo_is_kept_apart_from_own_data(deployment, capsys):
    (deployment / "id_hash_key").write_text("the key that the demo made")
    assert "is the one of `make demo`; set TIDEMARK_DUCKDB_PATH" in refused(capsys)
    (deployment / "id_hash_key").write_text(KEY)
    assert "make demo" not in refused(capsys, "--as-of", "2999-01-01")


def test_a_snowflake_that_can_not_be_reached_is_one_sentence_without_the_driver_s_words(
    deployment, capsys, monkeypatch
):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "snowflake")
    monkeypatch.setenv("TIDEMARK_SNOWFLAKE_CONN_ID", "nobody_defined_it")
    sentence = refused(capsys)
    assert "Snowflake can't be reached through the Airflow connection nobody_defined_it (" in sentence
    assert "AIRFLOW_CONN_NOBODY_DEFINED_IT" in sentence


def test_a_run_that_fails_on_the_way_names_the_stage_and_ends_with_1(deployment, capsys):
    with duckdb.connect(str(deployment / "warehouse.duckdb")) as engine:
        engine.execute("create schema raw")
    assert main(["run", "--as-of", "2026-11-01"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "tidemark: the run failed in the stage load_sources: " in printed.err
    assert printed.err.endswith("Nothing was published; the same command starts a new run.\n")
    assert "Traceback" not in printed.err
