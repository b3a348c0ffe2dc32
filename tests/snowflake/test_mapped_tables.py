"""The same `sources.yml` on an emulated Snowflake and on DuckDB gives the same rows: own tables, landing
files, and the gate over them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.pipeline.build import build_models
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.opened import open_for_run
from include.tidemark.run import Run, RunOptions
from include.tidemark.sources.contract import source_tables
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.own_schemas import drop_own_schemas, left_own_schemas
from include.tidemark.warehouse.query_tag import QueryTag
from tests.snowflake.emulator import running_emulator
from tests.snowflake.same_rows import difference
from tests.sources.shop import SOURCES, STARTED, TRANSACTIONS, Shop, tables

EVENTS_AND_FILES = """\
events:
  from: shop.clicks
  columns:
    event_id: "cast(cast(\\"id\\" as bigint) as varchar)"
    user_id: '"who"'
    event_name: {from: '"what"', values: {':buy': purchase, 'log in 100 %': login}}
    event_at: {from: '"at"', format: epoch_milliseconds}
    session_id: "case when \\"what\\" like 'log in 100 !%%' escape '!' then ' :s' end"
    session_seconds: secs
    properties: props
  where: coalesce("what", '') <> 'it''s :nothing' and try_cast("what" as date) is null
fee_periods:
  files: periods.ndjson
  columns: {period_id: id, period_start_date: {from: first, format: "%d.%m.%Y"}, period_end_date: last, final_fee_bps: bps}
