"""Names of text encodings, as Python knows them."""

import codecs
from contextlib import suppress
from encodings.aliases import aliases

from include.tidemark.documents.nearest import did_you_mean

_NOT_OF_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})


def known_encoding(value: str) -> str:
    """Python's own name of an encoding that a file may be written in.

    Raises:
        ValueError: there is no such encoding; the message names the nearest.
    """
    if (found := _encoding(value)) is not None:
        return found
    known = [name.replace("_", "-") for name in (*aliases.values(), *aliases) if _encoding(name)]
    raise ValueError(
        f"{value!r} is not an encoding such as utf-8, latin-1, cp1252 or utf-16{did_you_mean(value, known)}"
    )


def _encoding(name: str) -> str | None:
    with suppress(LookupError, ValueError):
        found = codecs.lookup(name)
        if found._is_text_encoding and found.name not in _NOT_OF_FILES:
            return found.name
    return None
