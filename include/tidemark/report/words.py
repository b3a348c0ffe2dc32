"""Numbers and dates as the report writes them."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from include.tidemark.currency import Currency

DASH = "\u2013"
_MINUS = "\u2212"

TRUST_WORDS = {
    "ok": "reliable",
    "caution": "with caution",
    "unreliable": "unreliable",
}


METHODS: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "methods.yml").read_text(encoding="utf-8")
)
"""How intervals are made: method -> its `words` and its `meaning`."""


def zone(name: str) -> str:
    """A time zone of the IANA list as people say it.

    >>> zone("America/New_York"), zone("Etc/GMT+5"), zone("UTC")
    ('New York', 'UTC−5', 'UTC')
    """  # noqa: RUF002
    if name.startswith("Etc/GMT") and name[7:].lstrip("+-").isdigit():
        hours = -int(name[7:])  # the list counts the hours that UTC is ahead
        return _signed(f"UTC{hours:+d}") if hours else "UTC"
    return name.rpartition("/")[2].replace("_", " ")


def day(value: date) -> str:
    """A date in words.

    >>> day(date(2026, 11, 1))
    '1 November 2026'
    """
    return f"{value.day} {value:%B %Y}"


def short_day(value: date) -> str:
    """A date as an axis shows it: the month alone when it is its first day.

    >>> short_day(date(2026, 11, 1)), short_day(date(2026, 11, 15))
    ('Nov 2026', '15 Nov 2026')
    """
    return f"{value:%b %Y}" if value.day == 1 else f"{value.day} {value:%b %Y}"


def count(value: int | None) -> str:
    """A whole number with thousands separators."""
    return DASH if value is None else _signed(f"{int(value):,}")


def percent(share: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 in per cent.

    >>> percent(0.1234), percent(None)
    ('12.3%', '–')
    """  # noqa: RUF002
    return DASH if share is None else _signed(f"{share * 100:z.{digits}f}%")


def money(amount: float | Decimal | None, currency: Currency) -> str:
    """An amount with three or more significant digits, short enough for a table.

    >>> from include.tidemark.currency import currency_named
    >>> [money(amount, currency_named("USD")) for amount in (12.345, 1234.6, 2_345_678, -0.5)]
    ['$12.35', '$1,235', '$2.35M', '−$0.50']
    """  # noqa: RUF002
    if amount is None:
        return DASH
    size = abs(float(amount))
    digits = f"{size:,.{0 if size >= 100 else currency.decimals}f}"
    for limit, unit in ((1e6, "M"), (1e9, "B")):
        if size >= limit:
            digits = f"{size / limit:,.2f}{unit}"
    return f"{_MINUS if amount < 0 else ''}{currency.prefix}{digits}"


def money_in(currency: Currency) -> Callable[[float | Decimal | None], str]:
    """What writes amounts of a currency, for tables that hold amounts beside shares and counts."""
    return partial(money, currency=currency)


def number(value: float | None, digits: int = 3) -> str:
    """A number with that many significant digits, whole numbers with all of theirs.

    >>> number(12), number(12345), number(0.12345), number(-3.14159), number(None)
    ('12', '12,345', '0.123', '−3.14', '–')
    """  # noqa: RUF002
    if value is None:
        return DASH
    if float(value).is_integer() or abs(value) >= 10**digits:
        return _signed(f"{value:,.0f}")
    return _signed(f"{value:.{digits}g}")


def bps(value: float | None) -> str:
    """Basis points.

    >>> bps(25), bps(2.5)
    ('25 bps', '2.5 bps')
    """
    return DASH if value is None else _signed(f"{value:g} bps")


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of two shares in percentage points, with its sign.

    >>> points(-0.0123), points(0.05), points(-0.0001)
    ('−1.2 pp', '+5.0 pp', '+0.0 pp')
    """  # noqa: RUF002
    return DASH if difference is None else _signed(f"{difference * 100:+z.{digits}f} pp")


def p_value(value: float | None) -> str:
    """A p-value; very small ones by their bound.

    >>> p_value(0.0421), p_value(0.00001)
    ('0.042', '< 0.001')
    """
    if value is None:
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def ratio(value: float | None) -> str:
    """A ratio with two decimals."""
    return DASH if value is None else f"{value:.2f}"


def difference(value: float | None) -> str:
    """A difference of two ratios, with its sign.

    >>> difference(-0.123), difference(0.4)
    ('−0.12', '+0.40')
    """  # noqa: RUF002
    return DASH if value is None else _signed(f"{value:+.2f}")


def change(now: Any, before: Any) -> str | None:
    """How far `now` is from `before`, in per cent with a sign; None where that has no meaning.

    >>> change(110, 100), change(90, 100), change(5, 0)
    ('+10.0%', '−10.0%', None)
    """  # noqa: RUF002
    if now is None or not before or before < 0:
        return None
    return _signed(f"{(float(now) / float(before) - 1) * 100:+.1f}%")


def _signed(text: str) -> str:
    return text.replace("-", _MINUS)
