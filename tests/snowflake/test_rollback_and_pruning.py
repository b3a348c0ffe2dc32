"""A rollback and the pruning of old runs on an emulated Snowflake: what is left, and what each statement was
tagged with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.artifacts.pruning import prune_unpublished
from include.tidemark.artifacts.store import RunFolder
from include.tidemark.history.ledger import record_publication
from include.tidemark.pipeline.rollback import history_of, list_or_roll_back
from include.tidemark.rules import load_rules
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag
from tests.artifacts.months import MONTHS, make_run, make_settings
from tests.snowflake.emulator import Emulator, running_emulator

TABLES = (
    "runs.customer_segments",
    "runs.changes",
    "runs.row_account",
    "runs.statistics",
    "control.gate_results",
    "control.run_inputs",
    "control.segmentations",
    "control.source_columns",
)


@dataclass(frozen=True)
class Account:
    """An account with runs of one as-of date: the first two were published, one after the other, the others
    never."""

    emulator: Emulator
    settings: Settings
    runs: list[Run]
    asked_before: int

    def tagged_statements(self) -> Iterator[tuple[dict[str, str], str]]:
        """What was asked since the runs stood there, with the tag of its session."""
        tags = {}
        for number, request in enumerate(self.emulator.requests()):
            if "login" in request:
                tags[request["session"]] = json.loads(request["login"]["SESSION_PARAMETERS"]["QUERY_TAG"])
            elif number >= self.asked_before:
                yield tags[request["session"]], request["sql"]

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    runs = [make_run(MONTHS[0], load_rules(environ={}), attempt=attempt) for attempt in range(6)]
    settings = make_settings(tmp_path, warehouse="snowflake", keep_unpublished_runs=1)
    with running_emulator(tmp_path / "account") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        with open_warehouse(settings) as warehouse:
            ensure_control_tables(warehouse)
            warehouse.execute(
                "create table runs.customer_segments (as_of_date date, run_key varchar, customer_id varchar, customer_segment varchar)"
            )
            for number, run in enumerate(runs):
                _leave_behind(warehouse, settings, run, number)
            for run in runs[:2]:
                record_publication(warehouse, run, "file:///manifest.json", "0" * 64)
        yield Account(emulator, settings, runs, len(emulator.requests()))


def _leave_behind(warehouse: Any, settings: Settings, run: Run, number: int) -> None:
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    check = {"stage": "models", "expectation": "e", "severity": "info", "success": True}
    # Of the first run c1 to c3 are in A; from run to run c1 moves to B, c3 goes, and c4 comes.
    people = {"c1": "B", "c2": "A", "c4": "A"} if number else dict.fromkeys(("c1", "c2", "c3"), "A")
    warehouse.insert(
        "runs.customer_segments",
        [
            identity | {"customer_id": person, "customer_segment": segment}
            for person, segment in people.items()
        ],
    )
    share = {
        "estimate": 0.9 if number else 0.1,
        "confidence_level": 0.95,
        "is_primary": True,
        "method": "wilson",
    }
    interval = {"ci_low": share["estimate"] - 0.05, "ci_high": share["estimate"] + 0.05}
    warehouse.insert(
        "runs.statistics", [identity | {"family": "customer_segments", "metric": "m"} | share | interval]
    )
    change = {
        "family": "f",
        "comparison": "previous",
        "metric": "m",
        "kind": "share",
        "method": "paired_users",
    }
    warehouse.insert("runs.changes", [identity | change])
    warehouse.insert("control.run_inputs", [identity | {"sources_hash": "0"}])
    line = {"position": 0, "source_table": "users", "kind": "total", "reason": "loaded", "row_count": number}
    warehouse.insert("runs.row_account", [identity | line])
    warehouse.insert("control.gate_results", [identity | check])
    column = {
        "table_name": "users",
        "column_name": "platform",
        "scope": "all",
        "row_count": 0,
        "total_count": 0,
    }
    warehouse.insert("control.source_columns", [identity | column])
    warehouse.insert("control.segmentations", [identity | {"segmentation": "loyalty", "digest": "0"}])
    RunFolder(settings, run.as_of_date, run.run_key).write_bytes("manifest.json", b"{}")


def test_a_rollback_shows_the_earlier_run_in_ledger_and_pointers_and_is_tagged(account: Account) -> None:
    first, second, *_ = account.runs
    listed = list_or_roll_back(MONTHS[0], None, account.settings)
    assert [each["run_key"] for each in listed["publications"]] == [first.run_key, second.run_key]
    outcome = list_or_roll_back(
        MONTHS[0], first.run_key, account.settings, reason="bad file", by="ann", dry_run=False
    )
    assert (outcome["status"], outcome["publication_id"]) == ("rolled_back", 3)
    assert outcome["difference"]["people"] == {"customer_segments": {"added": 1, "gone": 1, "moved": 1}}
    assert (outcome["difference"]["account_lines"], outcome["difference"]["numbers_beyond_noise"]) == (1, 1)
    statements = list(account.tagged_statements())
    latest = json.loads(
        Path(account.settings.artifact_root.removeprefix("file://"), "latest.json").read_text()
    )
    assert (latest["run_key"], latest["action"]) == (first.run_key, "rollback")
    ledger = account.rows(
        "select run_key, action, published_by, reason from control.publications order by publication_id"
    )
    assert [tuple(row.values()) for row in ledger] == [
        (first.run_key, "publish", None, None),
        (second.run_key, "publish", None, None),
        (first.run_key, "rollback", "ann", "bad file"),
    ]
    written = [tag for tag, sql in statements if sql.startswith("insert into control.publications")]
    assert written == [{"dag": "shell", "run_key": first.run_key, "task": "roll_back", "family": "all"}]
    assert {(tag["run_key"], tag["task"]) for tag, _ in statements} == {
        ("none", "history"),
        (first.run_key, "roll_back"),
    }


def test_pruning_deletes_old_unpublished_runs_everywhere_and_is_tagged(account: Account) -> None:
    first, second, oldest, older, kept, present = account.runs
    with open_warehouse(account.settings, QueryTag(present.run_key, "publish")) as warehouse:
        pruned = prune_unpublished(account.settings, warehouse, present)
    statements = list(account.tagged_statements())
    assert [old.run_key for old in pruned] == [oldest.run_key, older.run_key]
    left = {run.run_key for run in (first, second, kept, present)}
    for table in TABLES:
        assert {row["run_key"] for row in account.rows(f"select run_key from {table}")} == left, table
    root = Path(account.settings.artifact_root.removeprefix("file://"))
    assert {folder.name.removeprefix("run=") for folder in root.glob("as_of=*/run=*")} == left
    deletes = [(tag["run_key"], tag["task"]) for tag, sql in statements if sql.startswith("delete from ")]
    assert deletes == [(present.run_key, "publish")] * (len(pruned) * len(TABLES))


def test_the_tables_that_python_makes_are_transient_where_they_can_be_made_again(account: Account) -> None:
    made = [
        request["sql"].split(" (")[0]
        for request in account.emulator.requests()
        if request.get("sql", "").startswith("create ")
    ]
    assert made[:-1] == [
        "create schema if not exists raw",
        "create schema if not exists staging",
        "create transient schema if not exists core",
        "create transient schema if not exists runs",
        "create schema if not exists marts",
        "create schema if not exists control",
        "create table if not exists control.publications",
        "create table if not exists control.loads",
        "create table if not exists control.backfills",
        "create table if not exists control.fact_builds",
        "create table if not exists control.erasures",
        "create table if not exists control.gate_results",
        "create table if not exists control.segmentations",
        "create table if not exists control.source_columns",
        "create table if not exists control.run_inputs",
        "create transient table if not exists runs.row_account",
        "create transient table if not exists runs.changes",
        "create transient table if not exists runs.statistics",
    ]


def test_an_account_of_an_earlier_release_gets_the_columns_of_who_and_why(account: Account) -> None:
    with open_warehouse(account.settings) as warehouse:
        for table, column in (
            ("publications", "published_by"),
            ("publications", "reason"),
            ("run_inputs", "dag_run_id"),
        ):
            warehouse.execute(f"alter table control.{table} drop column {column}")
    (_, second) = history_of(MONTHS[0], account.settings)
    assert (second.run_key, second.published_by, second.reason) == (account.runs[1].run_key, None, None)
