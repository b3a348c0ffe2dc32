"""What the comparison with earlier months asks of a family, and what families whose users are paired have in
common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from include.tidemark.families.family import Part
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change import TREND, Number
from include.tidemark.statistics.change_rows import ChangeRow, rows_of, without_change
from include.tidemark.statistics.given_earlier import rows_given_earlier
from include.tidemark.statistics.measured import Measured
from include.tidemark.statistics.pairs import SUMS, PairCells
from include.tidemark.warehouse.base import Row, Warehouse

COMPARISONS = ("previous", "year_before")
"""The last published month, and the same day a year before."""


SAME_RULES = "_same_rules"
"""Ends the name of a comparison in which the earlier month's people are in the segments that this run's
conditions decide."""


MISSING = "rows_missing"
"""The reason of a comparison with a month whose rows the warehouse no longer has."""


class ComparisonPart(Protocol):
    """The module `comparison` of a family: how its numbers changed."""

    def changes(self, run: Run, warehouse: Warehouse, /) -> Sequence[ChangeRow]:
        """The change of each number since each of the earlier months; null with a reason where there is
        none."""
        ...


COMPARISON: Part[ComparisonPart] = Part("comparison", "include.tidemark.families.comparison_part")


def changes(family: str, run: Run, warehouse: Warehouse) -> list[ChangeRow]:  # noqa: ARG001 - as every family's
    """Of a family that has no such module: none."""
    return []


def earlier_run(run: Run, family: str, comparison: str) -> PublishedRun | None:
    """The publication that a comparison measures a family's changes from; None where it is over more than
    one."""
    known = {"previous": run.previous_of, "year_before": run.year_before_of}
    which = comparison.removesuffix(SAME_RULES)
    return known[which](family) if which in known else None


def no_months(run: Run, family: str, comparison: str) -> str | None:
    """Why a comparison has no earlier months; None where it has."""
    if comparison == TREND:
        return None if run.trend_of(family) else "too_few_months"
    return None if earlier_run(run, family, comparison) else "no_earlier_publication"


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


def under_the_same_rules(
    run: Run, family: str, rows: Sequence[ChangeRow], measured: Callable[[str], Iterable[Measured]]
) -> list[ChangeRow]:
    """The rows of the comparisons under this run's conditions, where those of the earlier month were others.

    Args:
        rows: those under the conditions of each month, whose earlier numbers are what was published.
    """
    published = {
        (row.comparison, row.metric, row.segment, row.segment_to): row.earlier_estimate for row in rows
    }
    made = []
    for which in run.same_rules_of(family):
        comparison = which + SAME_RULES
        found = rows_of(
            measured(comparison),
            run.statistics_config,
            comparison,
            run.rules.no_change_margin_pct,
            has_earlier=True,
        )
        for row in found:
            then, was = row.earlier_estimate, published.get((which, row.metric, row.segment, row.segment_to))
            effect = None if then is None or was is None else then - was
            made.append(replace(row, rules_effect=effect))
    return made


def known_of_earlier(
    run: Run, family: str, rows: Sequence[ChangeRow], warehouse: Warehouse, table: str
) -> list[ChangeRow]:
    """The rows; those of comparisons with a month whose rows are no longer in a table of the family's people
    say so.

    Nobody was there then, as far as the warehouse knows, so everybody would seem to have come since.
    """
    earlier = {
        comparison: run.trend_of(family) if comparison == TREND else (earlier_run(run, family, comparison),)
        for comparison in dict.fromkeys(row.comparison for row in rows)
    }
    keys = dict.fromkeys(month.run_key for months in earlier.values() for month in months if month)
    gone = {
        key
        for key in keys
        if not warehouse.fetch(f"select run_key from {table} where run_key = ? limit 1", (key,))
    }
    missing = {
        comparison
        for comparison, months in earlier.items()
        if any(month.run_key in gone for month in months if month)
    }
    return [without_change(row, MISSING) if row.comparison in missing else row for row in rows]


def given_earlier(
    run: Run,
    rows: Sequence[ChangeRow],
    cells: Mapping[str, Mapping[str, PairCells]],
    numbers: Sequence[Number],
) -> list[ChangeRow]:
    """The rows of means given what each had in the earlier month, beside those of each comparison, where they
    say more."""
    return [
        row
        for comparison in COMPARISONS
        for row in rows_given_earlier(
            [row for row in rows if row.comparison == comparison],
            cells.get(comparison, {}),
            numbers,
            run.statistics_config,
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
