"""`diff`, `history` and `rollback` in a shell."""

import json

import pytest

from include.tidemark.cli.main import main
from include.tidemark.pipeline.publish import publish
from include.tidemark.rules import load_rules
from tests.artifacts.months import KEY, MONTHS, make_run, make_settings, write_candidate

DAY = str(MONTHS[0])


@pytest.fixture
def keys(tmp_path, monkeypatch):
    """The keys of the two runs that were published of a month, in a deployment that the environment names."""
    settings = make_settings(tmp_path)
    runs = [make_run(MONTHS[0], load_rules(environ={}), attempt=attempt) for attempt in (0, 1)]
    for run in runs:
        write_candidate(settings, run)
        publish(run, settings)
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(settings.duckdb_path))
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", settings.artifact_root)
    monkeypatch.setenv("TIDEMARK_ID_HASH_KEY", KEY)
    return [run.run_key for run in runs]


def test_a_rollback_from_a_shell_shows_acts_with_a_reason_and_is_in_the_history(keys, capsys, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ann")
    first, second = keys
    assert main(["rollback", "--as-of", DAY, "--run", first]) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    assert main(["rollback", "--as-of", DAY, "--run", first, "--apply"]) == 2
    assert "needs a reason" in capsys.readouterr().err
    assert main(["rollback", "--as-of", DAY, "--run", first, "--apply", "--reason", "bad file"]) == 0
    assert f"Run {first} is now what consumers" in capsys.readouterr().out
    assert main(["history", "--as-of", DAY, "--format", "json"]) == 0
    history = json.loads(capsys.readouterr().out)
    assert [(row["action"], row["run_key"], row["by"], row["reason"]) for row in history] == [
        ("publish", first, "", ""),
        ("publish", second, "", ""),
        ("rollback", first, "ann", "bad file"),
    ]


def test_a_difference_is_a_table_json_or_a_page(keys, capsys):
    named = ["diff", "--as-of", DAY, "--run", keys[0], "--run", keys[1]]
    assert main(named) == 0
    assert capsys.readouterr().out.startswith("RUNS")
    assert main([*named, "--format", "json", "--ids"]) == 0
    assert json.loads(capsys.readouterr().out)["people"][0]["users"] == []
    assert main([*named, "--format", "html"]) == 0
    assert capsys.readouterr().out.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["diff", "--as-of", DAY], "Say what to compare"),
        (["diff", *["--as-of", DAY] * 3], "at most twice"),
        (["diff", "--as-of", DAY, "--run", "x", "--ids", "--format", "html"], "A page names no user"),
        (
            ["diff", "--as-of", DAY, "--known-at", "2026-08-02T00:00Z", *["--run", "x"] * 2],
            "With --known-at one month is looked at",
        ),
        (["diff", "--as-of", DAY, "--run", "x", "--allow-missing", "users"], "which is not given"),
        (["history", "--as-of", "2020-01-01"], "Nothing was ever published"),
    ],
)
def test_what_can_not_be_looked_at_is_one_sentence(keys, capsys, arguments, said):
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", [["history"], ["diff", "--run", "x"], ["rollback", "--run", "x"]])
def test_a_warehouse_that_is_not_there_is_not_made(command, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(tmp_path / "none.duckdb"))
    assert main([command[0], "--as-of", DAY, *command[1:]]) == 2
    assert "There is no warehouse" in capsys.readouterr().err
    assert not (tmp_path / "none.duckdb").exists()
