"""How dbt is followed from a shell, with a program in its place that says what dbt would."""

import json
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from include.tidemark import kept_logs
from include.tidemark.errors import SettingsError
from include.tidemark.pipeline import build
from include.tidemark.pipeline.build import BuildError, build_models
from include.tidemark.settings import Settings

RUN = SimpleNamespace(
    run_key="k", families=("customer_segments",), options=SimpleNamespace(full_refresh=False)
)


def event(name: str, message: str, **data: object) -> str:
    return json.dumps({"info": {"name": name, "msg": message, "level": "info"}, "data": data})


BUILD = [
    "Python says something of its own",
    event("ConcurrencyLine", "Concurrency: 4 threads"),
    event("LogStartLine", "1 of 3 START view", index=1, total=3),
    event("LogModelResult", "1 of 3 OK view", index=1, total=3, status="OK"),
    event("LogTestResult", "3 of 3 PASS test", index=3, num_models=3, status="pass"),
    event("SkippingDetails", "2 of 3 SKIP table", index=2, total=3, status="skip"),
    event("StatsLine", "Done.\nPASS=2 SKIP=1"),
]


LOG = 'while [ "$1" != --log-path ]; do shift; done; echo "all of it" > "$2/dbt.log"'
"""A line of a program that writes a log where dbt is told to."""


@pytest.fixture
def dbt(tmp_path, monkeypatch):
    """Writes a program and returns settings that take it for dbt."""
    monkeypatch.setattr(kept_logs, "LOCAL_STATE", tmp_path)
    monkeypatch.setattr(build, "dbt_variables", lambda run: {})
    monkeypatch.setattr(build, "run_environment", lambda run: {})
    monkeypatch.setattr(build, "_PARSED", tmp_path / "kept" / "partial_parse.msgpack")

    def write(script: str) -> Settings:
        program = tmp_path / "dbt"
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)
        return Settings(dbt_executable=program, scratch_dir=tmp_path)

    return write


def says(lines: list[str], code: int) -> str:
    return "cat <<'END'\n" + "\n".join(lines) + f"\nEND\nexit {code}"


def test_what_is_done_is_counted_as_dbt_goes_on(dbt):
    counted = []
    build_models(RUN, dbt(says(BUILD, 0)), on_progress=lambda *count: counted.append(count))
    assert counted == [(1, 3), (2, 3), (3, 3)]


def test_a_failed_build_shows_dbt_s_last_lines_as_people_read_them_and_where_its_log_is(dbt, tmp_path):
    with pytest.raises(BuildError) as caught:
        build_models(RUN, dbt(f"{LOG}\n{says(['old'] * 20 + BUILD, 1)}"))
    (log,) = (tmp_path / "logs").iterdir()
    assert log.read_text() == "all of it\n" and log.stat().st_mode & 0o077 == 0
    assert str(caught.value).startswith(
        f"dbt failed for run k (exit status 1; its log is {log}): old | old | old | "
    )
    assert str(caught.value).endswith(" | 2 of 3 SKIP table | Done. | PASS=2 SKIP=1")
    assert "\n" not in str(caught.value)


def failure(name: str, *said: str) -> list[str]:
    """The lines in which dbt says at its end why one node failed."""
    told = [json.loads(event(name, each)) for each in said]
    return [json.dumps(each | {"info": each["info"] | {"level": "error"}}) for each in told]


def test_a_failed_build_begins_with_the_tests_and_their_rows_and_the_models_that_failed(dbt):
    lines = [
        *failure("RunResultFailure", "Failure in test not_null_x (models/x.yml)"),
        *failure("RunResultError", "  Got 1234 results, configured to fail if != 0"),
        *failure("RunResultFailure", "Failure in test unique_x (models/x.yml)"),
        *failure("RunResultError", "  Got 1 result, configured to fail if != 0"),
        *failure("RunResultError", "  Runtime Error in model stg_users (models/staging/stg_users.sql)\n  Conversion Error: 'Zoë'"),
        *(line for n in range(20) for line in failure("RunResultFailure", f"Failure in test t{n} (x.yml)")),
    ]  # fmt: skip
    with pytest.raises(BuildError) as caught:
        build_models(RUN, dbt(says(lines, 1)))
    assert str(caught.value).startswith(
        "dbt failed for run k: 1,234 rows fail the test not_null_x, 1 row fails the test unique_x,"
        " the model stg_users failed (Runtime Error), and 20 more (exit status 1; "
    )
    assert "Zoë" not in str(caught.value)


