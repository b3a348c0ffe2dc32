"""Runs that fail on an emulated Snowflake: what is said, and what Snowflake is asked, names nobody.

A sound run there is in `tests/snowflake/test_two_months.py`, on the real scheduler.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import GateError, SourceError, TidemarkError
from include.tidemark.pipeline.build import BuildError
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import WarehouseDataError
from tests.personal_data.marked import is_marked, marked_files, marked_settings, write_marked_files
from tests.personal_data.recorded import Said, run_and_listen
from tests.snowflake.emulator import Emulator, running_emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("account")) as running:
        yield running


@pytest.fixture
def settings(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    write_marked_files(tmp_path / "landing", 100)
    return marked_settings(tmp_path, warehouse="snowflake", families=("customer_segments",))


def _change(settings: Settings, *statements: str) -> None:
    file = Path(settings.landing_url.removeprefix("file://")) / "transactions.parquet"
    with duckdb.connect() as engine:
        engine.execute(f"create table t as from '{file}'")
        for statement in statements:
            engine.execute(statement)
        engine.execute(f"copy t to '{file}' (format parquet)")


def _assert_nothing_is_marked(settings: Settings, said: Said, emulator: Emulator) -> None:
    found = {place: [text for text in texts if is_marked(text)] for place, texts in said.everything.items()}
    assert not any(found.values()), found
    assert marked_files(settings.scratch_dir / "artifacts") == []
    assert not [request for request in emulator.requests() if is_marked(request)]
    with open_warehouse(settings) as warehouse:
        for table in ("gate_results", "source_columns", "loads", "erasures", "fact_builds", "publications"):
            assert not is_marked(warehouse.fetch(f"select * from control.{table}")), table


def test_a_file_with_a_bad_value_is_refused_without_the_value(settings: Settings, emulator: Emulator) -> None:
    _change(
        settings,
        "alter table t alter amount_usd type varchar",
        "update t set amount_usd = 'Qzmarked' where rowid = 3",
    )
    said = run_and_listen(settings)
    assert isinstance(said.error, SourceError) and "amount_usd" in str(said.error)
    _assert_nothing_is_marked(settings, said, emulator)


def test_what_the_gate_finds_is_told_without_a_name(settings: Settings, emulator: Emulator) -> None:
    _change(
        settings, "insert into t select * from t limit 3", "update t set category = 'Qzmarked ' || user_id"
    )
    said = run_and_listen(settings)
    assert isinstance(said.error, GateError) and "transaction_id" in str(said.error)
    _assert_nothing_is_marked(settings, said, emulator)


def test_what_dbt_says_of_a_row_is_in_no_error_and_in_no_kept_log(
    settings: Settings, emulator: Emulator
) -> None:
    def spoil() -> None:
        emulator.execute(
            "create or replace table raw.transactions as select * replace (concat('x', user_id) as amount_usd) from raw.transactions"
        )

    said = run_and_listen(settings, before_models=spoil)
    assert isinstance(said.error, BuildError | TidemarkError) and said.kept_logs, said.error
    _assert_nothing_is_marked(settings, said, emulator)


def test_a_value_that_a_query_of_ours_can_not_work_with_is_not_in_its_error(
    settings: Settings, emulator: Emulator
) -> None:
    emulator.execute("create schema if not exists raw", "create or replace table raw.one (email varchar)")
    with open_warehouse(settings) as warehouse:
        warehouse.execute("insert into raw.one select 'zoe.qz' || 'mark@example.org'")
        for ask in (warehouse.fetch, warehouse.execute, lambda query: list(warehouse.batches(query))):
            with pytest.raises(WarehouseDataError) as caught:
                ask("select cast(email as double) as n from raw.one")
            assert not is_marked(str(caught.value)) and caught.value.__suppress_context__
