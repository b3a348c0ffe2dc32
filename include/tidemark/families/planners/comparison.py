"""How planners and passengers changed since earlier months, on pairs of the same users."""

from collections.abc import Mapping

from include.tidemark.families.comparison_part import compared, pair_cells
from include.tidemark.families.planners.definitions import CRITERIA, RECENCY, SEVERAL, USER_TYPES
from include.tidemark.families.planners.questions import DAYS_TO_BECOME, UNITS
from include.tidemark.run import Run
from include.tidemark.statistics.change_rows import (
    MEMBERS,
    NOBODY,
    ChangeRow,
    Measured,
    measured_means,
)
from include.tidemark.statistics.pairs import PairCells, count_change, part_change, share_change
from include.tidemark.warehouse.base import Warehouse

_PLANNER, _PASSENGER = USER_TYPES
_STATES = dict(zip(RECENCY, ("active_planner", "at_risk_planner", "churned_planner"), strict=True))


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of the share of planners, of their criteria and states, and of what both user types do on average."""
    cells = pair_cells(run, warehouse, "runs.planner_pair_cells")
    return compared(run, "planners", lambda comparison: _measured(cells.get(comparison, {})))


def _measured(cells: Mapping[str, PairCells]) -> list[Measured]:
    def of(metric: str) -> PairCells:
        return cells.get(metric, NOBODY)

    def part(source: str, of_type: str, metric: str, segment: str) -> Measured:
        """The share of a user type for whom something holds, which is the mean of yes (1) and no (0)."""
        return Measured(metric, "share", segment, part_change(of(source), of_type))

    found = [
        Measured("planner_share", "share", None, share_change(of(MEMBERS), _PLANNER)),
        *(Measured(MEMBERS, "count", name, count_change(of(MEMBERS), name)) for name in (*USER_TYPES, None)),
        part("is_almost_planner", _PASSENGER, "almost_planner_share", _PASSENGER),
        *(part(name, _PLANNER, "planner_criterion_share", name) for name in (*CRITERIA, SEVERAL)),
        *(part(source, _PLANNER, "planner_recency_share", name) for name, source in _STATES.items()),
    ]
    for source, unit in UNITS.items():
        found += measured_means(of(source), f"mean_{source}", USER_TYPES, unit)
    return found + measured_means(of(DAYS_TO_BECOME), f"mean_{DAYS_TO_BECOME}", [_PLANNER], 1_000_000)
