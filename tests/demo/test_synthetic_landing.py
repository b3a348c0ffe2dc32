"""Landing files: the same bytes for the same arguments, taken in by the loader, and passed by the source
gate."""

import hashlib
from datetime import UTC, date, datetime

import duckdb
import pytest

from include.tidemark.demo.synthetic.truth import LATE_DAYS, LATE_SHARE
from include.tidemark.demo.synthetic.writing import write_landing_files, write_raw_tables
from include.tidemark.families.family import Family
from include.tidemark.pipeline import check
from include.tidemark.rules import load_rules
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables

STARTED = datetime(2026, 7, 1, 6, tzinfo=UTC)


def digests(folder):
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*.parquet")
    }


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    folder = tmp_path_factory.mktemp("landing")
    counts = write_landing_files(folder, 1_000, threads=2)
    return folder, counts


def test_the_same_arguments_give_the_same_bytes_whatever_the_number_of_threads(landing, tmp_path):
    folder, counts = landing
    assert write_landing_files(tmp_path, 1_000, threads=1) == counts
    assert digests(tmp_path) == digests(folder)


def test_another_seed_gives_other_rows(landing, tmp_path):
    write_landing_files(tmp_path, 1_000, seed=7)
    same = {name for name, digest in digests(tmp_path).items() if digest == digests(landing[0])[name]}
    assert same == {"fee_periods.parquet"}


def test_files_have_the_columns_of_the_contract_and_nothing_else(landing):
    folder, _ = landing
    for name, table in source_tables().items():
        with duckdb.connect() as engine:
            found = [row[0] for row in engine.execute(f"describe from '{folder}/{name}.parquet'").fetchall()]
        assert found == [column.name for column in table.file_columns]


def test_twenty_times_the_users_are_twenty_times_the_rows(landing, data):
    _, counts = landing
    for table in ("users", "events", "transactions"):
        ((rows,),) = data.execute(f"select count(*) from raw.{table}").fetchall()
        assert rows / counts[table] == pytest.approx(20, rel=0.15)


@pytest.fixture(scope="module")
def loaded(landing, tmp_path_factory):
    folder = tmp_path_factory.mktemp("loaded")
    settings = Settings(
        duckdb_path=folder / "warehouse.duckdb",
        landing_url=landing[0].as_uri(),
        artifact_root=(folder / "artifacts").as_uri(),
        scratch_dir=folder,
    )
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        tables = load_sources(
            Deployment(settings, dict.fromkeys(source_tables(), "engagement"), STARTED), warehouse
        )
    return settings, {table.table: table.row_count for table in tables}


def test_the_landing_loader_takes_in_every_row(landing, loaded):
    assert loaded[1] == landing[1]


def test_the_source_gate_passes_all_five_tables_and_warns_of_what_is_planted(loaded, monkeypatch):
    from include.tidemark.demo.synthetic.dataset import synthetic

    settings, _ = loaded
    family = Family(
        name="customer_segments", sources=tuple(source_tables()), questions=(), overview="data/x.csv"
    )
    monkeypatch.setattr(check, "families_of", lambda run: [family])
    rules, as_of = load_rules(synthetic().rules_file, environ={}), date(2026, 7, 1)
    run = Run(
        as_of_date=as_of,
        run_key=make_run_key(as_of, STARTED, "test", 0),
        started_at=STARTED,
        dag_run_id="test",
        families=("customer_segments",),
        rules=rules,
        rules_hash=rules.digest(),
        code_version="test",
        options=RunOptions(),
    )
    check.check_stage("sources", run, settings)
    with open_warehouse(settings) as warehouse:
        failed = warehouse.fetch(
            "select expectation, severity from control.gate_results where not success order by 1"
        )
    assert {(row["expectation"], row["severity"]) for row in failed} == {
        ("blank_category", "info"),
        ("duplicate_event_id", "warning"),
        ("negative_amount", "info"),
        ("unknown_status", "warning"),
    }


def test_an_earlier_delivery_lacks_what_came_later_and_the_late_rows(tmp_path, landing):
    cut = date(2026, 4, 1)
    write_landing_files(tmp_path, 1_000, delivered_before=cut)
    with duckdb.connect() as engine:
        for table, happened in (("events", "event_at"), ("transactions", "transaction_at")):
            early, whole = (f"'{folder}/{table}.parquet'" for folder in (tmp_path, landing[0]))
            ((stray, after),) = engine.execute(
                f"select (select count(*) from (from {early} except from {whole})),"
                f" (select count(*) from {early} where {happened} >= ?)",
                [cut],
            ).fetchall()
            assert (stray, after) == (0, 0), "rows are added later, never changed"
            ((late, oldest, month),) = engine.execute(
                f"select count(*), date_diff('day', min({happened})::date, ?), (select count(*) from {whole}"
                f" where {happened} < ? and {happened} >= ?::date - 20)"
                f" from (from {whole} where {happened} < ? except from {early})",
                [cut] * 4,
            ).fetchall()
            assert 0 < late < 3 * LATE_SHARE * month and oldest <= LATE_DAYS[1]


def test_raw_tables_hold_the_rows_of_the_files_and_say_when_each_was_loaded(landing, tmp_path):
    folder, counts = landing
    file = tmp_path / "warehouse.duckdb"
    assert write_raw_tables(file, 1_000) == counts
    with duckdb.connect(str(file)) as engine:
        engine.execute("set timezone = 'UTC'")
        for name, table in source_tables().items():
            columns = ", ".join(column.name for column in table.file_columns)
            ((differing,),) = engine.execute(
                f"select count(*) from (select {columns} from raw.{name} except all select {columns} from"
                f" '{folder}/{name}.parquet')"
            ).fetchall()
            assert differing == 0
        ((share,),) = engine.execute(
            "select avg((_loaded_at > transaction_at + interval 3 day)::int) from raw.transactions"
        ).fetchall()
        assert share == pytest.approx(LATE_SHARE, abs=0.002)
