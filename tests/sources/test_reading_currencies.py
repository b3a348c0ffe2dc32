"""Amounts in another currency than the deployment's are counted."""

from typing import Any

import duckdb
import pytest

from tests.sources.readings import reading_of


def currency_flags(
    engine: duckdb.DuckDBPyConnection, codes: list[Any], columns: dict[str, Any], name: str = "cur"
) -> dict[str, int]:
    """How many rows each flag counts; row n has the amount n + 1 and the fee n."""
    engine.execute(f'create or replace table source (n integer, x double, fee double, "{name}" varchar)')
    engine.executemany(
        "insert into source values (?, ?, ?, ?)", [(n, n + 1, n, code) for n, code in enumerate(codes)]
    )
    reading = reading_of(engine, "transactions", columns)
    counts = ", ".join(f"count(*) filter ({flag.condition})" for flag in reading.flags)
    found = engine.execute(f"select {counts} from ({reading.given}) as given").fetchone() or ()
    return {flag.name: count for flag, count in zip(reading.flags, found, strict=True) if count}


def test_an_amount_in_a_second_currency_or_in_none_is_counted(engine: duckdb.DuckDBPyConnection) -> None:
    amount = {"amount": {"from": "x", "currency": "cur"}}
    assert currency_flags(engine, ["EUR", " eur ", "EUR"], amount) == {}
    assert currency_flags(engine, ["EUR", "USD", "", None], amount) == {"foreign_currency": 3}
    without = {"amount": {"from": "nullif(x, 2)", "currency": "cur"}}
    assert currency_flags(engine, ["EUR", None], without) == {}


def test_each_amount_is_held_against_its_own_currency(engine: duckdb.DuckDBPyConnection) -> None:
    columns = {"amount": {"from": "x", "currency": "EUR"}, "fee": {"from": "fee", "currency": "cur"}}
    assert currency_flags(engine, ["EUR", "USD"], columns) == {"foreign_currency_fee_usd": 1}
    both = {"amount": {"from": "x", "currency": "cur"}, "fee": {"from": "fee", "currency": "'EUR'"}}
    assert currency_flags(engine, ["EUR", "USD"], both) == {"foreign_currency": 1}


@pytest.mark.parametrize("name", ["currency", "Currency_Code", "Währung", "CCY", "order-currency"])
@pytest.mark.parametrize(
    "amount", ["x", {"from": "x", "currency": "EUR"}], ids=["nothing said", "a code said"]
)
def test_a_column_that_is_called_currency_counts_although_it_is_not_mapped(
    engine: duckdb.DuckDBPyConnection, name: str, amount: Any
) -> None:
    assert currency_flags(engine, ["EUR", "GBP", None], {"amount": amount}, name) == {"foreign_currency": 1}


def test_a_column_that_is_called_currency_and_says_something_else_can_be_said_to(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    coins = ["BTC", "ETH"]
    assert currency_flags(engine, coins, {"amount": {"from": "x", "currency": "'EUR'"}}, "currency") == {}
    assert currency_flags(engine, coins, {"amount": "x", "category": "currency"}, "currency") == {}
    reading = reading_of(engine, "transactions", {"amount": "x"})
    assert (
        "as the column currency says (where it is about something else, write currency: \"'EUR'\")"
        in reading.flags[-1].what
    )
