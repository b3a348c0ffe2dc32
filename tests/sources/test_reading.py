"""A source's values become the contract's, and one that is there and can't be read is counted instead of lost."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from include.tidemark.config.sources_file import CsvOptions, sources_model
from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.dialects import DIALECTS, snowflake_format
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.reading import Origin, Reading, make_reading

NEEDED = {
    "transactions": {"transaction_id": "'t'", "user_id": "'u'", "transaction_at": "date '2026-01-01'", "amount": "1"},
    "users": {"user_id": "'u'", "created_at": "date '2026-01-01'"},
    "events": {"event_id": "'e'", "user_id": "'u'", "event_name": "'n'", "event_at": "date '2026-01-01'"},
    "fee_periods": {"period_id": "'p'", "period_start_date": "date '2026-01-01'", "period_end_date": "date '2026-01-01'"},
}  # fmt: skip


few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
"""Each example is a list of many values, because each asks a database."""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def reading_of(
    engine: duckdb.DuckDBPyConnection, table: str, columns: dict[str, Any], csv: CsvOptions | None = None, **more: Any
) -> Reading:  # fmt: skip
    """How a table of the contract is made of the table `source`."""
    content = {table: {"files": "source.csv", "columns": NEEDED[table] | columns} | more}
    source = sources_model().model_validate(content).mapped()[table]
    types = {name: kind for name, kind, *_ in engine.execute("describe source").fetchall()}

    def describe(query: str) -> dict[str, str]:
        return {name.lower(): kind for name, kind, *_ in engine.execute(f"describe {query}").fetchall()}

    origin = Origin("source", "the file source.csv", types, describe, DIALECTS["duckdb"], csv or CsvOptions())
    return make_reading(source_tables()[table], source, origin, "EUR")


def give(engine: duckdb.DuckDBPyConnection, values: list[Any], data_type: str = "varchar") -> None:
    engine.execute(f"create or replace table source (n integer, x {data_type})")
    if values:
        engine.executemany("insert into source values (?, ?)", list(enumerate(values)))


def read(
    engine: duckdb.DuckDBPyConnection, table: str, column: str, mapping: Any = "x", csv: CsvOptions | None = None
) -> list[Any]:  # fmt: skip
    """The values of one column in order, the word "refused" in place of each that a flag counts."""
    reading = reading_of(engine, table, {column: mapping}, csv)
    contract = {c.name for c in source_tables()[table].columns}
    name = column if column in contract else f"{column}_usd"
    flags = [flag for flag in reading.flags if flag.column == name]
    refused = " or ".join(f"coalesce({flag.condition}, false)" for flag in flags) or "false"
    rows = engine.execute(
        f"select {reading.values[name]}, {refused} from (select * from ({reading.given}) positional join (select n from source)) as given"
        " order by n"
    ).fetchall()
    return ["refused" if lost else value for value, lost in rows]


def amounts(engine: duckdb.DuckDBPyConnection, values: list[Any], csv: CsvOptions | None = None) -> list[Any]:
    give(engine, values)
    return read(engine, "transactions", "amount", csv=csv)


def moments(engine: duckdb.DuckDBPyConnection, values: list[Any], **mapping: str) -> list[Any]:
    give(engine, values)
    return read(engine, "transactions", "transaction_at", {"from": "x"} | mapping)


# Texts


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
    "data_type", ["double", "decimal(18, 2)", "boolean", "date", "timestamp", "blob", "time", "interval"]
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
        "posted", "Paid", "it's ours", "other", None, None,
    ]  # fmt: skip


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
        True, False, True, False, True, False, None, None, "refused", "refused", "refused",
    ]  # fmt: skip
    assert read(engine, "users", "is_test_user", {"from": "x", "values": {"ja": True, "maybe": False}})[-3:] == [
        False, "refused", True,
    ]  # fmt: skip
    give(engine, [1, 0, 2, None], "integer")
    assert read(engine, "users", "is_test_user") == [True, False, "refused", None]


# Numbers


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


# Moments: Python's zoneinfo is the oracle.


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local_in(zone: str, local: datetime) -> datetime:
    """The UTC time of a local one: the later of two that a clock shows twice, and what a skipped one would have been."""
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    skipped = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
    return (first if skipped else second).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-17 20:30:00", "2026-01-17T20:30:00"),
        ("2026-01-17T20:30", "2026-01-17T20:30:00"),
        ("2026-01-17 20:30:00.25", "2026-01-17T20:30:00.25"),
        ("2026-1-7 2:30", "2026-01-07T02:30:00"),
        ("2026-01-17", "2026-01-17T00:00:00"),
        (" 2026-01-17 ", "2026-01-17T00:00:00"),
        ("2026-01-17 20:30:00-05", "2026-01-18T01:30:00"),
        ("2026-01-17 20:30:00+02:00", "2026-01-17T18:30:00"),
        ("2026-01-17T20:30:00+0530", "2026-01-17T15:00:00"),
        ("2026-01-17 20:30:00 +02", "2026-01-17T18:30:00"),
        ("2026-01-17 20:30:00 -02:30", "2026-01-17T23:00:00"),
        ("2026-01-17 20:30:00Z", "2026-01-17T20:30:00"),
        ("2026-01-17T20:30:00z", "2026-01-17T20:30:00"),
        ("2026-01-17 20:30:00 Z", "2026-01-17T20:30:00"),
        ("2026-01-17 20:30 UTC", "2026-01-17T20:30:00"),
        ("2026-01-17 20:30:00 GMT", "2026-01-17T20:30:00"),
        ("2026-07-17 20:30:00 EST", "2026-07-18T01:30:00"),
        ("2026-01-17 20:30:00 Europe/Berlin", "2026-01-17T19:30:00"),
        ("2026-07-17 20:30:00 Europe/Berlin", "2026-07-17T18:30:00"),
        ("2026-07-17 20:30:00 America/Port-au-Prince", "2026-07-18T00:30:00"),
        ("2026-07-17 20:30:00 America/La_Paz", "2026-07-18T00:30:00"),
        ("2026-07-17 20:30:00 Etc/GMT+5", "2026-07-18T01:30:00"),
    ],
)
def test_iso_texts_are_read_with_whatever_zone_they_say(
    engine: duckdb.DuckDBPyConnection, text: str, expected: str
) -> None:
    assert moments(engine, [text]) == [utc(expected)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-17 20:30:00 banana", "2026-01-17 20:30:00 Banana", "2026-01-17 20:30:00banana", "2026-01-17 04:05:06 PM",
        "2026-01-17 04:05:06PM", "04:05:06 PM", "2026-01-17 20:30:00 BST", "2026-01-17 20:30:00 IST", "2026-01-17 20:30:00 CET",
        "2026-01-17 20:30:00 Mars/Olympus", "epoch", "infinity", "-infinity", "now", "today", "2026-02-30", "2026-13-01",
        "2026-01-17 25:00", "17.01.2026", "01/17/2026", "20260117", "2026-01-17 20", "1768682400", "2026-01", "0026-01-17", "0000-01-01",
        "2026-01-17 20:30:00+99", "2026-01-17 20:30:00 +02:00 +02", "2026-01-17 20:30:00+2", "Sat Jan 17 2026", "2026-01-17 (BC)",
        "2026-01-17 20:30:00 extra words", "12026-01-17", "\uff12\uff10\uff12\uff16-01-17",
    ],
)  # fmt: skip
def test_what_is_no_iso_moment_is_counted_and_never_guessed(
    engine: duckdb.DuckDBPyConnection, text: str
) -> None:
    assert moments(engine, [text]) == ["refused"]


MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
CHANGES = [
    datetime(2026, 3, 8, 2, 30),
    datetime(2026, 11, 1, 1, 30),
    datetime(2026, 3, 29, 2, 0),
    datetime(2026, 10, 25, 2, 59, 59),
]


@few
@given(locals_=st.lists(MOMENTS, max_size=40), zone=ZONES)
@example(locals_=[], zone="America/New_York")
@example(locals_=[], zone="Europe/Berlin")
def test_a_local_time_becomes_utc_as_the_zone_s_rules_of_that_day_say(
    engine: duckdb.DuckDBPyConnection, locals_: list[datetime], zone: str
) -> None:
    locals_ = [*locals_, *CHANGES]
    expected = [local_in(zone, local) for local in locals_]
    texts = [f"{local:%d.%m.%Y %H:%M:%S}" for local in locals_]
    assert moments(engine, texts, format="%d.%m.%Y %H:%M:%S", timezone=zone) == expected
    assert moments(engine, [f"{local:%Y-%m-%d %H:%M:%S}" for local in locals_], timezone=zone) == expected
    give(engine, locals_, "timestamp")
    assert read(engine, "transactions", "transaction_at", {"from": "x", "timezone": zone}) == expected


@few
@given(given_=st.lists(st.tuples(MOMENTS, st.integers(-14 * 60, 14 * 60)), min_size=1, max_size=40))
def test_an_offset_is_taken_off_however_it_is_written(
    engine: duckdb.DuckDBPyConnection, given_: list[tuple[datetime, int]]
) -> None:
    zoned = [moment.replace(tzinfo=timezone(timedelta(minutes=minutes))) for moment, minutes in given_]
    expected = [moment.astimezone(UTC).replace(tzinfo=None) for moment in zoned]
    assert moments(engine, [moment.isoformat() for moment in zoned]) == expected
    assert moments(engine, [f"{moment:%Y-%m-%d %H:%M:%S %z}" for moment in zoned]) == expected
    form = "%d/%m/%Y %H:%M:%S%z"
    assert moments(engine, [f"{moment:{form}}" for moment in zoned], format=form) == expected


@few
@given(moments_=st.lists(st.tuples(MOMENTS, st.integers(0, 999)), min_size=1, max_size=40))
def test_epochs_are_read_from_numbers_and_texts(
    engine: duckdb.DuckDBPyConnection, moments_: list[tuple[datetime, int]]
) -> None:
    expected = [moment.replace(microsecond=milliseconds * 1000) for moment, milliseconds in moments_]
    seconds = [(moment - datetime(1970, 1, 1)) / timedelta(seconds=1) for moment in expected]
    for form, numbers in (
        ("epoch_seconds", seconds),
        ("epoch_milliseconds", [round(s * 1000) for s in seconds]),
    ):
        for values, data_type in ((numbers, "double"), ([repr(number) for number in numbers], "varchar")):
            give(engine, values, data_type)
            assert read(engine, "transactions", "transaction_at", {"from": "x", "format": form}) == expected


def test_an_epoch_that_is_none_is_counted(engine: duckdb.DuckDBPyConnection) -> None:
    values = ["1768682400", "1768682400000", "2026-01-17", "NaN", "1e30", "", None, "-1e12"]
    assert moments(engine, values, format="epoch_seconds") == [
        datetime(2026, 1, 17, 20, 40), *["refused"] * 4, None, None, "refused",
    ]  # fmt: skip
    give(engine, [2**62, -(2**63), 0], "bigint")
    assert read(engine, "transactions", "transaction_at", {"from": "x", "format": "epoch_milliseconds"}) == [
        "refused", "refused", datetime(1970, 1, 1),
    ]  # fmt: skip


def test_a_format_that_does_not_fit_every_row_is_counted(engine: duckdb.DuckDBPyConnection) -> None:
    values = [
        "31.12.2025",
        "1.2.2026",
        "01.02.26",
        "31.02.2026",
        "02/01/2026",
        "1. 2. 2026",
        "epoch",
        "infinity",
        "01.02.2026 10:00",
        "",
    ]
    first = [datetime(2025, 12, 31), datetime(2026, 2, 1)]
    assert moments(engine, values, format="%d.%m.%Y") == [*first, *["refused"] * 7, None]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%m/%d/%Y %I:%M %p", "01/02/2026 12:05 AM", "2026-01-02T00:05:00"),
        ("%d %b %Y", "3 Mar 2026", "2026-03-03"),
        ("%d %B %Y, %H:%M", "3 March 2026, 07:08", "2026-03-03T07:08"),
        ("%Y%m%dT%H%M%S", "20260102T030405", "2026-01-02T03:04:05"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-01-02 03:04:05.25", "2026-01-02T03:04:05.25"),
        ("%y%m%d", "260102", "2026-01-02"),
        ("%Y-%j", "2026-032", "2026-02-01"),
        ("%Y-%m-%dT%H:%M:%SZ", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"),
        ("day %d, %m/%Y 'o''clock' 100%%", "day 02, 01/2026 'o''clock' 100%", "2026-01-02"),
    ],
)
def test_formats_are_those_of_strptime(
    engine: duckdb.DuckDBPyConnection, form: str, text: str, expected: str
) -> None:
    assert moments(engine, [text], format=form) == [utc(expected)] == [datetime.strptime(text, form)]


def test_a_day_that_is_a_number_is_read_by_its_format(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, [20260131, 20260230, None], "integer")
    mapping = {"from": "x", "format": "%Y%m%d"}
    assert read(engine, "transactions", "transaction_at", mapping) == [datetime(2026, 1, 31), "refused", None]
    assert read(engine, "fee_periods", "period_start_date", mapping) == [date(2026, 1, 31), "refused", None]


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        ("timestamp", "2026-01-17 20:30:00.123456", "2026-01-17T20:30:00.123456"),
        ("timestamp_s", "2026-01-17 20:30:00", "2026-01-17T20:30:00"),
        ("timestamp_ms", "2026-01-17 20:30:00.123", "2026-01-17T20:30:00.123"),
        ("timestamp_ns", "2026-01-17 20:30:00.123456000", "2026-01-17T20:30:00.123456"),
        ("timestamptz", "2026-01-17 20:30:00-05", "2026-01-18T01:30:00"),
        ("date", "2026-01-17", "2026-01-17T00:00:00"),
    ],
)
def test_times_of_every_type_are_utc_without_a_zone(
    engine: duckdb.DuckDBPyConnection, data_type: str, value: str, expected: str
) -> None:
    give(engine, [value, None], data_type)
    assert read(engine, "transactions", "transaction_at") == [utc(expected), None]


@pytest.mark.parametrize("data_type", ["timestamp", "timestamptz"])
def test_an_infinite_time_is_counted(engine: duckdb.DuckDBPyConnection, data_type: str) -> None:
    give(engine, ["infinity", "-infinity", "0026-01-01", "9999-12-31 23:59:59"], data_type)
    assert read(engine, "transactions", "transaction_at") == [
        *["refused"] * 3,
        datetime(9999, 12, 31, 23, 59, 59),
    ]


@pytest.mark.parametrize(
    ("table", "column", "data_type", "mapping", "sentence"),
    [
        ("transactions", "transaction_at", "timestamptz", {"timezone": "Europe/Berlin"}, "carries its own zone .*remove timezone"),
        ("transactions", "transaction_at", "timestamp", {"format": "%Y-%m-%d"}, "needs no format; remove it"),
        ("transactions", "transaction_at", "double", {}, "the contract says timestamp"),
        ("transactions", "transaction_at", "bigint", {}, "the contract says timestamp"),
        ("transactions", "transaction_at", "time", {}, "the contract says timestamp"),
        ("transactions", "transaction_at", "date", {"format": "epoch_seconds"}, "epoch_seconds is of numbers"),
        ("transactions", "transaction_at", "bigint", {"format": "epoch_seconds", "timezone": "UTC"}, "epoch_seconds is of numbers"),
        ("fee_periods", "period_start_date", "timestamptz", {}, "the contract says date"),
        ("fee_periods", "period_start_date", "bigint", {}, "the contract says date"),
        ("fee_periods", "period_start_date", "varchar", {"timezone": "UTC"}, "date, which has no zone"),
        ("transactions", "amount", "boolean", {}, r"the contract says decimal\(18,4\)"),
        ("transactions", "amount", "timestamp", {}, r"the contract says decimal\(18,4\)"),
        ("transactions", "amount", "varchar", {"format": "%Y%m%d"}, "format and timezone are about times"),
        ("users", "is_test_user", "double", {}, "the contract says boolean"),
    ],
)  # fmt: skip
def test_a_type_that_can_not_be_read_is_one_sentence_that_names_it(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    data_type: str,
    mapping: dict[str, str],
    sentence: str,
) -> None:
    give(engine, [], data_type)
    with pytest.raises(SourceError, match=rf"^{table}\.{column}(_usd)?: .*{sentence}"):
        read(engine, table, column, {"from": "x"} | mapping)


# Dates


@pytest.mark.parametrize(
    ("data_type", "values", "expected"),
    [
        ("varchar", ["2026-01-17", "2026-1-7", "2026-01-17 00:00:00", "2026-01-17T00:00:00.000", "9999-12-31", None],
         [date(2026, 1, 17), date(2026, 1, 7), date(2026, 1, 17), date(2026, 1, 17), date(9999, 12, 31), None]),
        ("varchar", ["2026-01-17 20:30:00", "2026-01-17 00:00:01", "17.01.2026", "2026-02-30", "epoch", "infinity"], ["refused"] * 6),
        ("date", ["2026-01-17", "9999-12-31", None], [date(2026, 1, 17), date(9999, 12, 31), None]),
        ("date", ["infinity", "-infinity"], ["refused"] * 2),
        ("timestamp", ["2026-01-17", "2026-01-17 00:00:00.000001", "infinity"], [date(2026, 1, 17), "refused", "refused"]),
    ],
)  # fmt: skip
def test_a_date_is_a_whole_day_and_one_with_a_time_is_counted(
    engine: duckdb.DuckDBPyConnection, data_type: str, values: list[Any], expected: list[Any]
) -> None:
    give(engine, values, data_type)
    assert read(engine, "fee_periods", "period_end_date") == expected


def test_a_format_of_dates_that_says_a_time_does_not_lose_it(engine: duckdb.DuckDBPyConnection) -> None:
    give(engine, ["17.01.2026 00:00", "17.01.2026 20:30"])
    mapping = {"from": "x", "format": "%d.%m.%Y %H:%M"}
    assert read(engine, "fee_periods", "period_end_date", mapping) == [date(2026, 1, 17), "refused"]


# Currencies


def currency_flags(
    engine: duckdb.DuckDBPyConnection, codes: list[Any], columns: dict[str, Any], name: str = "cur"
) -> dict[str, int]:
    """How many rows each flag counts; row n has the amount n + 1 and the fee n."""
    engine.execute(f"create or replace table source (n integer, x double, fee double, {name} varchar)")
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


@pytest.mark.parametrize("name", ["currency", "Currency_Code", "Währung"])
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


# Whole readings


def test_a_column_that_the_source_lacks_is_null_of_its_type_and_is_said(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    give(engine, ["a"])
    reading = reading_of(engine, "transactions", {"fee": None, "category": "x"})
    assert reading.absent == ("fee_usd", "status")
    described = {name: kind for name, kind, *_ in engine.execute(f"describe {reading.sql}").fetchall()}
    assert described == {
        "transaction_id": "VARCHAR", "user_id": "VARCHAR", "transaction_at": "TIMESTAMP", "amount_usd": "DECIMAL(18,4)",
        "fee_usd": "DECIMAL(18,4)", "category": "VARCHAR", "status": "VARCHAR",
    }  # fmt: skip
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
    assert {flag.column: flag.what for flag in reading.flags} == {
        "transaction_at": "that are not written as %d.%m.%Y",
        "amount_usd": "that are no finite decimal(18,4)",
        "fee_usd": "that are no finite decimal(18,4)",
    }
    iso = reading_of(engine, "transactions", {"transaction_at": "x"}).flags[0]
    assert iso.what.startswith("that are no finite timestamp written as YYYY-MM-DD hh:mm:ss;")


# Snowflake's own words


@pytest.mark.parametrize(
    ("form", "theirs"),
    [
        ("%d.%m.%Y %H:%M", "DD.MM.YYYY HH24:MI"),
        ("%Y-%m-%dT%H:%M:%S.%fZ", 'YYYY-MM-DD"T"HH24:MI:SS.FF"Z"'),
        ("%m/%d/%y %I:%M %p", "MM/DD/YY HH12:MI AM"),
        ("%d %b %Y at %B", 'DD MON YYYY "at" MMMM'),
        ("%Y-%m-%d %H:%M:%S%z", "YYYY-MM-DD HH24:MI:SSTZHTZM"),
        ("%d.%m.%Y 100%%", "DD.MM.YYYY 100%"),
    ],
)
def test_a_format_in_snowflake_s_words(form: str, theirs: str) -> None:
    assert snowflake_format(form) == theirs


@pytest.mark.parametrize(
    ("data_type", "kind"),
    [
        ("text", Kind.TEXT), ("number(38,0)", Kind.INTEGER), ("number(18,4)", Kind.NUMBER), ("real", Kind.NUMBER),
        ("timestamp_ntz", Kind.TIMESTAMP), ("timestamp_tz", Kind.ZONED), ("timestamp_ltz", Kind.ZONED), ("variant", Kind.JSON),
        ("object", Kind.JSON), ("array", Kind.JSON), ("binary", Kind.OTHER), ("time", Kind.OTHER), ("boolean", Kind.BOOLEAN),
        ("DECIMAL(18,3)[]", Kind.JSON), ("INTEGER[3]", Kind.JSON), ("STRUCT(a DECIMAL(3,2))", Kind.JSON), ("MAP(VARCHAR, INTEGER)", Kind.JSON),
        ("ENUM('a', 'b')", Kind.TEXT), ("TIMESTAMP WITH TIME ZONE", Kind.ZONED), ("BLOB", Kind.OTHER),
    ],
)  # fmt: skip
def test_types_of_both_warehouses_are_told_apart(data_type: str, kind: Kind) -> None:
    assert kind_of(data_type) is kind
