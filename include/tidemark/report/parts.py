"""What a family gives to the report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from include.tidemark.report.charts import Facets
from include.tidemark.report.what_changed import Wording

Topic = Literal["trust", "p_values", "odds_ratios", "unfinished_windows", "few_periods", "charts"]
"""What "How to read this" can explain beside intervals and missing numbers."""


@dataclass(frozen=True)
class KeyFigure:
    """One number at the top of a family's part. The first one also stands for the family at the top of the
    page."""

    label: str
    value: str
    note: str
    """How it compares, or why it is missing."""
    facets: Facets = field(default_factory=dict)
    """What it is about, by the page's controls."""
    measure: tuple[str, str | None] | None = None
    """Its metric and segment, by which its change is found; None where it is not compared with earlier
    months."""
    change: str = ""
    """How it changed since the last published month."""


@dataclass(frozen=True)
class Section:
    """One section of a family's part."""

    anchor: str
    """Its name in links, unique within the family; the page puts the family's own before it."""
    title: str
    body: Markup
    """Its first level of headings is h3."""
    files: tuple[str, ...] = ()
    """The files with the numbers of this section, as they are called below the run's folder
    (`data/ltv_by_fee.csv`). Those that the run has not written are left out."""


@dataclass(frozen=True)
class ReportPart:
    """A family's part of the report."""

    title: str
    """Heads the report when the family is the only one, else its chapter."""
    key_figures: tuple[KeyFigure, ...]
    sections: tuple[Section, ...]
    intro: str = ""
    """One or two sentences: the question, and the windows that the family looks at."""
    topics: tuple[Topic, ...] = (
        "trust",
        "p_values",
        "odds_ratios",
        "unfinished_windows",
        "few_periods",
        "charts",
    )
    """What its reader must know beside what an interval is; everything, unless a family names less."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the page's controls call segments that go by a code."""
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    """How "What changed" calls its numbers, by metric; of others it says nothing."""

    @property
    def anchor(self) -> str:
        """The chapter's name in links, and the start of its sections' names: `fee-tiers`,
        `fee-tiers-retention`."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
