"""Times and dates of a source become the contract's, and one that can't be read is counted instead of lost.

Python's zoneinfo is the oracle.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.tidemark.errors import SourceError
from include.tidemark.zones import zones
from tests.sources.readings import few, give, moments, read


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def local_in(zone: str, local: datetime) -> datetime:
    """The UTC time of a local one: the later of two that a clock shows twice, and what a skipped one would
    have been."""
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
        datetime(2026, 1, 17, 20, 40),
        *["refused"] * 4,
        None,
        None,
        "refused",
    ]
    give(engine, [2**62, -(2**63), 0], "bigint")
    assert read(engine, "transactions", "transaction_at", {"from": "x", "format": "epoch_milliseconds"}) == [
        "refused",
        "refused",
        datetime(1970, 1, 1),
    ]


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


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-17T20:30:00+99:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-01-17T20:30:00+02:75"),
        ("%z %d.%m.%Y", "+1500 17.01.2026"),
        ("%j %Y", "366 2026"),
        ("%Y%j", "2025366"),
        ("%Y%j %H:%M", "2026366 10:00"),
    ],
)
def test_an_offset_or_a_day_that_no_calendar_has_is_refused(
    engine: duckdb.DuckDBPyConnection, form: str, text: str
) -> None:
    assert moments(engine, [text], format=form) == ["refused"]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%j %Y", "366 2024", "2024-12-31"),
        ("%Y%j", "2026001", "2026-01-01"),
        ("%j.%Y", "1.2026", "2026-01-01"),
        ("%Y-%m-%d [%H:%M] %z", "2026-01-17 [20:30] -0330", "2026-01-18T00:00"),
        ("%b %d %Y %I:%M%p%z", "Jan 17 2026 08:30PM+14:00", "2026-01-17T06:30"),
    ],
)
def test_an_offset_or_a_day_of_the_year_is_read_wherever_it_stands(
    engine: duckdb.DuckDBPyConnection, form: str, text: str, expected: str
) -> None:
    assert moments(engine, [text], format=form) == [utc(expected)]


@pytest.mark.parametrize("zone", ["Etc/Unknown", "SystemV/EST5", "Mars/Phobos", "Etc/GMT+99"])
def test_a_zone_that_is_not_one_of_iana_s_is_refused(engine: duckdb.DuckDBPyConnection, zone: str) -> None:
    assert moments(engine, [f"2026-01-17 20:30:00 {zone}"]) == ["refused"]


def test_every_zone_of_iana_s_list_with_an_area_is_read(engine: duckdb.DuckDBPyConnection) -> None:
    names = sorted(name for name in zones() if "/" in name)
    expected = [local_in(name, datetime(2026, 1, 17, 20, 30)) for name in names]
    assert moments(engine, [f"2026-01-17 20:30:00 {name}" for name in names]) == expected


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


@pytest.mark.parametrize(
    ("data_type", "given", "more"),
    [
        ("varchar", "2026-07-17T00:00:00Z", {}),
        ("varchar", "2026-07-17 00:00:00+00", {"format": "%Y-%m-%d %H:%M:%S%z"}),
        ("varchar", "2026-07-17", {}),
        ("bigint", "1784246400", {"format": "epoch_seconds"}),
        ("timestamptz", "2026-07-17 00:00:00+00", {}),
        ("timestamp", "2026-07-17 00:00:00", {}),
        ("date", "2026-07-17", {}),
    ],
)
def test_a_date_that_is_written_as_a_midnight_of_utc_begins_where_its_zone_says(
    engine: duckdb.DuckDBPyConnection, data_type: str, given: str, more: dict[str, str]
) -> None:
    give(engine, [given, None], data_type)
    mapping = {"from": "x", "date": True, "timezone": "America/New_York", **more}
    assert read(engine, "transactions", "transaction_at", mapping) == [utc("2026-07-17T04:00:00"), None]


@pytest.mark.parametrize("given", ["2026-07-17T00:00:01Z", "2026-07-17 00:00:00-04", "2026-07-17 12:00"])
def test_and_one_with_a_time_of_day_is_counted(engine: duckdb.DuckDBPyConnection, given: str) -> None:
    assert moments(engine, [given], date=True, timezone="America/New_York") == ["refused"]


def test_a_date_without_the_zone_whose_day_it_is_and_an_amount_as_a_date_are_one_sentence_each(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(ValueError, match="date: true needs timezone"):
        moments(engine, ["2026-07-17"], date=True)
    with pytest.raises(SourceError, match="format and timezone are about times"):
        read(engine, "transactions", "amount", {"from": "x", "date": True, "timezone": "America/New_York"})
