"""RUN_HASH labels a run; it never takes the place of the run's key."""

import logging
from datetime import UTC, datetime

import pytest

from include.tidemark.errors import SettingsError
from include.tidemark.pipeline.resolve import resolve_run
from include.tidemark.settings import Settings

STARTED = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def resolve(folder, started=STARTED):
    return resolve_run(
        Settings(duckdb_path=folder / "warehouse.duckdb", user_ids="plain"),
        parameters={"as_of_date": "2026-11-01"},
        dag_run_id="shell",
        run_after=started,
        started_at=started,
    )


def test_the_label_is_recorded_and_logged_and_the_key_stays_the_runs_own(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("RUN_HASH", "9f2c-workflow_7")
    with caplog.at_level(logging.INFO):
        first, second = resolve(tmp_path), resolve(tmp_path, STARTED.replace(hour=7))
    assert first.options.run_hash == second.options.run_hash == "9f2c-workflow_7"
    assert first.run_key != second.run_key and "9f2c" not in first.run_key
    assert "label 9f2c-workflow_7" in caplog.text
    assert type(first).from_xcom(first.to_xcom()).options.run_hash == "9f2c-workflow_7"


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_there_is_no_label(tmp_path, monkeypatch, value):
    monkeypatch.delenv("RUN_HASH", raising=False)
    if value is not None:
        monkeypatch.setenv("RUN_HASH", value)
    assert resolve(tmp_path).options.run_hash is None


@pytest.mark.parametrize("value", ["a b", "x" * 33, "../up", "drop;", "na\u00efve", "line\nbreak", "end\n"])
def test_a_label_that_is_no_label_stops_the_run_in_one_sentence(tmp_path, monkeypatch, value):
    monkeypatch.setenv("RUN_HASH", value)
    with pytest.raises(SettingsError, match="RUN_HASH can't be used.*1 to 32 letters") as caught:
        resolve(tmp_path)
    assert "\n" not in str(caught.value)
