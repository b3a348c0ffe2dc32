"""A run that the gate or dbt stops says what is wrong, and says of nobody who it is."""

from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import GateError
from include.tidemark.pipeline.build import BuildError
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import WarehouseDataError
from tests.personal_data.marked import IDENTIFY, is_marked, marked_files, marked_tables
from tests.personal_data.recorded import Said, run_and_listen, tables_of

NEXT = "2026-07-02"
CHANGES = {
    "users": ["update t set is_test_user = null, platform = null where not ends_with(user_id, '7')",
              "update t set created_at = '1900-01-01', user_id = user_id || '.0'"],
    "events": ["update t set user_id = upper(user_id) || '.0'", "insert into t select * from t limit 40"],
    "transactions": ["insert into t select * from t limit 3", "update t set status = 'qzmarked ' || user_id where rowid % 20 = 0",
                     "update t set category = 'Of Qzmarked ' || user_id where rowid % 3 = 0",
                     "update t set amount_usd = 0 where rowid % 50 = 0",
                     "update t set user_id = '00' || user_id"],
}  # fmt: skip
"""What is done to the landing files of the month that follows a published one."""
FOUND = {
    "unknown_category", "unknown_status", "zero_amount", "unknown_user_pct", "duplicate_transaction_id", "null_share_is_test_user_critical",
    "null_share_platform_critical", "vanished_users_critical",
}  # fmt: skip


def _change_landing(folder: Path) -> None:
    for table, statements in CHANGES.items():
        file = folder / "landing" / f"{table}.parquet"
        with duckdb.connect() as engine:
            engine.execute(f"create table t as from '{file}'")
            for statement in statements:
                engine.execute(statement)
            engine.execute(f"copy t to '{file}' (format parquet)")


def _assert_nothing_is_marked(folder: Path, settings: Settings, said: Said) -> None:
    assert said.error is not None
    found = {place: [text for text in texts if is_marked(text)] for place, texts in said.everything.items()}
    assert not any(found.values()), found
    assert marked_files(folder / "artifacts") == []
    assert marked_tables(tables_of(settings, "BASE TABLE")) <= IDENTIFY


def test_what_the_gate_finds_in_the_sources_is_told_without_a_name(copy_of_month):
    folder, settings = copy_of_month
    _change_landing(folder)
    said = run_and_listen(settings, NEXT)
    assert isinstance(said.error, GateError), said.error
    with open_warehouse(settings) as warehouse:
        failed = warehouse.fetch(
            "select expectation from control.gate_results where not success and as_of_date = ?", (NEXT,)
        )
    assert FOUND - {row["expectation"] for row in failed} == set()
    _assert_nothing_is_marked(folder, settings, said)


SPOILS = {
    "a value of another type": ["alter table raw.transactions alter amount_usd type varchar",
                                "update raw.transactions set amount_usd = 'O''Qzmarked\n\"Zoë\"' where rowid = 5"],
    "users twice": ["insert into raw.users select * from raw.users limit 5"],
}  # fmt: skip
"""What becomes of tables that somebody changes after they were checked."""


@pytest.mark.parametrize("spoil", SPOILS)
def test_what_dbt_says_of_a_row_is_in_no_error_and_in_no_kept_log(copy_of_month, spoil):
    folder, settings = copy_of_month

    def spoil_tables() -> None:
        with open_warehouse(settings) as warehouse:
            for view in ("marts.fact_events", "marts.dim_users"):
                warehouse.execute(f"drop view if exists {view}")
            for statement in SPOILS[spoil]:
                warehouse.execute(statement)

    said = run_and_listen(settings, NEXT, before_models=spoil_tables)
    assert isinstance(said.error, BuildError) and said.kept_logs, said.error
    assert "stg_" in str(said.error) or "fct_" in str(said.error)
    _assert_nothing_is_marked(folder, settings, said)


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(user_id as double) as n from raw.users",
        "select strptime(user_id, '%Y') as n from raw.users",
        "select cast('2026-01-01' as date) + cast(left(email, 9) as integer) as n from raw.users",
    ],
)
def test_a_value_that_a_query_of_ours_can_not_work_with_is_not_in_its_error(month, sql):
    with open_warehouse(month.settings) as warehouse:
        for ask in (warehouse.fetch, warehouse.execute, lambda query: list(warehouse.batches(query))):
            with pytest.raises(WarehouseDataError) as caught:
                ask(sql)
            assert not is_marked(str(caught.value)) and caught.value.__suppress_context__
