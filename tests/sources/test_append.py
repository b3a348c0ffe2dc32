"""Tables that grow by files: each file is loaded once, one that changes is replaced in place, and none is
lost in silence."""

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from include.tidemark.errors import SourceError
from include.tidemark.sources.loads import fingerprint_of
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.warehouse import duckdb as duckdb_warehouse
from tests.sources.orders import ORDERS, USERS, Orders

if TYPE_CHECKING:
    from include.tidemark.sources.files import LandingFile


def test_a_new_file_adds_rows_and_a_loaded_one_is_not_loaded_again(shop: Orders) -> None:
    shop.put(1, "a=1", "b=2")
    shop.put(2, "c=3")
    shop.go()
    shop.go()
    shop.put(3, "d=4")
    shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert shop.loads == [("01.csv", 2), ("02.csv", 1), ("03.csv", 1)]
    assert shop.load_times == {"a": 1, "b": 1, "c": 1, "d": 2}


def test_each_row_says_which_file_it_came_with(shop: Orders) -> None:
    first, second = shop.put(1, "a=1"), shop.put(2, "b=2")
    shop.go()
    assert shop.rows("select transaction_id, _file from raw.transactions order by 1") == [
        ("a", first.as_uri()),
        ("b", second.as_uri()),
    ]


def test_a_changed_file_is_named_and_its_rows_are_replaced_in_place_and_everything_looks_new(
    shop: Orders, caplog: pytest.LogCaptureFixture
) -> None:
    shop.put(1, "a=1", "b=2")
    shop.put(2, "c=3")
    shop.go()
    shop.put(2, "c=30", "d=4")
    with caplog.at_level(logging.WARNING):
        shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 30, "d": 4}
    assert shop.loads == [("01.csv", 2), ("02.csv", 1), ("02.csv", 2)]
    assert set(shop.load_times.values()) == {1}, (
        "a day that only the old file had must disappear from the facts"
    )
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        f"The landing file {(shop.landing / 'orders/02.csv').as_uri()} changed after it was loaded; its rows are replaced, and the daily facts rebuilt."
    ]


def test_a_file_that_vanishes_keeps_its_rows_and_is_not_loaded_again_when_it_comes_back(
    shop: Orders,
) -> None:
    first = shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.go()
    content = first.read_bytes()
    first.unlink()
    shop.put(3, "c=3")
    shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 3}
    first.write_bytes(content)
    shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 3}
    assert len(shop.loads) == 3


def test_when_every_file_is_gone_the_run_stops_and_the_rows_stay(shop: Orders) -> None:
    shop.put(1, "a=1").unlink()
    shop.put(2, "a=1")
    shop.go()
    (shop.landing / "orders" / "02.csv").unlink()
    with pytest.raises(SourceError, match=r"orders/\*\.csv.*transactions"):
        shop.go()
    assert shop.totals == {"a": 1}


def test_a_changed_mapping_reads_every_file_again(shop: Orders, caplog: pytest.LogCaptureFixture) -> None:
    shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.go()
    shop.say(
        USERS
        + ORDERS.replace("amount: total", "amount: total * 1.0 + 100").replace(
            "total * 1.0", "try_cast(total as double)"
        )
    )
    with caplog.at_level(logging.WARNING):
        shop.go()
    assert shop.totals == {"a": 101, "b": 102}
    assert caplog.text.count("is mapped otherwise after it was loaded") == 2


