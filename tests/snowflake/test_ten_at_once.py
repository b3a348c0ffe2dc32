"""Ten runs of two months make the views and publish at once on an emulated Snowflake.

Only these two stages, each run in a thread of its own: they are where runs meet, in the ledger, in the views
and in the pointers. What the stages before them write bears the run's key.
"""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from include.tidemark.paths import DBT_DIR
from include.tidemark.pipeline.publish import publish
from include.tidemark.rules import load_rules
from include.tidemark.run import Run, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.upkeep.verify import verify
from include.tidemark.warehouse import open_warehouse
from tests.artifacts import months
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate
from tests.snowflake.emulator import give, running_emulator

CUSTOMERS = 40
RUNS_OF_A_MONTH = 5
PUBLISHED_RUNS = DBT_DIR / "models" / "marts" / "publication" / "published_runs.sql"
PUBLISHED = ("customer_segments", "changes", "row_account", "statistics")
"""The tables that have two views for consumers each."""


@pytest.fixture
def candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Settings, list[Run], Settings]]:
    """Runs that have passed their gates, all begun within a minute, on Snowflake, and the same on DuckDB;
    nothing is published."""
    monkeypatch.setattr(months, "CUSTOMERS", CUSTOMERS)
    runs = [_begun(month, number) for number in range(RUNS_OF_A_MONTH) for month in MONTHS[:2]]
    (tmp_path / "alone").mkdir()
    on_duckdb = make_settings(tmp_path / "alone")
    for run in runs:
        write_candidate(on_duckdb, run)
    _give(tmp_path / "account", tmp_path / "alone" / "warehouse.duckdb")
    with running_emulator(tmp_path / "account") as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "scratch").mkdir()
        yield (
            make_settings(tmp_path, warehouse="snowflake", scratch_dir=tmp_path / "scratch"),
            runs,
            on_duckdb,
        )


def _begun(month: object, number: int) -> Run:
    run = make_run(month, load_rules(environ={}))  # type: ignore[arg-type]
    started = run.started_at + timedelta(seconds=10 * number)
    return run.model_copy(
        update={
            "started_at": started,
            "run_key": make_run_key(run.as_of_date, started, f"manual__{number}", 0),
        }
    )


def _give(account: Path, warehouse: Path) -> None:
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name, string_agg(column_name || ' ' || replace(data_type, 'HUGEINT', 'NUMBER(38, 0)'), ', '"
            " order by ordinal_position) from information_schema.columns group by all"
        ).fetchall()
    schemas = [
        f"create schema if not exists {each}"
        for each in ("raw", "staging", "core", "runs", "marts", "control")
    ]
    give(
        account,
        [*schemas, *(f"create table {table} ({listed})" for table, listed in columns)],
        warehouse,
        {table: f"select * from {table}" for table, _ in columns},
    )


def _make_views(settings: Settings) -> None:
    """As dbt makes them in every run: consumers may be reading them."""
    published_runs = PUBLISHED_RUNS.read_text(encoding="utf-8").replace(
        "{{ source('control', 'publications') }}", "control.publications"
    )
    with open_warehouse(settings) as warehouse:
        warehouse.execute(f"create or replace view marts.published_runs as {published_runs}")
        for name in PUBLISHED:
            warehouse.execute(
                f"create or replace view marts.{name} as select {name}.* from runs.{name} inner join marts.published_runs"
                f" on {name}.as_of_date = published_runs.as_of_date and {name}.run_key = published_runs.run_key"
            )
            warehouse.execute(
                f"create or replace view marts.{name}_current as select * from marts.{name}"
                f" where as_of_date = (select max(as_of_date) from marts.{name})"
            )


def _seen(settings: Settings) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as warehouse:
        rows = warehouse.fetch(
            "select as_of_date, count(distinct run_key) as runs, count(*) as n from marts.customer_segments group by 1 order by 1"
        )
    return [tuple(row.values()) for row in rows]


def _folder_of(settings: Settings) -> Path:
    return Path(settings.artifact_root.removeprefix("file://"))


def _tables(settings: Settings, run: Run) -> dict[str, bytes]:
    folder = _folder_of(settings) / f"as_of={run.as_of_date}" / f"run={run.run_key}" / "data"
    found = {file.name: file.read_bytes() for file in folder.glob("*.csv")}
    assert found
    return found


def test_consumers_see_one_whole_run_of_each_month_and_ledger_views_and_pointers_agree_at_the_end(
    candidates: tuple[Settings, Sequence[Run], Settings],
) -> None:
    settings, runs, on_duckdb = candidates
    whole = [(MONTHS[0], 1, CUSTOMERS), (MONTHS[1], 1, CUSTOMERS + 10)]
    _make_views(settings)
    begin = threading.Barrier(len(runs))

    def one(run: Run) -> str:
        begin.wait(300)
        _make_views(settings)
        return str(publish(run, settings)["status"])

    with ThreadPoolExecutor(len(runs)) as pool:
        ending = [pool.submit(one, run) for run in runs]
        while not all(future.done() for future in ending):
            assert set(_seen(settings)) <= set(whole)
            time.sleep(0.5)
    assert [future.result() for future in ending] == ["published"] * len(runs)
    assert _seen(settings) == whole
    with open_warehouse(settings) as warehouse:
        ledger = warehouse.fetch("select run_key, publication_id from control.publications")
        shown = warehouse.fetch("select run_key from marts.published_runs order by as_of_date")
        assert [finding for finding in verify(settings, warehouse) if finding.is_problem] == []
    assert sorted(row["run_key"] for row in ledger) == sorted(run.run_key for run in runs)
    artifacts = _folder_of(settings)
    latest = json.loads((artifacts / "latest.json").read_text(encoding="utf-8"))
    assert latest["run_key"] == shown[-1]["run_key"]
    assert not [*artifacts.rglob("*.part"), *settings.scratch_dir.iterdir()]
    for run in (run for run in runs if run.run_key in {row["run_key"] for row in shown}):
        publish(run, on_duckdb)
        assert _tables(settings, run) == _tables(on_duckdb, run)
