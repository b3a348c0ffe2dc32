"""The nearest known name of one that nobody knows."""

import difflib
import re
from collections.abc import Iterable
from typing import Any


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, whatever the case; None where none is like it."""
    by_lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The part of a sentence that asks for the nearest known name; empty where there is none."""
    near = nearest(name, known)
    return f"; did you mean '{near}'?" if near else ""


def did_you_mean_choice(error: Any) -> str:
    """The same for pydantic's error about a value that is not among the choices of its field."""
    if error["type"] not in ("literal_error", "enum") or not isinstance(error["input"], str):
        return ""
    return did_you_mean(error["input"], re.findall(r"'(\w[^']*)'", error["ctx"]["expected"]))
