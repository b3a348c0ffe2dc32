"""What charts are made of: numbers with intervals, at a name or at a place of an axis."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Estimate:
    """A number with its interval at one place of an axis; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the number of users."""


@dataclass(frozen=True)
class Point:
    """A number with its interval at a number or date of the horizontal axis; None where there is none."""

    x: float | date
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the period and its fee."""
