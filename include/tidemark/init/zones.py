"""Where a business is at home, as far as its customers' countries tell it: its time zone and its currency."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

_MOST_OF_THEM = 0.6


def zone_of_countries(values: Iterable[str]) -> tuple[str, str] | None:
    """The zone that most people live in, and the country that it is of; None where the countries do not tell
    it.

    Args:
        values: a country for each person, by its code or its English or German name.
    """
    country = _country_of_most(values, _offsets)
    return (_zones(country)[0], country) if country else None


def currency_of_countries(values: Iterable[str]) -> tuple[str, str] | None:
    """The currency that most people pay in at home, and the country that it is of."""
    country = _country_of_most(values, _currency)
    currency = _currency(country) if country else None
    return (currency, country) if country and currency else None


def _country_of_most(values: Iterable[str], having: Callable[[str], Hashable]) -> str | None:
    """The most frequent country, where most people's countries have the same of something as it."""
    counts = Counter(code for value in values if (code := _code(value)) is not None)
    if not counts:
        return None
    ((country, _),) = counts.most_common(1)
    found = having(country)
    alike = sum(number for code, number in counts.items() if having(code) == found)
    return country if found and alike >= _MOST_OF_THEM * counts.total() else None


def _code(value: str) -> str | None:
    text = value.strip()
    return text.upper() if _zones(text.upper()) else _codes_by_name().get(text.lower())


@cache
def _codes_by_name() -> dict[str, str]:
    from babel import Locale

    return {
        str(name).lower(): code
        for language in ("de", "en")
        for code, name in Locale(language).territories.items()
        if len(code) == 2
    }


@cache
def _zones(country: str) -> tuple[str, ...]:
    from babel.core import get_global

    return tuple(get_global("territory_zones").get(country, ()))


@cache
def _offsets(country: str) -> Hashable:
    """Winter and summer time of a country; None where its zones differ."""
    found = {
        tuple(datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() for month in (1, 7))
        for zone in _zones(country)
    }
    return found.pop() if len(found) == 1 else None


@cache
def _currency(country: str) -> str | None:
    from babel.numbers import get_territory_currencies

    return next(iter(get_territory_currencies(country)), None)
