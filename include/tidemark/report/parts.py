"""What a family gives to the report."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class KeyFigure:
    """One number at the top of the report."""

    label: str
    value: str
    note: str
    """How it compares, or why it is missing."""


@dataclass(frozen=True)
class Section:
    """One section of the report's body."""

    anchor: str
    title: str
    body: Markup


@dataclass(frozen=True)
class ReportPart:
    """A family's part of the report."""

    title: str
    """Heads the report when the family is the only one."""
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