market_prices:
  files: prices/*.csv
  mode: append
  csv: {delimiter: ";", decimal: ","}
  columns: {price_date: tag, btc_usd: btc, eth_usd: null}
"""
FAMILIES = ("customer_segments", "engagement", "fee_tiers")
CLICKS = [
    "insert into shop.clicks select '1', 1, ':buy', 1793000000123, 1.5, {json}('{{\"plan\": \"pro\", \"n\": [1, null]}}')",
    "insert into shop.clicks select '2', 1, 'log in 100 %', 1793000000000, null, null",
    "insert into shop.clicks select '3', 2, 'it''s :nothing', 1, 1, null",
    "insert into shop.clicks select '4', 2, 'look', 1793606400000, 0, {json}('[\"ü\"]')",
]


def clicks(json_type: str, parse: str) -> list[str]:
    """Statements that make a table with names in lower case, which Snowflake has only in quotes."""
    made = f'create table shop.clicks ("id" varchar, "who" bigint, "what" varchar, "at" bigint, secs double, props {json_type})'
    return [made, *(statement.format(json=parse) for statement in CLICKS)]


def landing_files(folder: Path) -> Path:
    landing = folder / "landing"
    (landing / "prices").mkdir(parents=True)
    periods = [
        {"id": 1, "first": "01.01.2026", "last": "2026-06-30", "bps": 25},
        {"id": 2, "first": "01.07.2026", "last": "9999-12-31", "bps": 30.5},
    ]
    (landing / "periods.ndjson").write_text("".join(json.dumps(period) + "\n" for period in periods))
    (landing / "prices" / "1.csv").write_text("tag;btc\n2026-10-30;60000,5\n2026-10-31;60100\n")
    return landing


@dataclass
class Twin:
    """The shop on one warehouse."""

    shop: Shop
    run: Run

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return self.shop.rows(f"select {columns} from {table}")


@dataclass
class Twins:
    duckdb: Twin
    snowflake: Twin
    landing: Path

    def differences(self, *names: str) -> dict[str, str]:
        found = {name: difference(self.duckdb.rows(name), self.snowflake.rows(name)) for name in names}
        return {name: text for name, text in found.items() if text}


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    """Both, with staging built over the mapped sources."""
    landing = landing_files(tmp_path_factory.mktemp("both"))
    with (
        running_emulator(tmp_path_factory.mktemp("mapped_account")) as emulator,
        pytest.MonkeyPatch.context() as patched,
    ):
        for name, value in emulator.environment().items():
            patched.setenv(name, value)
        made = {
            "duckdb": [*tables(), *clicks("json", "json")],
            "snowflake": [*tables("timestamp_tz"), *clicks("variant", "parse_json")],
        }
        found = {}
        for warehouse, statements in made.items():
            shop = Shop(
                tmp_path_factory.mktemp(warehouse),
                SOURCES + EVENTS_AND_FILES,
                warehouse=warehouse,
                landing_url=landing.as_uri(),
            )
            shop.execute(statements)
            run = shop.load(families=FAMILIES)
            build_models(run, shop.settings, [f"stg_{table}" for table in source_tables()])
            found[warehouse] = Twin(shop, run)
        yield Twins(**found, landing=landing)


@pytest.mark.parametrize("table", list(source_tables()))
def test_every_row_of_every_staging_view_is_the_same(twins: Twins, table: str) -> None:
    assert twins.differences(f"staging.stg_{table}") == {}
    assert twins.duckdb.rows(f"staging.stg_{table}")


def test_the_rows_are_what_the_mapping_says(twins: Twins) -> None:
    columns = "transaction_id, user_id, transaction_at, amount_cents, status, _loaded_at"
    expected = [
        (row[0], row[1], row[2], round(row[3] * 100), row[6] or "posted", row[7]) for row in TRANSACTIONS
    ]
    assert sorted(twins.snowflake.rows("staging.stg_transactions", columns)) == expected
    names = "event_id, event_name, session_id, session_seconds"
    assert sorted(twins.snowflake.rows("staging.stg_events", names)) == [
        ("1", "purchase", None, 1.5),
        ("2", "login", ":s", None),
        ("4", "look", None, 0),
    ]


def test_json_is_the_text_of_the_same_json(twins: Twins) -> None:
    found = [
        [
            json.loads(row[0])
            for row in twin.shop.rows(
                f"select properties from {twin.run.rows_of('events').rows} as e order by event_id"
            )
            if row[0]
        ]
        for twin in (twins.duckdb, twins.snowflake)
    ]
    assert found[0] == found[1] == [{"plan": "pro", "n": [1, None]}, ["ü"]]


def test_the_run_says_the_same_of_its_sources(twins: Twins) -> None:
    for name in source_tables():
        ours, theirs = twins.duckdb.run.rows_of(name), twins.snowflake.run.rows_of(name)
        assert (ours.relation, ours.absent) == (theirs.relation, theirs.absent)
        said = [[(flag.name, flag.column, flag.what) for flag in rows.flags] for rows in (ours, theirs)]
        assert said[0] == said[1]


def test_the_gate_finds_the_same_on_both(twins: Twins) -> None:
    statement = "update shop.orders set total = {} where \"Order No\" = 'A-4'"
    found = []
    for twin in (twins.duckdb, twins.snowflake):
        twin.shop.execute([statement.format("0")])
        check_stage("sources", twin.run, twin.shop.settings)
        found.append(twin.rows("control.gate_results", "suite, expectation, success, observed, message"))
        twin.shop.execute([statement.format("7")])
    assert difference(found[0], found[1]) is None
    results = {(row[0], row[1]): row for row in found[1]}
    assert results["sources.transactions", "zero_amount"][3] == "1"
    assert results["sources.transactions", "unreadable_transaction_at"][3] == "0"
    assert results["sources.events", "rows_before_as_of"][3] == "2", (
        "the condition, its colon and its percent sign are read as they are written"
    )


def test_what_was_known_then_is_built_and_read_in_schemas_of_its_own_that_are_dropped(twins: Twins) -> None:
    found = []
    for twin in (twins.duckdb, twins.snowflake):
        shop, before = twin.shop, twin.rows("staging.stg_transactions")
        shop.say(SOURCES.replace("from: shop.customers\n", "from: shop.customers\n  loaded_at: joined\n"))
        try:
            plain = shop.resolve(STARTED + timedelta(days=1))
            options = RunOptions(known_at=datetime(2026, 7, 3, tzinfo=UTC))
            run = shop.load(plain.model_copy(update={"options": options}))
        finally:
            shop.say(SOURCES + EVENTS_AND_FILES)
        build_models(run, shop.settings, ["stg_transactions", "stg_users", "fct_customer_category_daily"])
        with open_for_run(run, shop.settings, QueryTag(run.run_key, "test")) as warehouse:
            seen = warehouse.fetch("select transaction_id from staging.stg_transactions order by 1")
            facts = warehouse.fetch("select sum(net_cents) as cents from core.fct_customer_category_daily")
            assert left_own_schemas(warehouse) == [run.schema_suffix]
            drop_own_schemas(warehouse, run.schema_suffix)
            assert left_own_schemas(warehouse) == []
        found.append(([row["transaction_id"] for row in seen], int(facts[0]["cents"])))
        assert twin.rows("staging.stg_transactions") == before
    assert found == [(["A-3", "A-4"], -325)] * 2, "A-4 is a refunded order, which is no spend"


def test_a_table_without_a_grant_or_without_being_is_named_with_what_to_grant(twins: Twins) -> None:
    shop = twins.snowflake.shop
    shop.say(SOURCES.replace("shop.orders", "shop.nowhere"))
    try:
        with pytest.raises(
            SourceError,
            match=r"transactions\.from: the table shop\.nowhere can't be read \(.*\); create it, or grant SELECT on it",
        ):
            shop.load()
    finally:
        shop.say(SOURCES + EVENTS_AND_FILES)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"dept"', '"DEPT"', r"transactions\.columns\.category: shop\.orders has no such column: 'DEPT'.*it is dept there"),
        ("user_id: customer_id", "user_id: custmer_id", "did you mean 'CUSTOMER_ID'"),
        ("'\"dept\"'", "cast(cast(state as integer) as varchar)", r"category: this can't be computed for some row of shop\.orders \(Snowflake's error \d+\)"),
        (', format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin', "", "ordered_at is text in the warehouse, so say how its times are written"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_is_one_sentence_without_a_value(
    twins: Twins, old: str, new: str, sentence: str
) -> None:
    shop = twins.snowflake.shop
    assert old in SOURCES
    shop.say(SOURCES.replace(old, new))
    try:
        with pytest.raises(SourceError, match=sentence) as caught:
            shop.load()
        assert "paid" not in str(caught.value) and "31.10.2026" not in str(caught.value)
    finally:
        shop.say(SOURCES + EVENTS_AND_FILES)


def test_files_that_are_added_and_changed_leave_the_same_rows(twins: Twins) -> None:
    (twins.landing / "prices" / "1.csv").write_text("tag;btc\n2026-10-30;60000,5\n2026-10-29;59000\n")
    (twins.landing / "prices" / "2.csv").write_text("tag;btc\n2026-11-01;61000\n")
    for twin in (twins.duckdb, twins.snowflake):
        twin.shop.load(families=FAMILIES)
        assert sorted(str(row[0]) for row in twin.rows("raw.market_prices", "price_date")) == [
            "2026-10-29",
            "2026-10-30",
            "2026-11-01",
        ]
    columns = "price_date, btc_usd, eth_usd, _loaded_at, _file"
    ours, theirs = (twin.rows("raw.market_prices", columns) for twin in (twins.duckdb, twins.snowflake))
    assert difference(ours, theirs) is None
    loads = "table_name, uri, fingerprint, row_count, loaded_at"
    ours, theirs = (twin.rows("control.loads", loads) for twin in (twins.duckdb, twins.snowflake))
    assert difference(ours, theirs) is None and len(ours) == 4


def test_a_load_that_breaks_off_on_snowflake_loads_each_file_once_when_it_is_tried_again(
    twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    (twins.landing / "prices" / "3.csv").write_text("tag;btc\n2026-11-02;62000\n")
    shop = twins.snowflake.shop
    with open_warehouse(shop.settings) as warehouse:
        kind = type(warehouse)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(kind, "insert", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.load(families=FAMILIES)
    before = twins.snowflake.rows("raw.market_prices", "price_date")
    assert "2026-11-02" not in str(before)
    shop.load(families=FAMILIES)
    assert len(twins.snowflake.rows("raw.market_prices")) == len(before) + 1
