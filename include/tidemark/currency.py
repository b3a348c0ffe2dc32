"""The deployment's currency: how its amounts are written, and what names and words say where the project says
US dollars.

Inside the project everything is called as in US dollars (`volume_usd`, "in US dollars"), whatever the
currency is: no model and no statistic converts an amount. What is published passes through `Currency.name`
and `Currency.words`.
"""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

MOST_DECIMALS = 2
"""Sums are kept in hundredths of the currency."""

_INSIDE = "USD"
"""The code of the currency that the project's own names and words are written in."""
_LOCALE = "en"
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Currency:
    """A currency as published files, the report and the definitions write it; `currency_named` makes one."""

    code: str
    """ISO 4217, upper case."""
    symbol: str
    """Stands before an amount: a sign, or the code where there is none."""
    decimals: int
    """Digits after the point of an amount, 0 to 2."""
    singular: str
    """English name of one unit, such as `euro`."""
    plural: str
    """English name of several, such as `euros`."""

    @property
    def prefix(self) -> str:
        """The symbol as it stands before the digits: letters and stops are set apart, signs are not."""
        is_sign = unicodedata.category(self.symbol[-1]).startswith("S")
        return self.symbol if is_sign else self.symbol + _NO_BREAK_SPACE

    def write(self, amount: float) -> str:
        """An amount as people write it, with the decimals that it needs.

        >>> currency_named("USD").write(5000), currency_named("EUR").write(-1499.5), currency_named("JPY").write(20000)
        ('$5,000', '-€1,499.50', '¥20,000')
        """  # noqa: W505
        decimals = self.decimals if round(amount, self.decimals) == amount else MOST_DECIMALS
        digits = f"{abs(amount):,.{decimals}f}".removesuffix("." + "0" * decimals)
        return f"{'-' if amount < 0 else ''}{self.prefix}{digits}"

    def name(self, inside: str) -> str:
        """The published name of a column or metric: one that ends in `_usd` ends in the code of the currency.

        >>> currency_named("EUR").name("volume_usd"), currency_named("EUR").name("volume_share")
        ('volume_eur', 'volume_share')
        """
        ending = f"_{_INSIDE.lower()}"
        return inside.removesuffix(ending) + f"_{self.code.lower()}" if inside.endswith(ending) else inside

    def words(self, text: str) -> str:
        """A text of the project, such as a column's description, with this currency for US dollars.

        >>> currency_named("EUR").words("Net spend in US dollars."), currency_named("EUR").words("Sum in US cents.")
        ('Net spend in euros.', 'Sum in hundredths of one euro.')
        """  # noqa: W505
        if self.code == _INSIDE:
            return text
        text = re.sub(r"\b(?:hundredths of a )?US cents?\b", self._of_cents, text)
        text = text.replace("rounded to the cent", "rounded to two decimals")
        return re.sub(r"\b(?:US )?dollars\b", self.plural, text)

    def _of_cents(self, found: re.Match[str]) -> str:
        part = "ten-thousandths" if found[0].startswith("hundredths") else "hundredths"
        return f"{part} of one {self.singular}"


def is_currency(code: str) -> bool:
    """Whether a code of ISO 4217 has this name."""
    from babel.numbers import list_currencies  # as below

    return code in list_currencies()


@lru_cache(maxsize=16)
def currency_named(code: str, symbol: str | None = None, decimals: int | None = None) -> Currency:
    """The currency of an ISO 4217 code; symbol and decimals are those of Unicode's CLDR in English unless
    they are given.

    Raises:
        ValueError: there is no such code, or the currency has more decimals than sums are kept in.
    """
    # Rules are on the import path of the DAGs, which have no use for a locale's data.
    from babel.numbers import (
        get_currency_name,
        get_currency_precision,
        get_currency_symbol,
        list_currencies,
    )

    known = list_currencies()
    if code not in known:
        near = difflib.get_close_matches(code.upper(), sorted(known), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{code!r} is not the ISO 4217 code of a currency, such as EUR{hint}")
    if (precision := get_currency_precision(code)) > MOST_DECIMALS:
        raise ValueError(
            f"{code} has amounts of {precision} decimals, and sums are kept in hundredths; use a currency of two decimals"
            " or fewer"
        )
    return Currency(
        code=code,
        symbol=symbol or get_currency_symbol(code, locale=_LOCALE),
        decimals=precision if decimals is None else decimals,
        singular=get_currency_name(code, count=1, locale=_LOCALE),
        plural=get_currency_name(code, count=2, locale=_LOCALE),
    )
