"""How the segments of engagement changed since earlier months, on pairs of the same users, and their
trend."""

from collections.abc import Sequence

from include.tidemark.families.comparison_part import (
    MISSING,
    compared,
    earlier_run,
    given_earlier,
    known_of_earlier,
    pair_cells,
    under_the_same_rules,
)
from include.tidemark.families.engagement.definitions import BEHAVIORAL_SEGMENTS, REVENUE_SEGMENTS
from include.tidemark.families.engagement.no_money import has_money, known_change
from include.tidemark.families.engagement.questions import MEANS
from include.tidemark.families.engagement.unit_numbers import (
    OF_THE_JOURNEY,
    groups_of,
    unit_numbers,
    unjudged,
)
from include.tidemark.families.trend_part import measured_slopes, trend_rows
from include.tidemark.families.unit_comparison import unit_changes
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change import TREND, Number
from include.tidemark.statistics.change_rows import ChangeRow, adjusted_rows, without_change
from include.tidemark.statistics.measured import MEMBERS, Measured, measured_pairs
from include.tidemark.warehouse.base import Warehouse

_KINDS = {"behavioral_segment": BEHAVIORAL_SEGMENTS, "revenue_segment": REVENUE_SEGMENTS}


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of the segments' shares, sizes, means and parts of the revenue, of cohorts and of the
    journey."""
    cells = {
        kind: pair_cells(run, warehouse, "runs.engagement_pair_cells", f"segmentation = '{kind}'")
        for kind in _KINDS
    }
    numbers = {kind: _numbers(kind, run) for kind in _KINDS}

    def measured(comparison: str) -> list[Measured]:
        return [
            each
            for kind, found in cells.items()
            for each in measured_pairs(found.get(comparison, {}), numbers[kind])
        ]

    rows = compared(run, "engagement", measured)
    rows += under_the_same_rules(run, "engagement", rows, measured)
    rows += trend_rows(
        run,
        "engagement",
        lambda runs: [
            measured
            for kind in _KINDS
            for measured in measured_slopes(warehouse, _people(kind), runs, numbers[kind])
        ],
    )
    groups = groups_of(run, warehouse)
    rows += unit_changes(
        run, "engagement", lambda of: unit_numbers(of, warehouse, groups), list(unjudged(run, groups))
    )
    rows = _known_days(run, warehouse, rows)
    no_money = {
        comparison
        for comparison in dict.fromkeys(row.comparison for row in rows)
        if _lacks_money(run, warehouse, comparison)
    }
    rows = [known_change(row) if row.comparison in no_money else row for row in rows]
    rows = adjusted_rows(known_of_earlier(run, "engagement", rows, warehouse, "runs.user_engagement"))
    # Rows beside those of the means are adjusted by themselves.
    return rows + [row for kind in _KINDS for row in given_earlier(run, rows, cells[kind], numbers[kind])]


def _known_days(run: Run, warehouse: Warehouse, rows: Sequence[ChangeRow]) -> list[ChangeRow]:
    """The rows; those of the journey since a month of a release that did not keep the days of sign-up say
    so."""
    unknown = {
        row["run_key"]
        for row in warehouse.fetch(
            "select distinct run_key from runs.journey_times where cohort_date is null"
        )
    }
    missing = {
        comparison
        for comparison in dict.fromkeys(row.comparison for row in rows)
        if any(month.run_key in unknown for month in _months(run, comparison))
    }
    return [
        without_change(row, MISSING) if row.comparison in missing and row.metric in OF_THE_JOURNEY else row
        for row in rows
    ]


def _months(run: Run, comparison: str) -> Sequence[PublishedRun]:
    if comparison == TREND:
        return run.trend_of("engagement")
    earlier = earlier_run(run, "engagement", comparison)
    return [earlier] if earlier else []


def _lacks_money(run: Run, warehouse: Warehouse, comparison: str) -> bool:
    """Whether one of the months has no transactions, so that everybody would seem to have come, or to have
    gone."""
    if not has_money(run):
        return True
    return any(_knows_no_money(month, warehouse) for month in _months(run, comparison))


def _knows_no_money(month: PublishedRun, warehouse: Warehouse) -> bool:
    ((known,),) = (
        row.values()
        for row in warehouse.fetch(
            "select count(revenue_segment) as n from runs.user_engagement where run_key = ?",
            (month.run_key,),
        )
    )
    return not known


def _people(kind: str) -> str:
    """SQL of the users of every run, with their amounts as the cells have them."""
    amounts = ", ".join(
        f"cast(round({name} * {unit}, 0) as bigint) as {name}" for name, (_, unit) in MEANS.items()
    )
    return f"select run_key, user_id as person, {kind} as segment, false as is_dormant, {amounts} from runs.user_engagement"


def _numbers(kind: str, run: Run) -> list[Number]:
    names, is_first = _KINDS[kind], kind == "behavioral_segment"
    # All users are the same in both kinds of segments.
    everybody = (*names, None) if is_first else names
    found = [Number("segment_share", "share", MEMBERS, name, name) for name in names]
    found += [Number(MEMBERS, "count", MEMBERS, name, name) for name in everybody]
    for source, (metric, unit) in MEANS.items():
        found += [Number(metric, "mean", source, name, name, unit) for name in everybody]
    if not is_first:
        basis = (
            "lifetime_revenue" if run.rules.revenue_segment_basis == "lifetime" else "revenue_last_90_days"
        )
        found += [Number("revenue_share", "ratio", basis, name, name) for name in names]
    return found
