"""Numbers as cells show them: with their interval, or with the reason why there is none."""

import pytest

from include.tidemark.report.numbers import (
    Number,
    Trust,
    interval,
    number,
    p_value,
    plain,
    trust,
    worst_reason,
)
from include.tidemark.report.words import count, money_in, percent, points
from tests.report.fabricated import DOLLAR, row


def test_a_number_stands_with_its_interval_and_the_unit_once():
    assert number(row(0.123, 0.1, 0.15), percent) == Number("12.3%", "10.0 to 15.0%", "", warns=False)
    assert interval(row(0.01, -0.01, 0.03), points) == "\u22121.0 to +3.0 pp"
    assert interval(row(12.0, 10.0, 15.0), money_in(DOLLAR)) == "$10.00 to $15.00"


def test_an_interval_with_one_end_is_not_written_as_an_interval():
    assert number(row(2.0, 1.0, None, reason="unbounded_interval"), count) == Number(
        "2", "", "The data put no bound on one end of the interval.", warns=True
    )


def test_a_missing_number_is_a_dash_with_its_reason():
    shown = number(row(None, reason="too_few_users"), percent)
    assert shown == Number("\u2013", "", "Fewer users than the minimum sample size.", warns=True)


def test_a_row_that_was_never_computed_says_so():
    assert number(None, percent).note == "Not computed by this run."
    assert worst_reason([None]) == "Not computed by this run."


def test_a_count_has_no_interval_and_no_doubt():
    assert plain(1234, count) == Number("1,234", "", "", warns=False)


def test_the_adjusted_p_value_is_shown_with_the_size_of_its_family():
    shown = p_value(row(1.0, p_value=0.001, p_adjusted=0.012, family_size=12))
    assert (shown.value, shown.note) == ("0.012", "of 12 comparisons")


def test_an_unadjusted_p_value_is_shown_as_it_is():
    assert p_value(row(1.0, p_value=0.0004)) == Number("< 0.001", "", "", warns=False)
    assert p_value(row(1.0)).value == "\u2013"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("ok", "ok"), Trust("ok", "reliable")),
        (("ok", "caution"), Trust("caution", "with caution")),
        (("unreliable", "caution", None), Trust("unreliable", "unreliable")),
        ((None,), Trust("none", "not judged")),
    ],
)
def test_the_weakest_flag_decides(levels, expected):
    assert trust(*(row(1.0, trust=level) for level in levels)) == expected


def test_a_flag_that_warns_says_why_and_the_number_beside_it_does_not_repeat_it():
    warned = row(1.0, 0.5, 2.0, trust="caution", reason="few_users")
    assert number(warned, count).note == ""
    assert trust(row(1.0, trust="ok"), warned).why.startswith("So few users")
    assert trust(row(1.0, trust="ok")).why == ""


def test_where_there_is_no_number_there_is_no_trust():
    assert trust(row(None, reason="too_few_users"), None) == Trust("none", "no number")


def test_one_number_is_enough_to_have_something_to_show():
    assert not worst_reason([row(None, reason="too_few_users"), row(1.0)])
    assert (
        worst_reason([row(None, reason="too_few_users"), None]) == "Fewer users than the minimum sample size."
    )
