"""A cast in an expression takes a text only if nothing of it is lost."""

from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from include.tidemark.documents.expressions import parse_expression, to_sql
from include.tidemark.errors import SourceError
from include.tidemark.sources.dialects import DIALECTS
from include.tidemark.sources.strict_casts import strict
from tests.sources.readings import give, read

LOST = [
    ("transaction_at", "timestamp", "2026-01-17 20:30:00-05"),
    ("transaction_at", "timestamp", "2026-01-17 20:30 banana"),
    ("transaction_at", "timestamp", "2026-01-17 08:30 PM"),
    ("transaction_at", "timestamp", "epoch"),
    ("transaction_at", "date", "2026-04-03 23:00"),
    ("amount", "decimal(18, 2)", "1_000"),
    ("amount", "decimal(18, 2)", "12.345"),
    ("amount", "decimal(18, 0)", "0.5"),
    ("amount", "bigint", "5.7"),
    ("amount", "int", "1_000"),
    ("amount", "double", "1_000"),
]


@pytest.mark.parametrize(("column", "data_type", "text"), LOST)
def test_a_text_of_which_a_cast_would_drop_or_round_a_part_fails_it(
    engine: duckdb.DuckDBPyConnection, column: str, data_type: str, text: str
) -> None:
    give(engine, [text])
    with pytest.raises(duckdb.DataError) as failure:
        read(engine, "transactions", column, f"coalesce(cast(trim(x) as {data_type}), null)")
    assert text not in str(failure.value)


@pytest.mark.parametrize(("column", "data_type", "text"), LOST)
def test_try_cast_gives_null_for_it(
    engine: duckdb.DuckDBPyConnection, column: str, data_type: str, text: str
) -> None:
    give(engine, [text])
    assert read(engine, "transactions", column, f"try_cast(x as {data_type})") == [None]


@pytest.mark.parametrize(
    ("column", "data_type", "text", "value"),
    [
        ("transaction_at", "timestamp", " 2026-01-17 20:30:00.25 ", datetime(2026, 1, 17, 20, 30, 0, 250000)),
        ("transaction_at", "date", "2026-01-17 00:00:00", datetime(2026, 1, 17)),
        ("amount", "decimal(18, 2)", "12.3400", Decimal("12.34")),
        ("amount", "decimal(18, 2)", "-.5", Decimal("-0.5")),
        ("amount", "decimal(18, 0)", "7.0", Decimal(7)),
        ("amount", "bigint", " +5 ", Decimal(5)),
        ("amount", "double", "1.5e3", Decimal(1500)),
    ],
)
def test_a_text_that_the_type_keeps_whole_is_cast(
    engine: duckdb.DuckDBPyConnection, column: str, data_type: str, text: str, value: object
) -> None:
    give(engine, [text, None])
    assert read(engine, "transactions", column, f"cast(x as {data_type})") == [value, None]


def test_what_is_no_text_is_cast_as_ever(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [5.7], "double")
    assert read(engine, "transactions", "amount", "cast(x as bigint)") == [Decimal(6)]


@pytest.mark.parametrize(
    "condition",
    ["x = 100", "100 <> x", "x in ('a', 100)", "nullif(x, -1) is null", "case x when 100 then true end"],
)
def test_a_text_is_not_compared_with_a_number_that_it_would_be_rounded_to(
    engine: duckdb.DuckDBPyConnection, condition: str
) -> None:
    give(engine, ["100.4"])
    with pytest.raises(SourceError, match=r"transactions\.category: it compares a text with a number"):
        read(engine, "transactions", "category", f"case when {condition} then 'a' end")


def test_numbers_are_compared_with_numbers_and_texts_with_texts(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [100], "integer")
    expression = "case when x = 100 and x in (1, 100) and cast(x as varchar) = '100' then 'a' end"
    assert read(engine, "transactions", "category", expression) == ["a"]


def test_snowflake_is_held_to_the_same_by_its_own_function() -> None:
    parsed = parse_expression("cast(total as double)", "snowflake")
    sql = to_sql(strict(parsed, lambda _: "VARCHAR(16777216)", DIALECTS["snowflake"]), "snowflake")
    assert sql.startswith("CAST(CASE WHEN total IS NULL OR REGEXP_LIKE(TRIM(total), '[+-]?")
    assert sql.endswith("THEN total ELSE 'this text is refused' END AS DOUBLE)")
