"""Landing files become raw tables whole, or not at all."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pytest

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.files import find_files
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables

STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)
NEEDED = {"users": "customer_segments", "transactions": "customer_segments"}
USERS = "user_id,created_at,platform,country,is_test_user,username,email\nu1,2026-01-01 00:00:00,ios,US,false,Zoë,z@example.org\n"
HEADER = "transaction_id,user_id,transaction_at,amount_usd,fee_usd,category,status\n"
GOOD = HEADER + "t1,u1,2026-10-01 12:00:00,10.50,0.10,Grocery,posted\nt2,u1,2026-10-02 12:00:00,-3,0,,\n"


@pytest.fixture
def settings(tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "users.csv").write_text(USERS, encoding="utf-8")
    (landing / "transactions.csv").write_text(GOOD, encoding="utf-8")
    return Settings(duckdb_path=tmp_path / "warehouse.duckdb", landing_url=landing.as_uri())


def landing_of(settings: Settings) -> Path:
    return Path(settings.landing_url.removeprefix("file://"))


def load(settings, started=STARTED):
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        return {
            table.table: table for table in load_sources(Deployment(settings, NEEDED, started), warehouse)
        }


def rows(settings, sql):
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch(sql)


def test_a_csv_file_becomes_a_typed_table_with_its_load_time(settings):
    load(settings)
    assert rows(
        settings,
        "select transaction_id, transaction_at, amount_usd, category, status, _loaded_at from raw.transactions order by 1",
    ) == [
        {
            "transaction_id": "t1",
            "transaction_at": datetime(2026, 10, 1, 12),
            "amount_usd": Decimal("10.5000"),
            "category": "Grocery",
            "status": "posted",
            "_loaded_at": datetime(2026, 11, 1, 6),
        },
        {
            "transaction_id": "t2",
            "transaction_at": datetime(2026, 10, 2, 12),
            "amount_usd": Decimal("-3.0000"),
            "category": None,
            "status": None,
            "_loaded_at": datetime(2026, 11, 1, 6),
        },
    ]


def test_no_folder_on_the_way_is_read_as_data(settings, tmp_path):
    place = tmp_path / "country=DE" / "user_id=7"
    place.mkdir(parents=True)
    landing_of(settings).rename(place / "landing")
    settings = settings.model_copy(update={"landing_url": (place / "landing").as_uri(), "scratch_dir": place})
    load(settings)
    assert rows(settings, "select user_id, country from raw.users") == [{"user_id": "u1", "country": "US"}]
    assert rows(settings, "select distinct user_id from raw.transactions") == [{"user_id": "u1"}]


def test_names_that_are_not_ascii_arrive_as_they_are(settings):
    load(settings)
    assert rows(settings, "select username from raw.users") == [{"username": "Zoë"}]


def test_a_parquet_file_with_zoned_time_stamps_is_taken_in_utc(settings):
    file = landing_of(settings) / "transactions.parquet"
    (landing_of(settings) / "transactions.csv").unlink()
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        engine.execute(
            f"copy (select 't1' transaction_id, 'u1' user_id, timestamptz '2026-10-01 12:00:00-05' transaction_at,"
            f" 1.5::double amount_usd, 0::double fee_usd, 'x' category, 'posted' status) to '{file}' (format parquet)"
        )
    load(settings)
    assert rows(settings, "select transaction_at from raw.transactions") == [
        {"transaction_at": datetime(2026, 10, 1, 17)}
    ]


def test_an_unchanged_file_is_not_loaded_twice(settings):
    assert load(settings)["transactions"].changed
    again = load(settings, STARTED.replace(month=12))
    assert not again["transactions"].changed
    assert again["transactions"].row_count == 2
    assert rows(settings, "select max(_loaded_at) as at from raw.transactions") == [
        {"at": datetime(2026, 11, 1, 6)}
    ]


def test_a_changed_file_replaces_the_table_and_is_loaded_later_than_the_last_even_within_one_run(settings):
    load(settings)
    (landing_of(settings) / "transactions.csv").write_text(
        HEADER + "t9,u1,2026-10-05 12:00:00,1,0,Gas,posted\n"
    )
    assert load(settings)["transactions"].changed
    assert rows(
        settings,
        "select transaction_id, _loaded_at > timestamp '2026-11-01 06:00:00' as later from raw.transactions",
    ) == [{"transaction_id": "t9", "later": True}]


def test_without_a_file_a_table_that_others_filled_is_used(settings):
    load(settings)
    (landing_of(settings) / "transactions.csv").unlink()
    rows(settings, "delete from control.loads")
    loaded = load(settings)["transactions"]
    assert (loaded.origin, loaded.row_count, loaded.changed) == ("warehouse", 2, False)


def test_a_needed_table_that_is_nowhere_is_named_with_its_family_and_the_setting(settings):
    (landing_of(settings) / "transactions.csv").unlink()
    with pytest.raises(
        SourceError, match=r"family customer_segments needs the table raw\.transactions.*TIDEMARK_FAMILIES"
    ):
        load(settings)


def test_a_table_that_no_family_needs_may_be_missing(settings):
    assert "market_prices" not in load(settings)


def load_for_engagement(settings, needed=None):
    needed = needed or {"users": "engagement"}
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        deployment = Deployment(settings, needed, STARTED, optional={"transactions": "engagement"})
        loaded = load_sources(deployment, warehouse)
    return {table.table: table for table in loaded}


def test_a_table_that_the_families_can_do_without_may_be_nowhere_and_then_has_no_row(settings):
    (landing_of(settings) / "transactions.csv").unlink()
    found = load_for_engagement(settings)["transactions"]
    assert (found.origin, found.row_count, found.rows.lack) == ("nowhere", 0, "nowhere")
    assert rows(settings, f"select * from {found.rows.rows} as nothing") == []


def test_one_that_stands_empty_says_so_and_one_with_rows_is_like_any_other(settings):
    assert load_for_engagement(settings)["transactions"].rows.lack is None
    (landing_of(settings) / "transactions.csv").unlink()
    with open_warehouse(settings) as warehouse:
        warehouse.execute("delete from raw.transactions")
        warehouse.execute("delete from control.loads where table_name = 'transactions'")
    assert load_for_engagement(settings)["transactions"].rows.lack == "empty"


def test_one_that_another_family_needs_may_not_be_nowhere(settings):
    (landing_of(settings) / "transactions.csv").unlink()
    with pytest.raises(SourceError, match="family customer_segments needs the table"):
        load_for_engagement(settings, NEEDED)


def test_one_whose_file_can_t_be_read_stops_the_run_all_the_same(settings):
    (landing_of(settings) / "transactions.csv").write_text(GOOD.replace("10.50", "ten"), encoding="utf-8")
    with pytest.raises(SourceError, match="amount_usd"):
        load_for_engagement(settings)


def test_two_files_for_one_table_are_refused(settings):
    (landing_of(settings) / "transactions.parquet").write_bytes(b"PAR1")
    with pytest.raises(SourceError, match=r"Both transactions\.parquet and transactions\.csv"):
        load(settings)


def test_a_header_alone_is_refused_whatever_the_table_s_columns(settings):
    (landing_of(settings) / "users.csv").write_text(USERS.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match="holds no row; table users stays as it was"):
        load(settings)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (GOOD.replace(",amount_usd", "").replace(",10.50", "").replace(",-3", ""), "has no column amount_usd"),
        (GOOD.replace("10.50", "ten"), "1 values in column amount_usd that are no finite decimal"),
        (GOOD.replace("10.50", "NaN"), "column amount_usd that are no finite decimal"),
        (GOOD.replace("10.50", "inf"), "column amount_usd that are no finite decimal"),
        (GOOD.replace("2026-10-01 12:00:00", "last week"), "column transaction_at that are no finite timestamp"),
        (GOOD.replace("2026-10-01 12:00:00", "infinity"), "column transaction_at that are no finite timestamp"),
        (GOOD[:-12], "cut off"),
        (GOOD.rsplit(",", 3)[0] + "\n", "Line 3 .* has 4 columns, but its header has 7; it may be cut off"),
        (GOOD + 't3,u1,"2026-10-01', "cut off"),
        (HEADER, "holds no row"),
        ("", "is empty"),
    ],
    ids=["missing column", "text amount", "NaN", "infinity", "text time", "infinite time", "cut in the last cell",
         "cut before the last cells", "cut inside quotes", "header only", "no byte"],
)  # fmt: skip
def test_a_bad_file_is_one_sentence_and_the_table_stays_as_it_was(settings, content, sentence):
    load(settings)
    before = rows(settings, "select * from raw.transactions order by all")
    (landing_of(settings) / "transactions.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=sentence) as caught:
        load(settings)
    assert "transactions.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert rows(settings, "select * from raw.transactions order by all") == before


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e300"])
@pytest.mark.parametrize("kind", ["double", "float"])
def test_a_number_that_is_none_is_found_in_its_row_of_a_parquet_file(settings, value, kind):
    if (value, kind) == ("1e300", "float"):
        value = "1e30"
    landing = landing_of(settings)
    with duckdb.connect() as engine:
        engine.execute(
            f"copy (select * replace (case when transaction_id = 't2' then '{value}'::{kind} else amount_usd::{kind} end as amount_usd)"
            f" from read_csv('{landing / 'transactions.csv'}')) to '{landing / 'transactions.parquet'}'"
        )
    (landing / "transactions.csv").unlink()
    with pytest.raises(SourceError, match=r"amount_usd that are no finite decimal.*data row 2"):
        load(settings)


def test_a_message_about_a_bad_value_does_not_repeat_the_value(settings):
    (landing_of(settings) / "users.csv").write_text(
        USERS.replace("2026-01-01 00:00:00", "z@example.org"), encoding="utf-8"
    )
    with pytest.raises(SourceError, match="data row 1") as caught:
        load(settings)
    assert "example.org" not in str(caught.value)


def test_no_table_is_replaced_when_the_file_of_another_is_bad(settings):
    load(settings)
    before = rows(settings, "select * from raw.users order by all")
    (landing_of(settings) / "users.csv").write_text(USERS.replace("u1", "u2"), encoding="utf-8")
    (landing_of(settings) / "transactions.csv").write_text(GOOD.replace("10.50", "ten"), encoding="utf-8")
    with pytest.raises(SourceError, match="amount_usd"):
        load(settings)
    assert rows(settings, "select * from raw.users order by all") == before
    assert rows(settings, "select count(*) as n from control.loads") == [{"n": 2}]


@pytest.mark.parametrize("stands_already", [False, True])
def test_a_bad_file_that_no_family_needs_is_named_in_the_log_and_stops_nothing(
    settings, caplog, stands_already
):
    file = landing_of(settings) / "market_prices.csv"
    if stands_already:
        file.write_text("price_date,btc_usd,eth_usd\n2026-10-01,60000,2500\n")
        load(settings)
    file.write_text("price_date,btc_usd,eth_usd\n2026-10-01,sixty thousand,2500\n")
    loaded = load(settings, STARTED.replace(month=12))
    assert loaded["transactions"].row_count == 2
    assert ("market_prices" in loaded) == stands_already
    assert "market_prices.csv has 1 values in column btc_usd" in caplog.text
    assert "No enabled family needs market_prices" in caplog.text
    if stands_already:
        assert loaded["market_prices"].origin == "warehouse"
        assert rows(settings, "select btc_usd from raw.market_prices") == [{"btc_usd": 60_000}]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_row_that_a_message_names_is_the_first_bad_one_of_a_large_file(settings, suffix):
    (landing_of(settings) / "transactions.csv").unlink()
    file = landing_of(settings) / f"transactions.{suffix}"
    bad = "case when i in (654321, 700000, 1199999) then 'ten' else '1.50' end"
    with duckdb.connect() as engine:
        engine.execute(
            f"copy (select 't' || i as transaction_id, 'u1' as user_id, '2026-10-01 12:00:00' as transaction_at, {bad} as amount_usd,"
            " '0' as fee_usd, 'Grocery' as category, 'posted' as status from range(1, 1200001) as t(i) order by i)"
            f" to '{file}' ({'header' if suffix == 'csv' else 'format parquet'})"
        )
    with pytest.raises(SourceError, match=r"3 values in column amount_usd.*the first in data row 654321\)"):
        load(settings)


def test_a_parquet_file_that_is_none_is_one_sentence(settings):
    (landing_of(settings) / "users.csv").unlink()
    (landing_of(settings) / "users.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(SourceError, match=r"users\.parquet is no whole Parquet file"):
        load(settings)


def test_columns_beyond_the_contract_are_left_out(settings):
    (landing_of(settings) / "users.csv").write_text(
        USERS.replace("email\n", "email,age\n").replace("example.org\n", "example.org,33\n")
    )
    load(settings)
    assert "age" not in rows(settings, "select * from raw.users")[0]


def test_the_contract_has_the_five_tables_and_their_keys():
    tables = source_tables()
    assert set(tables) == {"users", "events", "transactions", "fee_periods", "market_prices"}
    assert [c.name for c in tables["transactions"].columns if c.unique] == ["transaction_id"]


def test_files_in_an_object_store_are_loaded_like_those_on_a_disk(settings):
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    store = MemoryFileSystem()
    attach("memory", fs=store)
    for table, content in (("users", USERS), ("transactions", GOOD)):
        store.pipe_file(f"/landing/{table}.csv", content.encode())
    remote = settings.model_copy(update={"landing_url": "memory://landing"})
    assert load(remote)["transactions"].row_count == 2
    assert not load(remote)["transactions"].changed


@pytest.mark.parametrize("protocol", ["gs", "abfs"])
def test_files_under_the_address_of_another_cloud_are_found_by_bucket_and_key(settings, protocol):
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    class Store(MemoryFileSystem):
        """Names objects as those clouds' file systems do: bucket and key, without a slash in front."""

        store: ClassVar[dict[str, Any]] = {}
        pseudo_dirs: ClassVar[list[str]] = [""]

        @classmethod
        def _strip_protocol(cls, path):
            return str(path).removeprefix(f"{protocol}://").strip("/")

    store = Store()
    attach(protocol, fs=store)
    for table, content in (("users", USERS), ("transactions", GOOD)):
        store.pipe_file(f"{protocol}://bucket/land/{table}.csv", content.encode())
    remote = settings.model_copy(update={"landing_url": f"{protocol}://bucket/land"})
    assert load(remote)["transactions"].row_count == 2
    assert not load(remote)["transactions"].changed
    found = find_files(remote, "transactions", TableSource(files="trans*.csv"))
    assert [file.uri for file in found] == [f"{protocol}://bucket/land/transactions.csv"]
