"""The source gate on the tables that further families need: each defect is found, and nothing else."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from include.tidemark.rules import load_rules
from include.tidemark.run import PublishedRun, Run, RunOptions
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.rows import raw_rows
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.contract import FoundTable, contract_asset
from include.tidemark.validation.sources import table_asset
from tests.contracts import create_tables

RUN = Run(
    as_of_date=date(2026, 11, 1),
    run_key="20261101_20261101T070000_00000000",
    started_at=datetime(2026, 11, 1, 7, tzinfo=UTC),
    dag_run_id="test",
    families=("engagement", "fee_tiers"),
    rules=load_rules(None, environ={}),
    rules_hash="r",
    code_version="c",
    options=RunOptions(),
)
SOUND = (
    "insert into raw.users (user_id, created_at, _loaded_at) values ('u', '2026-01-01', '2026-01-01')",
    "insert into raw.events (event_id, user_id, event_name, event_at, _loaded_at) values"
    " ('1', 'u', 'login', '2026-10-30', '2026-10-31'), ('2', 'u', 'login', '2026-10-31', '2026-10-31'),"
    " ('3', 'u', 'login', '2026-11-01 05:00', '2026-11-01 06:00')",
    "insert into raw.fee_periods values ('a', '2026-10-01', '2026-10-07', 5, '2026-10-31'),"
    " ('b', '2026-10-08', '2026-10-14', 10, '2026-10-31'), ('c', '2026-10-15', '2026-11-15', 0, '2026-10-31')",
    "insert into raw.market_prices values ('2026-10-30', 1, 2, '2026-10-31'), ('2026-10-31', 1, 2, '2026-10-31')",
)
DEFECTS: dict[str, tuple[str, str, str]] = {
    "nothing before the date": ("events", "update raw.events set event_at = '2026-11-01 05:00'", "rows_before_as_of"),
    "a late load": ("events", "delete from raw.events where event_id > '1'; update raw.events set event_at = '2026-10-01'", "days_since_last_row"),
    "a stranger": ("events", "update raw.events set user_id = 'x' where event_id = '1'", "unknown_user"),
    "a redelivery": ("events", "insert into raw.events select * from raw.events where event_id = '1'", "duplicate_event_id"),
    "a reversed period": ("fee_periods", "update raw.fee_periods set period_end_date = '2026-10-14' where period_id = 'c'", "period_reversed"),
    "a year of two digits": ("fee_periods", "update raw.fee_periods set period_start_date = '0026-10-01' where period_id = 'a'", "early_period_start_date"),
    "an overlap of a day": ("fee_periods", "update raw.fee_periods set period_end_date = '2026-10-08' where period_id = 'a'", "period_overlap"),
    "a gap of a day": ("fee_periods", "update raw.fee_periods set period_end_date = '2026-10-06' where period_id = 'a'", "period_gap"),
    "a negative fee": ("fee_periods", "update raw.fee_periods set final_fee_bps = -1 where period_id = 'a'", "negative_fee"),
    "a period without a fee": ("fee_periods", "update raw.fee_periods set final_fee_bps = null where period_id = 'a'", "unknown_fee"),
    "no period that is over": ("fee_periods", "delete from raw.fee_periods where period_id <> 'c'", "periods_before_as_of"),
    "a price of nothing": ("market_prices", "update raw.market_prices set eth_usd = 0 where price_date = '2026-10-30'", "price_not_positive"),
    "a day without prices": ("market_prices", "update raw.market_prices set price_date = '2026-10-28' where price_date = '2026-10-30'", "price_gap"),
}  # fmt: skip


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.execute("create schema raw")
        create_tables(made.execute, "raw")
        for statement in SOUND:
            made.execute(statement)
        yield made


def asset_of(connection: Any, name: str, seen_before: int | None = None, run: Run = RUN) -> Asset:
    def raw(table: str) -> FoundTable:
        types = connection.execute(
            "select column_name, lower(data_type) from information_schema.columns where table_schema = 'raw' and table_name = ?",
            [table],
        )
        return FoundTable(source_tables()[table], raw_rows(table), dict(types.fetchall()))

    return table_asset(raw(name), run, raw("users"), seen_before)


def failed(connection: Any, asset: Asset) -> set[str]:
    cursor = connection.execute(asset.query)
    found = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    return {
        check.name
        for check in asset.checks
        if (check.minimum is not None and found[check.name] < check.minimum)
        or (check.maximum is not None and found[check.name] > check.maximum)
    }


@pytest.mark.parametrize("name", ["users", "events", "fee_periods", "market_prices"])
def test_sound_rows_pass_every_check(connection, name):
    asset = asset_of(connection, name)
    assert len(asset.checks) > 4
    assert failed(connection, asset) == set()


def test_a_column_that_only_quotes_find_is_none_that_staging_finds():
    users = source_tables()["users"]
    types = {column.name: column.data_type for column in users.columns}
    types['"country"'] = types.pop("country")
    found = FoundTable(users, raw_rows("users"), types)
    assert not found.is_sound
    (said,) = [check.failure for check in contract_asset([found]).checks if check.column == "country"]
    assert said.startswith(
        'The column raw.users.country is there only as "country", which SQL without quotes does not find'
    )


@pytest.mark.parametrize("type_", ["number(38,10)", "float", "double", "decimal(38,10)", "real"])
def test_an_id_that_is_no_whole_number_is_no_id(type_):
    users = source_tables()["users"]
    types = {column.name: column.data_type for column in users.columns} | {"user_id": type_}
    assert not FoundTable(users, raw_rows("users"), types).is_sound


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_and_nothing_else(connection, defect):
    name, statement, check = DEFECTS[defect]
    connection.execute(statement)
    assert failed(connection, asset_of(connection, name)) == {check}


@pytest.mark.parametrize(
    ("seen_before", "severities"), [(2, set()), (3, {"warning"}), (5, {"warning", "critical"})]
)
def test_fewer_events_than_the_previous_publication_saw_warn_and_then_stop(
    connection, seen_before, severities
):
    run = RUN.model_copy(
        update={
            "previous": PublishedRun(
                as_of_date=date(2026, 10, 1), run_key="20261001_20261001T070000_00000000"
            )
        }
    )
    asset = asset_of(connection, "events", seen_before, run)
    broken = failed(connection, asset)
    assert {check.severity for check in asset.checks if check.name in broken} == severities
