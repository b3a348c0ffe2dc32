"""How planners and passengers changed since earlier months, on pairs of the same users, and their trend."""

from include.tidemark.families.comparison_part import (
    COMPARISONS,
    compared,
    given_earlier,
    known_of_earlier,
    no_months,
    pair_cells,
    under_the_same_rules,
)
from include.tidemark.families.planners.definitions import CRITERIA, RECENCY, SEVERAL, USER_TYPES
from include.tidemark.families.planners.questions import DAYS_TO_BECOME, UNITS
from include.tidemark.families.trend_part import measured_slopes, trend_rows
from include.tidemark.run import Run
from include.tidemark.statistics.change import TREND, Number
from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.measured import MEMBERS, measured_pairs
from include.tidemark.warehouse.base import Warehouse

EACH_WEEK = "each week"
"""The horizon of the one row that stands for the weeks of sign-up."""
_MILLIONTHS = 1_000_000
_PLANNER, _PASSENGER = USER_TYPES
_STATES = dict(zip(RECENCY, ("active_planner", "at_risk_planner", "churned_planner"), strict=True))


_FLAGS = {
    "is_activated": "is_activated",
    "is_almost_planner": "is_almost_planner",
    **{name: f"has_{name}" for name in CRITERIA},
    SEVERAL: "criteria_count > 1",
    **{source: f"detailed_segment = '{name}'" for name, source in _STATES.items()},
}
"""Yes or no of a user -> when it holds, as the model of pairs says."""


def changes(run: Run, warehouse: Warehouse) -> list[ChangeRow]:
    """The change of the share of planners, of their criteria and states, and of what both user types do on
    average."""
    cells, numbers = pair_cells(run, warehouse, "runs.planner_pair_cells"), _numbers()
    # When a criterion was met is not kept, so other rules can't be asked how long that took.
    of_rules = [number for number in numbers if number.source != DAYS_TO_BECOME]
    rows = compared(run, "planners", lambda comparison: measured_pairs(cells.get(comparison, {}), numbers))
    rows += under_the_same_rules(
        run, "planners", rows, lambda comparison: measured_pairs(cells.get(comparison, {}), of_rules)
    )
    rows += given_earlier(run, rows, cells, numbers)
    rows += trend_rows(run, "planners", lambda runs: measured_slopes(warehouse, _people(), runs, numbers))
    rows += _of_weeks(run)
    return known_of_earlier(run, "planners", rows, warehouse, "runs.user_segmentation")


def _of_weeks(run: Run) -> list[ChangeRow]:
    """One row stands for all weeks: the share at the end of one that is over does not change, and who signed
    up in one is the same."""
    level = run.statistics_config.confidence_level
    return [
        ChangeRow(
            metric,
            "share",
            comparison,
            None,
            EACH_WEEK,
            confidence_level=level,
            reason=no_months(run, "planners", comparison) or "same_users",
        )
        for comparison in (*COMPARISONS, TREND)
        for metric in ("planner_share_to_date", "planner_share_of_signups")
    ]


def _people() -> str:
    """SQL of the users of every run, with what is measured of them as the cells have it."""
    amounts = {name: f"case when {condition} then 1 else 0 end" for name, condition in _FLAGS.items()}
    for name, unit in (UNITS | {DAYS_TO_BECOME: _MILLIONTHS}).items():
        amounts.setdefault(name, f"cast(round({name} * {unit}, 0) as bigint)")
    columns = ", ".join(f"{sql} as {name}" for name, sql in amounts.items())
    return f"select run_key, user_id as person, user_type as segment, false as is_dormant, {columns} from runs.user_segmentation"


def _numbers() -> list[Number]:
    def part(source: str, of_type: str, metric: str, segment: str) -> Number:
        """The share of a user type for whom something holds, which is the mean of yes (1) and no (0)."""
        return Number(metric, "part", source, of_type, segment)

    found = [
        Number("planner_share", "share", MEMBERS, _PLANNER, None),
        *(Number(MEMBERS, "count", MEMBERS, name, name) for name in (*USER_TYPES, None)),
        part("is_almost_planner", _PASSENGER, "almost_planner_share", _PASSENGER),
        *(part(name, _PLANNER, "planner_criterion_share", name) for name in (*CRITERIA, SEVERAL)),
        *(part(source, _PLANNER, "planner_recency_share", name) for name, source in _STATES.items()),
    ]
    for source, unit in UNITS.items():
        found += [Number(f"mean_{source}", "mean", source, name, name, unit) for name in USER_TYPES]
        found.append(Number(f"ratio_{source}", "quotient", source, _PLANNER, _PLANNER, unit, _PASSENGER))
    return [*found, Number(f"mean_{DAYS_TO_BECOME}", "mean", DAYS_TO_BECOME, _PLANNER, _PLANNER, _MILLIONTHS)]
