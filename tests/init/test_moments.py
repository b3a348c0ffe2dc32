"""Formats of times: found where all values keep one, and said to be unsure where two fit."""

from datetime import datetime

import pytest

from include.tidemark.init.moments import moments_of
from include.tidemark.sources.kinds import Kind


def of(*values: str, kind: Kind = Kind.TEXT, dialect: str = "duckdb"):
    return moments_of(values, kind, dialect)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (("31.01.2026", "01.02.2026"), "%d.%m.%Y"),
        (("31.01.26", "01.02.26"), "%d.%m.%y"),
        (("31.01.2026 7:05", "01.02.2026 17:05"), "%d.%m.%Y %H:%M"),
        (("31.01.2026, 17:05 Uhr",), "%d.%m.%Y, %H:%M Uhr"),
        (("01/31/2026 5:05 PM", "02/01/2026 11:05 AM"), "%m/%d/%Y %I:%M %p"),
        (("01/31/2026 05:05:09PM",), "%m/%d/%Y %I:%M:%S%p"),
        (("31/01/2026 17:05:09.123",), "%d/%m/%Y %H:%M:%S.%f"),
        (("2026/01/31",), "%Y/%m/%d"),
        (("20260131", "20251231"), "%Y%m%d"),
        (("Jan 31, 2026", "Feb 1, 2026"), "%b %d, %Y"),
        (("31-Jan-2026",), "%d-%b-%Y"),
        (("31. January 2026",), "%d. %B %Y"),
        (("1767225600", "1769904000"), "epoch_seconds"),
        (("1767225600000",), "epoch_milliseconds"),
        (("1767225600000000",), "epoch_microseconds"),
    ],
)
def test_the_format_that_fits_every_value_is_found(values, form):
    found = of(*values)
    assert found is not None and found.format == form and found.swapped is None


@pytest.mark.parametrize(
    "values",
    [
        ("31.01.2026", "31.01.2026 10:00"),
        ("31/01/2026", "01/31/2026"),
        ("31.02.2026",),
        ("12345678",),
        ("2026-13-01",),
        ("10:30",),
        ("yesterday", "31.01.2026"),
        ("7", "12"),
        (),
    ],
)
def test_values_of_two_forms_or_of_none_have_no_format(values):
    assert of(*values) is None


def test_a_day_that_could_be_a_month_is_said_to_be_unsure():
    found = of("01/02/2026", "03/04/2026")
    assert (found.format, found.swapped) == ("%d/%m/%Y", "%m/%d/%Y")
    assert of("01/02/2026", "03/14/2026").swapped is None
    assert of("01.02.2026", "03.04.2026").swapped is None  # nobody writes months first with dots


@pytest.mark.parametrize(
    ("values", "zoned", "mixed"),
    [
        (("2026-01-31T10:00:00Z", "2026-01-31 10:00:00.123+02:00"), True, False),
        (("2026-01-31 10:00:00 -0500",), True, False),
        (("2026-01-31 10:00", "2026-01-31T10:00:00.5"), False, False),
        (("2026-01-31 10:00", "2026-01-31 10:00Z"), False, True),
    ],
)
def test_iso_8601_needs_no_format_where_duckdb_reads_it_and_its_zone_is_seen(values, zoned, mixed):
    found = of(*values)
    assert (found.format, found.zoned, found.mixed, found.days_only) == (None, zoned, mixed, False)


def test_snowflake_is_told_the_format_of_iso_8601_too():
    assert of("2026-01-31 10:00:00", dialect="snowflake").format == "%Y-%m-%d %H:%M:%S"
    assert of("2026-01-31", dialect="snowflake").format == "%Y-%m-%d"


def test_an_offset_behind_another_date_is_read_as_one():
    found = of("31.01.2026 10:00 +0100")
    assert (found.format, found.zoned) == ("%d.%m.%Y %H:%M %z", True)


def test_days_are_told_from_moments_and_the_last_one_is_kept():
    assert of("2026-01-31", "2026-03-01").days_only
    assert of("31.01.2026", "01.03.2026").span == (datetime(2026, 1, 31), datetime(2026, 3, 1))
    typed = of("2026-01-31 00:00:00", "2026-03-01 00:00:00", kind=Kind.TIMESTAMP)
    assert (
        typed.days_only
        and typed.span == (datetime(2026, 1, 31), datetime(2026, 3, 1))
        and typed.format is None
    )
    assert of("2026-01-31 10:00:00+00", kind=Kind.ZONED).zoned


def test_numbers_of_the_warehouse_are_times_only_where_they_are_seconds_of_our_years():
    assert of("1767225600", kind=Kind.INTEGER).is_epoch
    assert of("20260131", kind=Kind.INTEGER) is None
    assert of("12.5", kind=Kind.NUMBER) is None
