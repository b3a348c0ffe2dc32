"""The family's statistics: how many plan, how sure that is, and how many times more planners do than
passengers."""

from typing import Any

from include.tidemark.families.planners.definitions import CRITERIA, RECENCY, SEVERAL, USER_TYPES
from include.tidemark.run import Run
from include.tidemark.statistics.cells import Cells, cells_by, merge
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow
from include.tidemark.warehouse.base import Row, Warehouse

UNITS = {
    "prompts_per_active_day": 1_000_000,
    "swipes_per_prompt": 1_000_000,
    "conversion_rate": 1_000_000,
    "days_active": 1,
    "is_activated": 1,
}
"""What is compared -> whole units of its cells in one unit of the result."""
DAYS_TO_BECOME = "days_to_become_planner"

_STATES = ("active_planners", "at_risk_planners", "churned_planners")


def shares(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Which part of the users plans, by which criterion, and which part of the planners is still there?"""
    config, (row,) = run.statistics_config, _summary(run, warehouse)
    planners, passengers = int(row["total_planners"]), int(row["total_passengers"])
    among_planners = {
        "planner_criterion_share": [
            *((name, row[f"planners_{name}"]) for name in CRITERIA),
            (SEVERAL, row["planners_multiple_criteria"]),
        ],
        "planner_recency_share": [(state, row[name]) for state, name in zip(RECENCY, _STATES, strict=True)],
    }
    return [
        proportion_row("planner_share", planners, planners + passengers, config, "zero_denominator"),
        proportion_row(
            "almost_planner_share", int(row["almost_planners"]), passengers, config, "empty_segment",
            segment="Passenger",
        ),
        *(
            proportion_row(metric, int(count), planners, config, "empty_segment", segment=name)
            for metric, counts in among_planners.items()
            for name, count in counts
        ),
    ]  # fmt: skip


def weeks(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How does the share of planners develop, week by week?

    `planner_share_to_date` is the share as it stood at the end of the week; `planner_share_of_signups` that
    of the users who signed up in it, as of the run's date. A week that the as-of date cuts short is not over.
    """
    config = run.statistics_config
    rows = []
    for week in warehouse.fetch(
        "select * from runs.planner_weeks where run_key = ? order by week_start", (run.run_key,)
    ):
        counts = {
            "planner_share_to_date": (week["planners_to_date"], week["users_to_date"]),
            "planner_share_of_signups": (week["new_users_planners"], week["new_users"]),
        }
        for metric, (planners, users) in counts.items():
            over = bool(week["is_complete"])
            # Users of an unfinished week are nobody yet, for the week's share is not known.
            rows.append(
                proportion_row(
                    metric,
                    int(planners) if over else 0,
                    int(users) if over else 0,
                    config,
                    "empty_segment" if over else "window_not_complete",
                    horizon=str(week["week_start"]),
                    is_mature=over,
                )
            )
    return rows


def comparison(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What do planners and passengers do on average, and how many times more do planners do?"""
    config = run.statistics_config
    found: dict[Any, Cells] = cells_by(
        warehouse.fetch(
            "select metric, user_type, bin, n, s1, s2, s3 from runs.planner_cells where run_key = ?"
            " order by metric, user_type, bin",
            (run.run_key,),
        ),
        ("metric", "user_type"),
    )

    def users(metric: str, user_type: str) -> Cells:
        return found.get((metric, user_type)) or merge([])

    rows = []
    for metric, unit in UNITS.items():
        planners, passengers = (users(metric, user_type) for user_type in USER_TYPES)
        everybody = merge([planners, passengers])
        for user_type, cells in zip(USER_TYPES, (planners, passengers), strict=True):
            rows += mean_rows(
                f"mean_{metric}", cells, config, unit=unit, reference=everybody, segment=user_type
            )
        rows += mean_ratio_rows(
            f"ratio_{metric}", planners, passengers, config, segment=USER_TYPES[0], segment_to=USER_TYPES[1]
        )
    rows += mean_rows(
        f"mean_{DAYS_TO_BECOME}", users(DAYS_TO_BECOME, "Planner"), config, unit=1_000_000, segment="Planner"
    )
    # The five ratios are one family of comparisons.
    return adjust(rows, lambda row: ("ratios", row.method))


def _summary(run: Run, warehouse: Warehouse) -> list[Row]:
    return warehouse.fetch("select * from runs.user_segmentation_summary where run_key = ?", (run.run_key,))
