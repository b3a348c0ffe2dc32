"""Parquet files of one pattern: what is mapped is of one type in all of them, whenever they come."""

import duckdb
import pytest

from include.tidemark.errors import SourceError
from tests.sources.orders import ORDERS, USERS, Orders

PARQUET = ORDERS.replace("orders/*.csv", "orders/*.parquet")


def put_parquet(shop: Orders, day: int, row: str) -> None:
    """The file of a day with one row; `row` is what DuckDB selects."""
    file = shop.landing / "orders" / f"{day:02}.parquet"
    with duckdb.connect() as engine:
        engine.execute(f"copy (select {row}) to '{file}' (format parquet)")


NUMBERS = "'a' as nr, 1 as who, timestamp '2026-10-01 12:00' as at, 1.5 as total"


def test_a_new_parquet_file_with_another_type_in_a_mapped_column_is_refused(shop: Orders) -> None:
    shop.say(USERS + PARQUET)
    put_parquet(shop, 1, NUMBERS)
    shop.go()
    put_parquet(shop, 2, NUMBERS.replace("'a'", "'b'").replace("1.5 as", "'2.5' as"))
    with pytest.raises(
        SourceError,
        match=r"02\.parquet has text in column amount_usd, and .*01\.parquet has numbers; upload it again with the type that"
        r" the files before have, or correct the mapping \(.*sources\.yml, line 7: transactions\.columns\.amount\)\.$",
    ):
        shop.go()
    assert shop.totals == {"a": 1.5}


def test_files_that_come_together_have_one_type_in_a_mapped_column(shop: Orders) -> None:
    shop.say(USERS + PARQUET)
    put_parquet(shop, 1, NUMBERS)
    put_parquet(shop, 2, NUMBERS.replace("timestamp '2026-10-01 12:00'", "'2026-10-02 12:00'"))
    with pytest.raises(
        SourceError, match=r"02\.parquet has text in column transaction_at, and .*01\.parquet has times"
    ):
        shop.go()


@pytest.mark.parametrize(
    "row",
    [
        NUMBERS.replace("1.5 as", "2 as"),
        NUMBERS.replace("1.5 as", "cast(2 as double) as"),
        NUMBERS.replace("1 as who", "cast(null as varchar) as who").replace("'a'", "'b'"),
        f"{NUMBERS}, 7 as more",
    ],
    ids=["whole numbers", "floating numbers", "no value", "a column that is not mapped"],
)
def test_what_is_no_other_type_is_loaded(shop: Orders, row: str) -> None:
    shop.say(USERS + PARQUET)
    put_parquet(shop, 1, NUMBERS)
    shop.go()
    put_parquet(shop, 2, row)
    shop.go()
    assert len(shop.loads) == 2