def test_what_means_the_same_reads_no_file_again(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    same = ORDERS.replace("transaction_id: nr, user_id: who", "user_id: who, transaction_id: nr")
    shop.say(f"# ours\n{USERS}{same}  partitions: []\n")
    shop.go()
    assert len(shop.loads) == 1


def test_an_option_that_a_release_adds_makes_no_file_another_one() -> None:
    class Later(TableSource):
        more: str | None = None

    file = cast("LandingFile", SimpleNamespace(fingerprint="f"))
    assert fingerprint_of(file, Later(files="a"), "EUR") == fingerprint_of(
        file, TableSource(files="a"), "EUR"
    )


def test_another_currency_reads_every_file_again(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    (shop.folder / "config" / "rules.yml").write_text("currency: GBP\n")
    shop.go()
    assert len(shop.loads) == 2


def test_rows_of_files_that_are_gone_can_not_be_read_by_another_mapping(shop: Orders) -> None:
    gone = shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.go()
    gone.unlink()
    shop.say(USERS + ORDERS.replace("amount: total", "amount: try_cast(total as double) * 2"))
    with pytest.raises(
        SourceError,
        match=r"raw\.transactions holds rows of 1 landing files that are gone \(.*01\.csv\) and were read by another mapping",
    ):
        shop.go()
    assert shop.totals == {"a": 1, "b": 2}
    shop.say(USERS + ORDERS)
    shop.go()
    assert shop.totals == {"a": 1, "b": 2}


def test_a_file_without_rows_is_loaded_once_and_is_missed_by_nobody(shop: Orders) -> None:
    empty = shop.put(1)
    shop.put(2, "b=2")
    shop.go()
    shop.go()
    assert shop.loads == [("01.csv", 0), ("02.csv", 1)]
    empty.unlink()
    shop.say(USERS + ORDERS.replace("amount: total", "amount: try_cast(total as double) * 2"))
    shop.go()
    assert shop.totals == {"b": 4}
    shop.put(1, "a=1")
    shop.go()
    assert shop.totals == {"a": 2, "b": 4}


def test_the_very_first_files_may_be_without_rows(shop: Orders) -> None:
    shop.put(1)
    shop.go()
    assert (shop.totals, shop.loads) == ({}, [("01.csv", 0)])
    shop.put(2, "a=1")
    shop.go()
    assert shop.totals == {"a": 1}


def test_from_replace_to_append_and_back_every_row_is_there_once(shop: Orders) -> None:
    whole = ORDERS.replace("  mode: append\n", "")
    shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.say(USERS + whole)
    shop.go()
    shop.say(USERS + ORDERS)
    shop.go()
    assert shop.totals == {"a": 1, "b": 2}
    shop.put(3, "c=3")
    shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 3}
    (shop.landing / "orders" / "01.csv").unlink()
    shop.say(USERS + whole)
    shop.go()
    assert shop.totals == {"b": 2, "c": 3}, "the files are all rows"
    shop.say(USERS + ORDERS)
    shop.go()
    assert shop.totals == {"b": 2, "c": 3}


def test_a_file_whose_rows_were_replaced_by_others_is_loaded_when_it_comes_back(shop: Orders) -> None:
    first = shop.put(1, "a=1")
    shop.go()
    content = first.read_bytes()
    first.unlink()
    shop.put(2, "b=2")
    shop.say(USERS + ORDERS.replace("  mode: append\n", ""))
    shop.go()
    shop.say(USERS + ORDERS)
    shop.go()
    assert shop.totals == {"b": 2}
    first.write_bytes(content)
    shop.go()
    assert shop.totals == {"a": 1, "b": 2}


def test_files_of_the_contract_s_name_that_came_before_do_not_stand_in_the_way(shop: Orders) -> None:
    old = shop.landing / "transactions.csv"
    old.write_text(
        "transaction_id,user_id,transaction_at,amount_usd,fee_usd,category,status\nz,1,2026-10-01,9,,,\n"
    )
    shop.say(USERS)
    shop.go()
    assert shop.totals == {"z": 9}
    shop.say(USERS + ORDERS)
    shop.put(1, "a=1")
    shop.go()
    shop.put(2, "b=2")
    shop.go()
    assert shop.totals == {"a": 1, "b": 2}


def test_what_a_person_deletes_from_the_raw_table_is_loaded_again(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.put(2, "b=2")
    shop.go()
    shop.execute(["delete from raw.transactions where transaction_id = 'a'"])
    shop.go()
    assert shop.totals == {"a": 1, "b": 2}


@pytest.mark.parametrize("when", ["before the rows", "before the lines of control.loads", "after them"])
@pytest.mark.parametrize("first", [True, False], ids=["at the first load", "later"])
def test_a_run_that_is_killed_between_files_loads_each_once_when_it_is_tried_again(
    shop: Orders, monkeypatch: pytest.MonkeyPatch, when: str, first: bool
) -> None:
    shop.put(1, "a=1")
    if not first:
        shop.go()
    shop.put(2, "b=2")
    shop.put(3, "c=3")
    warehouse = duckdb_warehouse.DuckDBWarehouse
    insert, load_parquet = warehouse.insert, warehouse.load_parquet

    def killed_insert(self, table, rows) -> None:
        if table == "control.loads" and rows[0]["table_name"] == "transactions":
            if when == "after them":
                insert(self, table, rows)
            raise KeyboardInterrupt
        insert(self, table, rows)

    def killed_load(self, table, *arguments) -> None:
        if when == "before the rows" and table == "raw.transactions":
            raise KeyboardInterrupt
        load_parquet(self, table, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(warehouse, "insert", killed_insert)
        patched.setattr(warehouse, "load_parquet", killed_load)
        with pytest.raises(KeyboardInterrupt):
            shop.go()
    shop.go()
    assert shop.totals == {"a": 1, "b": 2, "c": 3}
    assert sorted(shop.loads) == [("01.csv", 1), ("02.csv", 1), ("03.csv", 1)]


def test_a_bad_file_among_new_ones_loads_none_of_them(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    shop.put(2, "b=2")
    shop.put(3, "c=three")
    with pytest.raises(SourceError, match=r"03\.csv has 1 values in column amount_usd .*first in data row 1"):
        shop.go()
    assert shop.totals == {"a": 1}


def test_a_new_file_that_lacks_a_mapped_column_is_refused(shop: Orders) -> None:
    shop.put(1, "a=1")
    shop.go()
    (shop.landing / "orders" / "02.csv").write_text("nr,who,at,sum\nb,1,2026-10-02,2\n")
    with pytest.raises(
        SourceError,
        match=r"transactions\.columns\.amount: the landing file .*02\.csv has no such column: 'total'",
    ):
        shop.go()
