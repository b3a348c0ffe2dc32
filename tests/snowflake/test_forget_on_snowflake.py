"""Persons are erased on an emulated Snowflake: from raw, core and runs, and no id is in any statement."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.tidemark.artifacts.store import RunFolder
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.history.ledger import record_publication
from include.tidemark.pipeline.forget import forget
from include.tidemark.rules import load_rules
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.artifacts.months import MONTHS, make_run, make_settings
from tests.snowflake.emulator import Emulator, running_emulator

PEOPLE = ("marked-person-1", "marked-person-2")
STAYS = "somebody else"
TABLES = {
    "raw.users": "user_id varchar, username varchar", "raw.events": "user_id varchar, event_id varchar",
    "core.fct_user_event_daily": "user_id varchar, delivery_count bigint",
    "runs.customer_segments": "as_of_date date, run_key varchar, customer_id varchar",
    "runs.a_family_of_later": "as_of_date date, run_key varchar, referring_user_id varchar, n bigint",
}  # fmt: skip


@dataclass(frozen=True)
class Account:
    emulator: Emulator
    settings: Settings
    run_key: str
    asked_before: int

    def rows(self, sql: str) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    settings = make_settings(tmp_path, warehouse="snowflake", scratch_dir=tmp_path)
    run = make_run(MONTHS[0], load_rules(environ={}))
    with running_emulator(tmp_path / "account") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        with open_warehouse(settings) as warehouse:
            ensure_control_tables(warehouse)
            warehouse.execute("create transient table control.forget_left (user_id varchar)")
            for table, columns in TABLES.items():
                warehouse.execute(f"create table {table} ({columns})")
                for user_id in (*PEOPLE, STAYS):
                    warehouse.insert(table, [_row(columns, user_id, run)])
            # Only users came from a landing file; events are the deployment's own.
            warehouse.insert(
                "control.loads",
                [
                    {
                        "table_name": "users",
                        "uri": "u",
                        "fingerprint": "f",
                        "row_count": 3,
                        "loaded_at": datetime(2026, 8, 1),
                    }
                ],
            )
            manifest = _write_files(settings, run)
            record_publication(warehouse, run, "file:///manifest.json", hashlib.sha256(manifest).hexdigest())
        yield Account(emulator, settings, run.run_key, len(emulator.requests()))


def _row(columns: str, user_id: str, run) -> dict[str, object]:
    names = [part.split()[0] for part in columns.split(", ")]
    known = {"as_of_date": run.as_of_date, "run_key": run.run_key, "delivery_count": 7, "n": 1}
    return {name: known.get(name, user_id) for name in names}


def _write_files(settings: Settings, run) -> bytes:
    folder = RunFolder(settings, run.as_of_date, run.run_key)
    table = "customer_id\n" + "".join(f"{user_ids(settings).publish(u)}\n" for u in (*PEOPLE, STAYS))
    folder.write_bytes("data/customer_segments.csv", table.encode())
    digest = hashlib.sha256(table.encode()).hexdigest()
    manifest = json.dumps(
        {"files": [{"path": "data/customer_segments.csv", "bytes": len(table), "sha256": digest, "rows": 3}]}
    ).encode()
    folder.write_bytes("manifest.json", manifest)
    return manifest


def test_rows_and_files_lose_them_and_no_statement_names_anybody(account: Account, tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("\n".join([*PEOPLE, "nobody"]), encoding="utf-8")

    outcome = forget(str(ids), None, account.settings, datetime(2026, 11, 20, tzinfo=UTC))

    asked = account.emulator.requests()[account.asked_before :]
    assert (outcome.persons, outcome.found, outcome.problems) == (3, 2, [])
    assert outcome.rows == {
        "core.fct_user_event_daily": 2,
        "raw.users": 2,
        "runs.a_family_of_later": 2,
        "runs.customer_segments": 2,
    }
    for table in TABLES:
        left = {str(value) for row in account.rows(f"select * from {table}") for value in row.values()}
        assert STAYS in left and bool(left & set(PEOPLE)) is (table == "raw.events"), table
    assert "raw.events" in outcome.notes[0] and "users" in outcome.notes[1]
    assert not [request for request in asked if "marked-person" in json.dumps(request)]
    assert [
        row
        for row in account.rows("select table_name from information_schema.tables")
        if "FORGET" in str(row).upper()
    ] == []

    (current,) = json.loads((tmp_path / "artifacts" / "index.json").read_text())["months"]
    manifest = (tmp_path / "artifacts" / current["manifest"]).read_bytes()
    assert hashlib.sha256(manifest).hexdigest() == current["manifest_sha256"]
    assert json.loads(manifest)["files"][0]["rows"] == 1
    marked = account.rows("select basis, finished from control.fact_builds")
    assert marked == [{"basis": "erasure", "finished": False}], "the deployment's own events are read anew"
    counted = account.rows("select name, row_count from control.erasures where kind = 'source' order by name")
    assert counted == [{"name": "events", "row_count": 14}, {"name": "users", "row_count": 2}]
    assert [
        row["action"]
        for row in account.rows("select action from control.publications order by publication_id")
    ] == [
        "publish",
        "erasure",
    ]
