"""What charts are made of: numbers with intervals, at a name or at a place of an axis."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self


@dataclass(frozen=True)
class Estimate:
    """A number with its interval at one place of an axis; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the number of users."""

    @classmethod
    def of(cls, label: str, row: Mapping[str, Any] | None, note: str = "") -> Self:
        """A row of `runs.statistics`; None where there is no row."""
        return cls(label, *_ends(row), note)


@dataclass(frozen=True)
class Point:
    """A number with its interval at a number or date of the horizontal axis; None where there is none."""

    x: float | date
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the period and its fee."""

    @classmethod
    def of(cls, x: float | date, row: Mapping[str, Any] | None, note: str = "") -> Self:
        """A row of `runs.statistics`; None where there is no row."""
        return cls(x, *_ends(row), note)


def _ends(row: Mapping[str, Any] | None) -> tuple[float | None, float | None, float | None]:
    return (row["estimate"], row["ci_low"], row["ci_high"]) if row else (None, None, None)
