"""What columns are called elsewhere, and how much a name speaks for one of them."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from include.tidemark.yaml_reading import read_yaml

VOCABULARY = Path(__file__).with_name("vocabulary.yml")

Synonyms = tuple[str, ...]

SURE = 0.8
"""Score from which a name says one of the synonyms as a whole."""

_PART = 0.6
_LATER = 0.2
"""How much less the last of the synonyms speaks than the first."""
_SHORTEST_PART = 3
_PAIRS = {
    "user_id": ("people", "ids"),
    "transaction_id": ("purchases", "ids"),
    "transaction_at": ("purchases", "moments"),
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_UNITS = frozenset({"cents", "cent", "minor", "pence"})


@cache
def vocabulary() -> Mapping[str, Any]:
    """The words of `vocabulary.yml`."""
    content: dict[str, Any] = read_yaml(VOCABULARY.read_text(encoding="utf-8"))
    return content


@cache
def words(*keys: str) -> Synonyms:
    """One list of words."""
    found: Any = vocabulary()
    for key in keys:
        found = found[key]
    return tuple(str(found).split())


@cache
def synonyms(table: str, column: str) -> Synonyms:
    """What a column of the contract may be called, the likeliest first."""
    first, second = _PAIRS.get(column, ("", ""))
    pairs = [one + other for other, one in product(words(second), words(first))] if first else []
    return (*pairs, *words("columns", table, column))


def tokens(name: str) -> list[str]:
    """The words of a name, in lower case and without umlauts.

    >>> tokens("customerID"), tokens("Bestell-Nr."), tokens("Created (UTC)"), tokens("E-Mail")
    (['customer', 'id'], ['bestell', 'nr'], ['created', 'utc'], ['email'])
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name.translate(_UMLAUTS))
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    return re.sub(r"\be mail", "email", " ".join(re.findall(r"[a-z0-9]+", spaced.lower()))).split()


def joined(name: str) -> str:
    """A name without whatever stands between its words.

    >>> joined("Order No"), joined("_airbyte_extracted_at")
    ('orderno', 'airbyteextractedat')
    """
    return "".join(tokens(name))


def is_one_of(name: str, *keys: str) -> bool:
    """Whether a name is a word of a list."""
    return joined(name) in words(*keys)


def currency_in(name: str) -> str | None:
    """The currency that a column's name says.

    >>> currency_in("total_eur"), currency_in("Betrag (Euro)"), currency_in("total"), currency_in("sek")
    ('EUR', 'EUR', None, None)
    """
    found, written = tokens(name), vocabulary()["currency_words"]
    code = next((word.upper() for word in found[1:] if word in words("currency_codes")), None)
    return code or next((str(written[word]) for word in found if word in written), None)


def is_in_cents(name: str) -> bool:
    """Whether a name says hundredths."""
    return bool(_UNITS & set(tokens(name)))


def name_score(name: str, known: Synonyms) -> float:
    """How much a name speaks for one of the synonyms, from 0 to 1; the first synonyms speak a little more.

    >>> name_score("Customer ID", ("customerid",)), 0 < name_score("default_customer_id", ("customerid",)) < SURE
    (1.0, True)
    """  # noqa: W505
    exact = {joined(name), _without_unit(name)}
    for position, synonym in enumerate(known):
        if synonym in exact:
            return 1 - _LATER * position / len(known)
    found = tokens(name)
    parts = {
        "".join(found[start:end]) for start in range(len(found)) for end in range(start + 1, len(found) + 1)
    }
    for position, synonym in enumerate(known):
        if synonym in parts and len(synonym) >= _SHORTEST_PART:
            return _PART - _LATER * position / len(known)
    return 0.0


def _without_unit(name: str) -> str:
    units = {*words("currency_codes"), *vocabulary()["currency_words"], *_UNITS, "utc", "gmt"}
    return "".join(word for word in tokens(name) if word not in units)
