"""What the comparison with earlier months asks of a family, and what families whose users are paired have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change_rows import ChangeRow, Measured, rows_of
from include.tidemark.statistics.pairs import SUMS, PairCells
from include.tidemark.warehouse.base import Row, Warehouse

COMPARISONS = ("previous", "year_before")
"""The last published month, and the same day a year before."""


class ComparisonPart(Protocol):
    """The module `comparison` of a family: how its numbers changed."""

    def changes(self, run: Run, warehouse: Warehouse, /) -> Sequence[ChangeRow]:
        """The change of each number since each of the earlier months; null with a reason where there is none."""
        ...


COMPARISON: Part[ComparisonPart] = Part("comparison", "include.tidemark.families.comparison_part")


def changes(family: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """Of a family that has no such module: none."""
    return []


def earlier_run(run: Run, family: str, comparison: str) -> PublishedRun | None:
    """The publication that a comparison measures a family's changes from."""
    return run.previous_of(family) if comparison == "previous" else run.year_before_of(family)


def compared(run: Run, family: str, measured: Callable[[str], Iterable[Measured]]) -> list[ChangeRow]:
    """The rows of a family in each comparison, in which `measured` gives its changes."""
    return [
        row
        for comparison in COMPARISONS
        for row in rows_of(
            measured(comparison),
            run.statistics_config,
            comparison,
            run.rules.no_change_margin_pct,
            has_earlier=earlier_run(run, family, comparison) is not None,
        )
    ]


def pair_cells(
    run: Run, warehouse: Warehouse, table: str, condition: str = "1 = 1"
) -> Mapping[str, Mapping[str, PairCells]]:
    """Comparison -> metric -> the cells of a table of them, of the rows that keep a condition."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in warehouse.fetch(
        f"select comparison, metric, from_segment, to_segment, {', '.join(SUMS)} from {table}"
        f" where run_key = ? and {condition}",
        (run.run_key,),
    ):
        found.setdefault(row["comparison"], {}).setdefault(row["metric"], []).append(row)
    return {
        comparison: {metric: PairCells.from_rows(rows) for metric, rows in metrics.items()}
        for comparison, metrics in found.items()
    }
