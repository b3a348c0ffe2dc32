"""The plan of a backfill, and what is recorded of one, on an emulated Snowflake."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from include.tidemark.history.backfill_ids import run_id_of
from include.tidemark.history.backfills import find_backfill, runs_of_backfill
from include.tidemark.history.ledger import record_publication
from include.tidemark.history.run_inputs import record_inputs
from include.tidemark.pipeline.backfill import note_backfill, plan_backfill
from include.tidemark.rules import load_rules
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from tests.artifacts.months import MONTHS, make_run, make_settings
from tests.snowflake.emulator import running_emulator

ID = "20261120T090000"


def test_a_plan_counts_late_rows_by_day_and_a_backfill_finds_its_runs_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").mkdir()
    settings = make_settings(tmp_path, warehouse="snowflake", config_dir=tmp_path / "config")
    run = make_run(MONTHS[0], load_rules(environ={})).model_copy(
        update={"dag_run_id": run_id_of(ID, MONTHS[0]), "started_by": "ann", "reason": "why"}
    )
    later = run.started_at + timedelta(days=3)
    with running_emulator(tmp_path / "account") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        with open_warehouse(settings) as warehouse:
            ensure_control_tables(warehouse)
            warehouse.execute(
                "create table staging.stg_users (user_id varchar, created_date date, _loaded_at timestamp)"
            )
            rows = [("u1", date(2026, 7, 1), run.started_at), ("u2", date(2026, 7, 5), later), ("u3", date(2026, 9, 1), later)]  # fmt: skip
            warehouse.insert(
                "staging.stg_users",
                [
                    {"user_id": user, "created_date": day, "_loaded_at": at.replace(tzinfo=None)}
                    for user, day, at in rows
                ],
            )
            record_inputs(run, warehouse)
            record_publication(warehouse, run, "file:///manifest.json", "0" * 64)
        asked = {"from_date": MONTHS[0], "to_date": MONTHS[1], "max_parallel": 2}
        plan = plan_backfill(asked, settings, later + timedelta(days=60))
        note_backfill(ID, "started", settings, at=later, by="ann", reason="why", request=plan.request)
        note_backfill(ID, "paused", settings, at=later + timedelta(hours=1), by="bob")
        with open_warehouse(settings) as warehouse:
            found, runs = find_backfill(warehouse, ID), runs_of_backfill(warehouse, ID, MONTHS[0])
    first, second = plan.months
    assert [(late.table, late.days, late.all_anew) for late in first.late] == [
        ("users", ((date(2026, 7, 5), 1),), False)
    ]
    assert (first.rows_to_read, first.published_by, first.reason) == ({"users": 2}, "ann", "why")
    assert (second.run_key, second.rows_to_read) == (None, {"users": 2})
    assert plan.credits is None and "the credits are unknown" in plan.sentences()[0]
    assert (found.action, found.recorded_by, runs) == ("paused", "ann", [run.run_key])
