"""How the segments of engagement changed since earlier months, on pairs of the same users, and their trend."""

from include.tidemark.families.comparison_part import COMPARISONS, compared, earlier_run, pair_cells
from include.tidemark.families.engagement.definitions import BEHAVIORAL_SEGMENTS, REVENUE_SEGMENTS
from include.tidemark.families.engagement.no_money import has_money, known_change
from include.tidemark.families.engagement.questions import MEANS
from include.tidemark.families.engagement.unit_numbers import groups_of, unit_numbers, unjudged
from include.tidemark.families.trend_part import measured_slopes, trend_rows
from include.tidemark.families.unit_comparison import unit_changes
from include.tidemark.run import PublishedRun, Run
from include.tidemark.statistics.change import TREND, Number
from include.tidemark.statistics.change_rows import ChangeRow, adjusted_rows
from include.tidemark.statistics.measured import MEMBERS, measured_pairs
from include.tidemark.warehouse.base import Warehouse

_KINDS = {"behavioral_segment": BEHAVIORAL_SEGMENTS, "revenue_segment": REVENUE_SEGMENTS}


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of the segments' shares, sizes, means and parts of the revenue, of cohorts and of the journey."""
    cells = {
        kind: pair_cells(run, warehouse, "runs.engagement_pair_cells", f"segmentation = '{kind}'")
        for kind in _KINDS
    }
    numbers = {kind: _numbers(kind, run) for kind in _KINDS}
    rows = compared(
        run,
        "engagement",
        lambda comparison: [
            measured
            for kind, found in cells.items()
            for measured in measured_pairs(found.get(comparison, {}), numbers[kind])
        ],
    )
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
    no_money = {
        comparison for comparison in (*COMPARISONS, TREND) if _lacks_money(run, warehouse, comparison)
    }
    return adjusted_rows([known_change(row) if row.comparison in no_money else row for row in rows])


def _lacks_money(run: Run, warehouse: Warehouse, comparison: str) -> bool:
    """Whether one of the months has no transactions, so that everybody would seem to have come, or to have gone."""
    if not has_money(run):
        return True
    earlier = (
        [earlier_run(run, "engagement", comparison)] if comparison != TREND else run.trend_of("engagement")
    )
    return any(_knows_no_money(month, warehouse) for month in earlier if month)


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
