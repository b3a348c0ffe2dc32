"""Texts, words and booleans of a source become the contract's, and one that can't be read is counted instead
of lost."""

import json
from typing import Any

import duckdb
import pytest

from include.tidemark.errors import SourceError
from tests.sources.readings import give, read


def test_a_text_loses_the_blanks_around_it_and_a_blank_one_is_null(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    give(engine, [" a b ", "", "  ", None, "Zoë"])
    assert read(engine, "transactions", "category") == ["a b", None, None, None, "Zoë"]


@pytest.mark.parametrize(
    ("data_type", "value", "text"),
    [
        ("bigint", 12, "12"),
        ("hugeint", 2**100, str(2**100)),
        ("decimal(20, 0)", 7, "7"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        ("enum('ios', 'web')", "web", "web"),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("struct(a integer, b varchar)", {"a": 1, "b": "x y"}, {"a": 1, "b": "x y"}),
        ("struct(a struct(b varchar)[])", {"a": [{"b": "it's"}]}, {"a": [{"b": "it's"}]}),
        ("integer[]", [1, 2], [1, 2]),
        ("integer[2]", [1, 2], [1, 2]),
        ("map(varchar, integer)", {"a": 1}, {"a": 1}),
    ],
)
def test_what_is_no_text_becomes_the_text_that_others_write_for_it(
    engine: duckdb.DuckDBPyConnection, data_type: str, value: Any, text: Any
) -> None:
    give(engine, [value, None], data_type)
    (found, nothing) = read(engine, "events", "properties")
    assert (found if isinstance(text, str) else json.loads(found)) == text
    assert nothing is None


@pytest.mark.parametrize(
    "data_type",
    [
        "double",
        "decimal(18, 2)",
        "boolean",
        "date",
        "timestamp",
        "blob",
        "time",
        "interval",
        "integer[]",
        "varchar[2]",
        "struct(a varchar)",
        "map(varchar, integer)",
        "json",
    ],
)
def test_a_type_whose_text_everybody_writes_otherwise_is_refused(
    engine: duckdb.DuckDBPyConnection, data_type: str
) -> None:
    give(engine, [], data_type)
    with pytest.raises(
        SourceError, match=r"transactions\.category: x has the type .*contract says varchar; cast it"
    ):
        read(engine, "transactions", "category")


# Values


def test_a_value_is_called_by_our_name_and_one_that_is_not_named_stays(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    give(engine, [" paid ", "Paid", "it's", "other", "", None])
    values = {"paid": "posted", "it's": "it's ours"}
    assert read(engine, "transactions", "status", {"from": "x", "values": values}) == [
        "posted",
        "Paid",
        "it's ours",
        "other",
        None,
        None,
    ]


def test_numbers_and_booleans_are_named_by_their_text(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [1, 2, None], "integer")
    assert read(engine, "transactions", "status", {"from": "x", "values": {"1": "posted"}}) == [
        "posted",
        "2",
        None,
    ]
    give(engine, [True, False, None], "boolean")
    values = {"true": "posted", "false": "declined"}
    assert read(engine, "transactions", "status", {"from": "x", "values": values}) == [
        "posted",
        "declined",
        None,
    ]


def test_values_of_a_type_that_has_no_one_text_are_refused(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [], "timestamp")
    with pytest.raises(SourceError, match=r"values names texts, but x has the type timestamp; cast it"):
        read(engine, "transactions", "status", {"from": "x", "values": {"a": "b"}})


# Booleans


def test_booleans_are_read_as_people_write_them_and_others_are_counted(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    give(engine, ["true", "F", " Yes ", "n", "1", "0", None, "", "maybe", "2", "ja"])
    assert read(engine, "users", "is_test_user") == [
        True,
        False,
        True,
        False,
        True,
        False,
        None,
        None,
        "refused",
        "refused",
        "refused",
    ]
    assert read(engine, "users", "is_test_user", {"from": "x", "values": {"ja": True, "maybe": False}})[
        -3:
    ] == [
        False,
        "refused",
        True,
    ]
    give(engine, [1, 0, 2, None], "integer")
    assert read(engine, "users", "is_test_user") == [True, False, "refused", None]
