"""A source's values become the contract's, and one that is there and can't be read is counted instead of
lost."""

from typing import Any

import duckdb
import pytest

from include.tidemark.errors import SourceError
from tests.sources.readings import give, reading_of


def test_a_column_that_the_source_lacks_is_null_of_its_type_and_is_said(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    give(engine, ["a"])
    reading = reading_of(engine, "transactions", {"fee": None, "category": "x"})
    assert reading.absent == ("fee_usd", "status")
    described = {name: kind for name, kind, *_ in engine.execute(f"describe {reading.sql}").fetchall()}
    assert described == {
        "transaction_id": "VARCHAR",
        "user_id": "VARCHAR",
        "transaction_at": "TIMESTAMP",
        "amount_usd": "DECIMAL(18,4)",
        "fee_usd": "DECIMAL(18,4)",
        "category": "VARCHAR",
        "status": "VARCHAR",
    }
    assert engine.sql(f"select fee_usd, status, category from ({reading.sql})").fetchall() == [
        (None, None, "a")
    ]


@pytest.mark.parametrize("where", ["x <> 'test'", "not (x = 'test')", "case when x = 'test' then false when x is null then null else true end"])  # fmt: skip
def test_a_row_whose_condition_is_null_does_not_count(engine: duckdb.DuckDBPyConnection, where: str) -> None:
    give(engine, ["a", "test", None])
    reading = reading_of(engine, "transactions", {"category": "x"}, where=where)
    assert engine.sql(f"select category from ({reading.sql})").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("columns", "more", "sentence"),
    [
        (
            {"category": "y"},
            {},
            r"transactions\.category: the file source\.csv has no such column: 'y' is not known",
        ),
        ({"category": '"X"'}, {}, r"transactions\.category: .*'X' is not known.*it is x there"),
        ({"amount": {"from": "n", "currency": "z"}}, {}, r"transactions\.amount_usd: .*'z' is not known"),
        ({}, {"where": "kind = 'a'"}, r"transactions\.where: .*'kind' is not known"),
    ],
)
def test_a_column_that_does_not_exist_is_named_with_its_place(
    engine: duckdb.DuckDBPyConnection, columns: dict[str, Any], more: dict[str, Any], sentence: str
) -> None:
    give(engine, [])
    with pytest.raises(SourceError, match=f"^{sentence}"):
        reading_of(engine, "transactions", columns, **more)


def test_the_flags_of_a_column_say_what_is_expected(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [])
    reading = reading_of(
        engine,
        "transactions",
        {"transaction_at": {"from": "x", "format": "%d.%m.%Y"}, "amount": "x", "fee": "x"},
    )
    assert {flag.column: flag.what for flag in reading.flags if flag.stops} == {
        "transaction_at": "that are not written as %d.%m.%Y",
        "amount_usd": "that are no finite decimal(18,4)",
        "fee_usd": "that are no finite decimal(18,4)",
    }
    iso = reading_of(engine, "transactions", {"transaction_at": "x"}).flags[0]
    assert iso.what.startswith("that are no finite timestamp written as YYYY-MM-DD hh:mm:ss;")