def test_a_dbt_that_failed_before_its_log_began_is_told_without(dbt):
    with pytest.raises(BuildError, match=r"dbt failed for run k \(exit status 1; it left no log\): "):
        build_models(RUN, dbt(says(BUILD, 1)))


def test_nothing_but_the_log_of_a_failed_build_is_left(dbt, tmp_path):
    before = {"dbt", "kept"}
    build_models(RUN, dbt(f"{LOG}\n{says(BUILD, 0)}"))
    assert {file.name for file in tmp_path.iterdir()} == before
    with pytest.raises(BuildError):
        build_models(RUN, dbt(f"{LOG}\n{says(BUILD, 1)}"))
    assert {file.name for file in tmp_path.iterdir()} == before | {"logs"}


PARSES = """while [ "$1" != --target-path ]; do shift; done
cat "${DBT_PARTIAL_PARSE_FILE_PATH:-/dev/null}" > "$2/partial_parse.msgpack"; echo parsed >> "$2/partial_parse.msgpack"
"""
"""Lines of a program that adds to what an earlier dbt has parsed."""


def test_what_dbt_has_parsed_is_handed_to_the_next_one_unless_it_failed(dbt, tmp_path):
    kept = tmp_path / "kept" / "partial_parse.msgpack"
    for _ in range(2):
        build_models(RUN, dbt(f"{PARSES}{says(BUILD, 0)}"))
    with pytest.raises(BuildError):
        build_models(RUN, dbt(f"{PARSES}{says(BUILD, 1)}"))
    assert kept.read_text() == "parsed\nparsed\n" and list(kept.parent.iterdir()) == [kept]


def test_where_dbt_names_errors_only_they_are_shown(dbt):
    failure = json.dumps(
        {
            "info": {
                "name": "RunResultFailure",
                "msg": "Failure in test every_cent (tests/every_cent.sql)",
                "level": "error",
            },
            "data": {},
        }
    )
    with pytest.raises(BuildError) as caught:
        build_models(RUN, dbt(says([*BUILD, failure, event("StatsLine", "Done.")], 1)))
    assert str(caught.value).endswith("): Failure in test every_cent (tests/every_cent.sql)")


def test_a_dbt_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        SettingsError, match="There is no dbt at .*; install its environment with `make setup`"
    ):
        build_models(RUN, Settings(dbt_executable=tmp_path / "dbt"))


@pytest.mark.parametrize("trap", ["", "trap '' TERM"], ids=["ends when asked", "deaf"])
def test_whatever_interrupts_a_build_neither_dbt_nor_what_it_wrote_is_left(dbt, tmp_path, monkeypatch, trap):
    monkeypatch.setattr("include.tidemark.pipeline.build._SECONDS_TO_END", 0.5)

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    ready = event("LogModelResult", "1 of 3", index=1, total=3)
    before = {process.pid for process in psutil.Process().children()}
    with pytest.raises(KeyboardInterrupt):
        build_models(
            RUN,
            dbt(f"{trap}\necho '{ready}'\nfor _ in {{1..300}}; do read -t 0.1 <> <(:); done"),
            on_progress=interrupt,
        )
    left = {process.pid for process in psutil.Process().children()} - before
    assert left == set()
    assert list(tmp_path.glob("tidemark-dbt-*")) == []


def test_a_relative_path_of_the_warehouse_is_the_caller_s(dbt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = dbt('echo "$TIDEMARK_DUCKDB_PATH" > path')
    build_models(RUN, settings.model_copy(update={"duckdb_path": Path("w.duckdb")}))
    assert (tmp_path / "path").read_text() == f"{tmp_path}/w.duckdb\n"
