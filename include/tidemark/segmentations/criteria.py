"""The words that a shipped segmentation's file says of a condition, with the values of the rules in them."""

import string
from collections.abc import Mapping, Sequence
from typing import Any

from include.tidemark.rules import Rules

Phrases = Mapping[str, Mapping[str, str]]


def filled(text: str, rules: Rules, phrases: Phrases) -> str:
    """The text with rules for their names: `{name}` a number or its phrase, `{name:money}` an amount,
    `{name:minus}` the number without its minus, `{name:next}` the whole number after it, `{name:ordinal}` a
    share as the ordinal of a percentile."""
    return _Words(rules, phrases).format(text)


class _Words(string.Formatter):
    def __init__(self, rules: Rules, phrases: Phrases) -> None:
        self._rules, self._phrases = rules, phrases

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the formatter's signature
        value = getattr(self._rules, str(key))
        named = self._phrases.get(str(key))
        return named[str(value).lower()] if named else value

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "money":
            return self._rules.money.write(value)
        if format_spec == "ordinal":
            return _ordinal(value)
        if isinstance(value, str):
            return value
        if format_spec == "next":
            return str(value + 1)
        return f"{-value if format_spec == 'minus' else value:g}"


def _ordinal(share: float) -> str:
    """A share as the ordinal of a percentile.

    >>> _ordinal(0.95), _ordinal(0.3), _ordinal(0.925), _ordinal(0.81)
    ('95th', '30th', '92.5th', '81st')
    """
    number = f"{100 * share:.6g}"
    ending = {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    if "." in number or number[-2:] in ("11", "12", "13"):
        ending = "th"
    return f"{number}{ending}"
