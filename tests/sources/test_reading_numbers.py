"""Numbers of a source become the contract's, and one that can't be read is counted instead of lost."""

import math
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from include.tidemark.sources.sources_file import CsvOptions
from tests.sources.readings import amounts, few, give, read


@pytest.mark.parametrize(
    ("csv", "values", "expected"),
    [
        ({}, ["1.5", "-2", "+3", ".5", "4.", "1e3", "-1.5E-1", " 7 ", "007", "1.23456"],
         ["1.5", "-2", "3", ".5", "4", "1000", "-0.15", "7", "7", "1.2346"]),
        ({"decimal": ","}, ["1,5", "-2", ",5", "1,5e1"], ["1.5", "-2", ".5", "15"]),
        ({"decimal": ",", "thousands": "."}, ["1.234,5", "1234,5", "-12.345.678", "999"], ["1234.5", "1234.5", "-12345678", "999"]),
        ({"thousands": ","}, ["1,234.5", "12,345,678"], ["1234.5", "12345678"]),
        ({"thousands": "'"}, ["1'234.5", "1\u2019234.5"], ["1234.5", "1234.5"]),
        ({"thousands": " ", "decimal": ","}, ["1 234,5", "1\u00a0234,5", "1\u202f234\u202f567,5"], ["1234.5", "1234.5", "1234567.5"]),
        ({}, ["99999999999999.98", "-99999999999999.98"], ["99999999999999.98", "-99999999999999.98"]),
    ],
    ids=["plain", "decimal comma", "German", "English", "Swiss", "French", "largest"],
)  # fmt: skip
def test_numbers_are_read_as_the_dialect_says(
    engine: duckdb.DuckDBPyConnection, csv: dict[str, str], values: list[str], expected: list[str]
) -> None:
    assert amounts(engine, values, CsvOptions(**csv)) == [Decimal(text) for text in expected]


@pytest.mark.parametrize(
    ("csv", "values"),
    [
        ({}, ["ten", "1,5", "1_000", "1e", "NaN", "nan", "inf", "-Infinity", "1e400", "1e15", "100000000000000", "0x10", "1.2.3",
              "5 €", "$5", "--1", "1e3.5", ".", "+", "\uff11", "1 000", "5-", "(5)"]),
        ({"decimal": ","}, ["1.5", "1.234,5", "1,2,3"]),
        ({"decimal": ",", "thousands": "."}, ["1.5", "1234.5", "12.34,5", "1.2345", ".234", "1..234"]),
        ({"thousands": ","}, ["1,5", "1,234,5", "1234,567", ",234"]),
    ],
    ids=["plain", "decimal comma", "German", "English"],
)  # fmt: skip
def test_a_number_that_is_written_otherwise_is_counted_and_never_guessed(
    engine: duckdb.DuckDBPyConnection, csv: dict[str, str], values: list[str]
) -> None:
    assert amounts(engine, values, CsvOptions(**csv)) == ["refused"] * len(values)


@pytest.mark.parametrize(
    ("data_type", "values", "expected"),
    [
        ("double", [1.25, math.nan, math.inf, -math.inf, 1e15, None], [Decimal("1.25"), *["refused"] * 4, None]),
        ("float", [1.5, math.nan], [Decimal("1.5"), "refused"]),
        ("bigint", [5, -(2**63), 2**63 - 1], [Decimal(5), "refused", "refused"]),
        ("hugeint", [2**120, -(2**126), 3], ["refused", "refused", Decimal(3)]),
        ("decimal(38, 10)", [Decimal("99999999999999.9999999999"), Decimal("1.00005")], ["refused", Decimal("1.0001")]),
        ("decimal(38, 38)", [Decimal("0.5")], [Decimal("0.5")]),
    ],
)  # fmt: skip
def test_numbers_that_an_amount_can_not_hold_are_counted(
    engine: duckdb.DuckDBPyConnection, data_type: str, values: list[Any], expected: list[Any]
) -> None:
    give(engine, values, data_type)
    assert read(engine, "transactions", "amount") == expected


def test_a_double_that_is_none_is_counted(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, ["1e308", "1e400", "-1e400", "nan", "0.1", None])
    assert read(engine, "events", "session_seconds") == [1e308, "refused", "refused", "refused", 0.1, None]


@few
@given(
    numbers=st.lists(st.decimals(-(10**12), 10**12, places=4), min_size=1, max_size=40),
    decimal=st.sampled_from(".,"),
    thousands=st.sampled_from([None, ".", ",", "'", " "]),
)
def test_any_amount_that_is_written_in_a_dialect_is_read_back(
    engine: duckdb.DuckDBPyConnection, numbers: list[Decimal], decimal: str, thousands: str | None
) -> None:
    assume(decimal != thousands)
    texts = [
        f"{n:,.4f}".replace(",", "T").replace(".", decimal).replace("T", thousands or "") for n in numbers
    ]
    assert amounts(engine, texts, CsvOptions(decimal=decimal, thousands=thousands)) == numbers


def as_python_reads(text: str) -> Decimal | str | None:
    plain = text.strip(" ")
    if not plain:
        return None
    try:
        number = Decimal("none" if {"_", "'"} & set(plain) else plain)
    except ArithmeticError:
        return "refused"
    return number if number.is_finite() and abs(number) <= Decimal("99999999999999.98") else "refused"


@few
@given(texts=st.lists(st.text(alphabet="0123456789+-.,eE'_ ", max_size=8), min_size=1, max_size=60))
@example(texts=["1e3", "00.", "+.5", ".e1", "1e+2", "-0"])
def test_a_text_is_a_number_where_python_reads_the_same_and_else_counted(
    engine: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    for text, found in zip(texts, amounts(engine, texts), strict=True):
        expected = as_python_reads(text)
        if isinstance(expected, Decimal):
            assert abs(found - expected) <= Decimal("0.00005"), text
        else:
            assert found == expected, text
