"""What the comparison with earlier months asks of a family, and what families whose users are paired have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change import Number
from include.tidemark.statistics.change_rows import ChangeRow, rows_of
from include.tidemark.statistics.given_earlier import rows_given_earlier
from include.tidemark.statistics.measured import Measured
from include.tidemark.statistics.pairs import SUMS, PairCells
from include.tidemark.warehouse.base import Row, Warehouse

COMPARISONS = ("previous", "year_before")
"""The last published month, and the same day a year before."""


SAME_RULES = "_same_rules"
"""Ends the name of a comparison in which the earlier month's people are in the segments that this run's conditions decide."""


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
    """The publication that a comparison measures a family's changes from; None where it is over more than one."""
    known = {"previous": run.previous_of, "year_before": run.year_before_of}
    which = comparison.removesuffix(SAME_RULES)
    return known[which](family) if which in known else None


def compared(run: Run, family: str, measured: Callable[[str], Iterable[Measured]]) -> list[ChangeRow]:
    """The rows of a family in each comparison, in which `measured` gives its changes."""
    return [
        row
        for comparison in COMPARISONS
        for row in rows_of(
            measured(comparison),
            statistics_config(run),
            comparison,
            run.rules.no_change_margin_pct,
            has_earlier=earlier_run(run, family, comparison) is not None,
        )
    ]


def under_the_same_rules(
    run: Run, family: str, rows: Sequence[ChangeRow], measured: Callable[[str], Iterable[Measured]]
) -> list[ChangeRow]:
    """The rows of the comparisons under this run's conditions, where those of the earlier month were others.

    Args:
        rows: those under the conditions of each month, whose earlier numbers are what was published.
    """
    published = {(row.comparison, row.metric, row.segment): row.earlier_estimate for row in rows}
    made = []
    for which in run.same_rules_of(family):
        comparison = which + SAME_RULES
        found = rows_of(
            measured(comparison),
            statistics_config(run),
            comparison,
            run.rules.no_change_margin_pct,
            has_earlier=True,
        )
        if not any(row.n_earlier for row in found):
            continue  # The earlier run's rows are no longer there.
        for row in found:
            then, was = row.earlier_estimate, published.get((which, row.metric, row.segment))
            effect = None if then is None or was is None else then - was
            made.append(replace(row, rules_effect=effect))
    return made


def given_earlier(
    run: Run,
    rows: Sequence[ChangeRow],
    cells: Mapping[str, Mapping[str, PairCells]],
    numbers: Sequence[Number],
) -> list[ChangeRow]:
    """The rows of means given what each had in the earlier month, beside those of each comparison, where they say more."""
    return [
        row
        for comparison in COMPARISONS
        for row in rows_given_earlier(
            [row for row in rows if row.comparison == comparison],
            cells.get(comparison, {}),
            numbers,
            statistics_config(run),
            run.rules.no_change_margin_pct,
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
