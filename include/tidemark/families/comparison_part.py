"""What the comparison with earlier months asks of a family."""

from collections.abc import Sequence
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.warehouse.base import Warehouse

COMPARISONS = ("previous", "year_before")


class ComparisonPart(Protocol):
    """The module `comparison` of a family: how its numbers changed."""

    def changes(self, run: Run, warehouse: Warehouse, /) -> Sequence[ChangeRow]:
        """The change of each number since each of the earlier months; null with a reason where there is none."""
        ...


COMPARISON: Part[ComparisonPart] = Part("comparison", "include.tidemark.families.comparison_part")


def changes(name: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """Of a family that has no such module: none."""
    return []


def earlier_run(run: Run, family: str, comparison: str) -> PublishedRun | None:
    """The publication that a comparison measures a family's changes from."""
    return run.previous_of(family) if comparison == "previous" else run.year_before_of(family)
