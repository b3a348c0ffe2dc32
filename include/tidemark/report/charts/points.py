"""What charts are made of: numbers with intervals, at a name or at a place of an axis."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from include.tidemark.report.charts.drawing import Facets
from include.tidemark.report.numbers import behind


@dataclass(frozen=True)
class Estimate:
    """A number with its interval at one place of an axis; None where there is none."""

    label: str
    value: float | None
    low: float | None
    high: float | None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the number of users."""
    weak: bool = False
    """Whether the number is to be read with caution or not at all: it is drawn hollow, its interval
    dashed."""
    facets: Facets = field(default_factory=dict)

    @classmethod
    def of(cls, label: str, row: Mapping[str, Any] | None, note: str = "", **facets: str | float) -> Self:
        """A row of `runs.statistics` with all that its reader should be told; None where there is no row."""
        return cls(label, *_ends(row), _told(note, row), is_weak(row), facets)


@dataclass(frozen=True)
class Point:
    """A number with its interval at a number or date of the horizontal axis; None where there is none."""

    x: float | date
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    """Told with the number where a pointer rests on it, for example the period and its fee."""
    weak: bool = False
    """Whether the number is to be read with caution or not at all: it is drawn hollow."""
    facets: Facets = field(default_factory=dict)
    """A date of the axis need not be said again."""

    @classmethod
    def of(
        cls, x: float | date, row: Mapping[str, Any] | None, note: str = "", **facets: str | float
    ) -> Self:
        """A row of `runs.statistics` with all that its reader should be told; None where there is no row."""
        return cls(x, *_ends(row), _told(note, row), is_weak(row), facets)


def _ends(row: Mapping[str, Any] | None) -> tuple[float | None, float | None, float | None]:
    return (row["estimate"], row["ci_low"], row["ci_high"]) if row else (None, None, None)


def _told(note: str, row: Mapping[str, Any] | None) -> str:
    return ", ".join(part for part in (note, *(behind(dict(row)) if row else ())) if part)


def is_weak(row: Mapping[str, Any] | None) -> bool:
    """Whether a row of `runs.statistics` is to be read with caution or not at all."""
    return row is not None and row["trust"] in ("caution", "unreliable")
