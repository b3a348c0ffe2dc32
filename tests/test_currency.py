"""The deployment's currency: how amounts, names and words are written, held against babel's own writing."""

import re

import pytest
from babel.numbers import format_currency

from include.tidemark.currency import currency_named
from include.tidemark.errors import SettingsError
from include.tidemark.report import words
from include.tidemark.rules import load_rules

SIGNS = ("USD", "EUR", "GBP", "JPY", "INR", "CAD", "BRL", "KRW")


def refused(tmp_path, text):
    file = tmp_path / "rules.yml"
    file.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_rules(file, environ={})
    return str(caught.value)


def loaded(tmp_path, text):
    file = tmp_path / "rules.yml"
    file.write_text(text + "\n", encoding="utf-8")
    return load_rules(file, environ={}).money


@pytest.mark.parametrize("code", SIGNS)
@pytest.mark.parametrize("amount", [0, 12, 5000, -1499, 1_234_567])
def test_a_whole_amount_is_written_as_babel_writes_it_without_decimals(code, amount):
    wanted = re.sub(r"\.00$", "", format_currency(amount, code, locale="en"))
    assert currency_named(code).write(amount) == wanted


@pytest.mark.parametrize("code", ["USD", "EUR", "CAD"])
@pytest.mark.parametrize("amount", [99.5, -1499.5, 0.01, 4999.99])
def test_an_amount_with_decimals_is_written_as_babel_writes_it(code, amount):
    assert currency_named(code).write(amount) == format_currency(amount, code, locale="en")


@pytest.mark.parametrize("code", ["CHF", "SEK", "UAH"])
def test_a_code_that_stands_for_a_symbol_is_set_apart_by_a_space_that_does_not_break(code):
    assert currency_named(code).write(-5000) == f"-{code}\N{NO-BREAK SPACE}5,000"
    assert currency_named(code, "kr.").write(12.5) == "kr.\N{NO-BREAK SPACE}12.50"


def test_a_yen_has_no_decimals_unless_a_threshold_has():
    yen = currency_named("JPY")
    assert (yen.write(20_000), yen.write(99.5)) == ("¥20,000", "¥99.50")
    assert [words.money(amount, yen) for amount in (12.4, 1234.6, 2_345_678, -0.6, None)] == [
        "¥12",
        "¥1,235",
        "¥2.35M",
        "\N{MINUS SIGN}¥1",
        "\N{EN DASH}",
    ]


def test_the_rules_decide_symbol_and_decimals_where_they_say_them(tmp_path):
    assert loaded(tmp_path, "currency: SEK\ncurrency_symbol: kr\ncurrency_decimals: 0").write(12) == (
        "kr\N{NO-BREAK SPACE}12"
    )
    assert loaded(tmp_path, "currency: HUF\ncurrency_decimals: 0").decimals == 0


def test_nothing_is_said_otherwise_than_inside_where_the_currency_is_the_us_dollar(tmp_path):
    dollar = load_rules(None, environ={}).money
    text = "Net spend in US dollars, rounded to the cent; log(volume in dollars + 1); US cents."
    assert (dollar.words(text), dollar.name("volume_usd")) == (text, "volume_usd")
    assert dollar.plural == "US dollars"


@pytest.mark.parametrize(
    ("code", "inside", "said"),
    [
        ("EUR", "in US dollars, rounded to the cent", "in euros, rounded to two decimals"),
        ("GBP", "log(volume in dollars + 1)", "log(volume in British pounds + 1)"),
        ("CAD", "Sum in US dollars.", "Sum in Canadian dollars."),
        ("EUR", "Fees in US cents", "Fees in hundredths of one euro"),
        ("JPY", "hundredths of a US cent", "ten-thousandths of one Japanese yen"),
    ],
)
def test_words_name_the_currency(code, inside, said):
    assert currency_named(code).words(inside) == said


def test_only_names_that_end_in_usd_are_renamed():
    euro = currency_named("EUR")
    names = ("btc_usd", "effect_5bps_log_volume_usd", "volume_share", "usd", "usd_rate")
    assert [euro.name(name) for name in names] == [
        "btc_eur",
        "effect_5bps_log_volume_eur",
        "volume_share",
        "usd",
        "usd_rate",
    ]


def test_a_code_that_does_not_exist_is_refused_with_the_nearest(tmp_path):
    said = refused(tmp_path, "currency: XXL")
    assert "Rule 'currency'" in said
    assert "'XXL' is not the ISO 4217 code of a currency" in said
    assert "did you mean EUR?" in refused(tmp_path, "currency: eur")


@pytest.mark.parametrize("more", ["", "\ncurrency_decimals: 2"])
def test_a_currency_of_three_decimals_is_refused_with_the_reason(tmp_path, more):
    assert "KWD has amounts of 3 decimals, and sums are kept in hundredths" in refused(
        tmp_path, f"currency: KWD{more}"
    )


@pytest.mark.parametrize(
    "line",
    [
        "currency_symbol: ''",
        "currency_symbol: 'a b'",
        "currency_symbol: '1'",
        'currency_symbol: "\'"',
        "currency_symbol: '<b>'",
        "currency_symbol: '-'",
        "currency_symbol: toolong",
        "currency_decimals: 3",
        "currency_decimals: '2'",
        "currency: null",
    ],
)
def test_what_is_no_symbol_and_no_number_of_decimals_is_refused_by_name(tmp_path, line):
    assert f"Rule '{line.split(':')[0]}'" in refused(tmp_path, line)
