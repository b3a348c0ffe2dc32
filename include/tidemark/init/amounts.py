"""How a source writes its numbers, and what its amounts say of their currency."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from include.tidemark.init.names import words
from include.tidemark.init.seen import SeenColumn
from include.tidemark.sources.kinds import Kind

Decimal = Literal[".", ","]
Thousands = Literal[".", ",", " ", "'"]

SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "¥": "JPY",
    "₹": "INR",
    "zł": "PLN",
    "₪": "ILS",
    "₩": "KRW",
    "Fr.": "CHF",
    "kr": "SEK",
}
"""Signs of currencies; those of `SHARED` are of several."""
SHARED = frozenset({"$", "¥", "kr"})
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,' ]*|[+-]?[.,][0-9]+")


@dataclass(frozen=True)
class NumberForm:
    """The signs within numbers."""

    decimal: Decimal = "."
    thousands: Thousands | None = None
    sure: bool = True

    def pattern(self) -> re.Pattern[str]:
        """What a number looks like, as the loader reads it."""
        whole = (
            "[0-9]+" if self.thousands is None else rf"([0-9]{{1,3}}([{self.thousands}][0-9]{{3}})+|[0-9]+)"
        )
        return re.compile(
            rf"[+-]?({whole}([{self.decimal}][0-9]*)?|[{self.decimal}][0-9]+)([eE][+-]?[0-9]+)?"
        )

    def read(self, text: str) -> float | None:
        """The number that a text is."""
        if not self.pattern().fullmatch(text):
            return None
        plain = text.replace(self.thousands, "") if self.thousands else text
        return float(plain.replace(self.decimal, "."))


_GROUPED = NumberForm(".", ",")
_FORMS = (
    NumberForm(), NumberForm(","), _GROUPED, NumberForm(",", "."), NumberForm(".", "'"), NumberForm(",", " "), NumberForm(".", " "),
    NumberForm(",", "'"),
)  # fmt: skip


def number_form(columns: Iterable[SeenColumn]) -> NumberForm:
    """The signs that fit every column of numbers which are text; dots and no groups where nothing says
    otherwise."""
    numeric = [
        bare_amounts(column.values).values for column in columns if column.kind is Kind.TEXT and column.values
    ]
    numeric = [values for values in numeric if all(_NUMBER.fullmatch(value) for value in values)]
    votes = {
        form: sum(all(form.pattern().fullmatch(v) for v in values) for values in numeric) for form in _FORMS
    }
    best = max(_FORMS, key=lambda form: votes[form])  # the first of those that fit as many
    if best == NumberForm(",") and votes[_GROUPED] == votes[best] and _all_in_threes(numeric):
        # 1,234 may be a thousand or a bit more than one; money has two decimals.
        return NumberForm(".", ",", sure=False)
    return best


def _all_in_threes(numeric: Sequence[Sequence[str]]) -> bool:
    """Whether every comma is followed by three digits."""
    decimals = [value.partition(",")[2] for values in numeric for value in values if "," in value]
    return all(len(each) == 3 for each in decimals)


@dataclass(frozen=True)
class Bare:
    """Values without the sign of a currency that each of them has."""

    values: tuple[str, ...]
    sign: str | None = None
    """A symbol or an ISO 4217 code."""
    space: str = ""
    """What stands between sign and number, where it is no plain blank."""


def bare_amounts(values: tuple[str, ...]) -> Bare:
    """The numbers in values such as `€ 12,50` or `12.50 EUR`."""
    found = _sign_or_code().search(values[0]) if values else None
    if found is None or not all(found["sign"] in value for value in values):
        return Bare(values)
    bare = [value.replace(found["sign"], "") for value in values]
    space = next((each for each in "\u00a0\u202f" if any(each in value for value in bare)), "")
    return Bare(
        tuple((value.replace(space, "") if space else value).strip() for value in bare), found["sign"], space
    )


@cache
def _sign_or_code() -> re.Pattern[str]:
    # Three letters before a number are more often an id than a currency, so only codes that are known count.
    known = [*SYMBOLS, *(code.upper() for code in words("currency_codes"))]
    return re.compile(f"(?P<sign>{'|'.join(map(re.escape, known))})")
