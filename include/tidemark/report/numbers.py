"""Published numbers as tables and key figures show them: with their interval, their reason and how far to
trust them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from include.tidemark.report import words
from include.tidemark.statistics.results import REASONS, TRUST_LEVELS
from include.tidemark.warehouse.base import Row


@dataclass(frozen=True)
class Number:
    """A number as a cell shows it."""

    value: str
    interval: str
    """`low to high`, or empty."""
    note: str
    """Why it or an end of its interval is missing; empty when there is nothing to say."""
    warns: bool


@dataclass(frozen=True)
class Trust:
    """How far a number can be trusted, as a badge shows it."""

    level: str
    """`ok`, `caution`, `unreliable`, or `none` where there is no number."""
    words: str
    why: str = ""
    """Why it is not `ok`, in a sentence."""


def number(row: Row | None, write: Callable[[Any], str]) -> Number:
    """A row of `runs.statistics` as a cell shows it.

    Args:
        row: None when the run did not compute it.
        write: how to write the estimate and the ends of its interval, for example `words.percent`.
    """
    if row is None:
        return Number(words.DASH, "", "Not computed by this run.", warns=True)
    # The reason of a flag belongs to the flag.
    missing = None in (row["estimate"], row["ci_low"], row["ci_high"])
    note = REASONS.get(row["reason"], row["reason"]) if row["reason"] and missing else ""
    return Number(write(row["estimate"]), interval(row, write), note, warns=bool(note))


def interval(row: Row, write: Callable[[Any], str]) -> str:
    """`low to high`, or empty where one of them is missing; the unit is written once."""
    low, high = (None if row[end] is None else write(row[end]) for end in ("ci_low", "ci_high"))
    return f"{low.removesuffix('%').removesuffix(' pp')} to {high}" if low and high else ""


def behind(row: Row) -> tuple[str, ...]:
    """What stands behind a number, in words: how many it is of, how its interval was made, and how far to
    trust it, and why."""
    flag = trust(row)
    judged = f"{flag.words}: {flag.why}".removesuffix(": ") if row["trust"] else ""
    lacks = (
        "" if row["estimate"] is not None or not row["reason"] else REASONS.get(row["reason"], row["reason"])
    )
    made = (
        words.METHODS.get(row["method"], {}).get("words", "")
        if row["ci_low"] is not None or row["ci_high"] is not None
        else ""
    )
    return (
        f"n = {words.count(row['n'])}" if row["n"] is not None else "",
        made,
        judged.rstrip("."),
        lacks.rstrip("."),
    )


def told_of(row: Row | None, write: Callable[[Any], str], *notes: str) -> str:
    """What a mark tells beside its value: notes, the interval, and what stands behind the number."""
    behind_it = (interval(row, write), *behind(row)) if row else ()
    return ", ".join(part for part in (*notes, *behind_it) if part)


def plain(value: Any, write: Callable[[Any], str]) -> Number:
    """A number without an interval, because it is counted and not estimated."""
    return Number(write(value), "", "", warns=False)


def p_value(row: Row | None) -> Number:
    """The p-value that decides: adjusted for the number of comparisons where it is, and then the note says
    so, and what the report discovers."""
    if row is None or (row["p_value"] is None and row["p_adjusted"] is None):
        return Number(words.DASH, "", "", warns=False)
    adjusted = row["p_adjusted"] is not None
    size = row["family_size"] if adjusted else None
    family = f"of {words.count(size)} comparison{'s' if size > 1 else ''}" if size else ""
    family += ", a discovery" if family and row.get("is_discovery") else ""
    return Number(words.p_value(row["p_adjusted"] if adjusted else row["p_value"]), "", family, warns=False)


def trust(*rows: Row | None) -> Trust:
    """The weakest flag of some rows, in words; methods that do not judge themselves leave none."""
    found: dict[str, str | None] = {row["trust"]: row["reason"] for row in reversed(rows) if row}
    level = next((level for level in reversed(TRUST_LEVELS) if level in found), "none")
    there = any(row and row["estimate"] is not None for row in rows)
    why = found.get(level) if level in TRUST_LEVELS[1:] else None
    named = words.TRUST_WORDS.get(level, "not judged" if there else "no number")
    return Trust(level, named, REASONS.get(why, why) if why else "")


def worst_reason(rows: Iterable[Row | None]) -> str:
    """Why none of the rows holds a number, in words; empty when one does."""
    listed = [row for row in rows if row]
    if not listed:
        return "Not computed by this run."
    if any(row["estimate"] is not None for row in listed):
        return ""
    return next((REASONS.get(row["reason"], row["reason"]) for row in listed if row["reason"]), "")
