"""How the segments of engagement changed since earlier months, on pairs of the same users."""

from collections.abc import Mapping

from include.tidemark.families.comparison_part import COMPARISONS, compared, earlier_run, pair_cells
from include.tidemark.families.engagement.definitions import BEHAVIORAL_SEGMENTS, REVENUE_SEGMENTS
from include.tidemark.families.engagement.no_money import has_money, known_change
from include.tidemark.families.engagement.questions import MEANS
from include.tidemark.families.engagement.unit_numbers import groups_of, unit_numbers, unjudged
from include.tidemark.families.unit_comparison import unit_changes
from include.tidemark.run import Run
from include.tidemark.statistics.change_rows import (
    MEMBERS,
    NOBODY,
    ChangeRow,
    Measured,
    adjusted_rows,
    measured_means,
)
from include.tidemark.statistics.pairs import PairCells, count_change, share_change, sum_share_change
from include.tidemark.warehouse.base import Warehouse

_KINDS = {"behavioral_segment": BEHAVIORAL_SEGMENTS, "revenue_segment": REVENUE_SEGMENTS}


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of the segments' shares, sizes, means and parts of the revenue, of cohorts and of the journey."""
    cells = {
        kind: pair_cells(run, warehouse, "runs.engagement_pair_cells", f"segmentation = '{kind}'")
        for kind in _KINDS
    }
    basis = "lifetime_revenue" if run.rules.revenue_segment_basis == "lifetime" else "revenue_last_90_days"
    rows = compared(
        run,
        "engagement",
        lambda comparison: [
            measured
            for kind, found in cells.items()
            for measured in _measured(kind, found.get(comparison, {}), basis)
        ],
    )
    groups = groups_of(run, warehouse)
    rows += unit_changes(
        run, "engagement", lambda of: unit_numbers(of, warehouse, groups), list(unjudged(run, groups))
    )
    no_money = {comparison for comparison in COMPARISONS if _lacks_money(run, warehouse, comparison)}
    return adjusted_rows([known_change(row) if row.comparison in no_money else row for row in rows])


def _lacks_money(run: Run, warehouse: Warehouse, comparison: str) -> bool:
    """Whether one of the two months has no transactions, so that everybody would seem to have come, or to have gone."""
    earlier = earlier_run(run, "engagement", comparison)
    if not has_money(run) or earlier is None:
        return not has_money(run)
    ((known,),) = (
        row.values()
        for row in warehouse.fetch(
            "select count(revenue_segment) as n from runs.user_engagement where run_key = ?",
            (earlier.run_key,),
        )
    )
    return not known


def _measured(kind: str, cells: Mapping[str, PairCells], basis: str) -> list[Measured]:
    names, users = _KINDS[kind], cells.get(MEMBERS, NOBODY)
    is_first = kind == "behavioral_segment"
    # All users are the same in both kinds of segments.
    everybody = (*names, None) if is_first else names
    found = [Measured("segment_share", "share", name, share_change(users, name)) for name in names]
    found += [Measured(MEMBERS, "count", name, count_change(users, name)) for name in everybody]
    for source, (metric, unit) in MEANS.items():
        found += measured_means(cells.get(source, NOBODY), metric, everybody, unit)
    if not is_first:
        revenue = cells.get(basis, NOBODY)
        found += [Measured("revenue_share", "ratio", name, sum_share_change(revenue, name)) for name in names]
    return found
