"""Signs within numbers, and around amounts."""

import pytest

from include.tidemark.init.amounts import NumberForm, bare_amounts, number_form
from include.tidemark.init.seen import SeenColumn
from include.tidemark.sources.kinds import Kind


def form(*columns: tuple[str, ...]) -> NumberForm:
    return number_form([SeenColumn(f"c{n}", Kind.TEXT, values) for n, values in enumerate(columns)])


@pytest.mark.parametrize(
    ("values", "decimal", "thousands"),
    [
        (("12.50", "3"), ".", None),
        (("12,50", "3"), ",", None),
        (("1.234,50", "3,00"), ",", "."),
        (("1,234.50", "3.00"), ".", ","),
        (("1'234.50", "3.00"), ".", "'"),
        (("1 234,50", "3,00"), ",", " "),
        (("-12,50 €", "€3"), ",", None),
        (("7", "12"), ".", None),
    ],
)
def test_the_signs_that_fit_every_number_are_found(values, decimal, thousands):
    found = form(values)
    assert (found.decimal, found.thousands, found.sure) == (decimal, thousands, True)


def test_a_comma_before_three_digits_everywhere_is_taken_for_thousands_and_said_to_be_unsure():
    found = form(("1,234", "2,500"))
    assert (found.decimal, found.thousands, found.sure) == (".", ",", False)
    assert form(("1,234", "2,5")).decimal == ","


def test_another_column_tells_what_one_leaves_open():
    assert form(("1,234", "2,500"), ("0,5",)) == NumberForm(",")


def test_dates_versions_and_words_have_no_vote():
    assert form(("31.01.2026",), ("1.2.3",), ("free",), ("12,50",)) == NumberForm(",")


@pytest.mark.parametrize(
    ("values", "bare", "sign", "space"),
    [
        (("12,50 €", "3,00 €"), ("12,50", "3,00"), "€", ""),
        (("$12.50", "-$3"), ("12.50", "-3"), "$", ""),
        (("EUR 12.50",), ("12.50",), "EUR", ""),
        (("12,50\u00a0€",), ("12,50",), "€", "\u00a0"),
        (("12,50 €", "3,00 $"), ("12,50 €", "3,00 $"), None, ""),
        (("12.50",), ("12.50",), None, ""),
        (("ORD12", "ORD13"), ("ORD12", "ORD13"), None, ""),
        ((), (), None, ""),
    ],
)
def test_a_currency_s_sign_is_taken_off_where_every_value_has_it(values, bare, sign, space):
    found = bare_amounts(values)
    assert (found.values, found.sign, found.space) == (bare, sign, space)
