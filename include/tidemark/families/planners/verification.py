"""`planner_verification.csv`: the questions that somebody asks of a fresh segmentation, answered with every
run.

After seed questions of the field: the breakdown, the criteria, users at the edges, engagement side by side,
and sign-up weeks. What must hold of single users is a data test, since users' rows do not belong into a file
of numbers.
"""

from collections.abc import Iterator
from typing import Any

from include.tidemark.families.planners.definitions import CRITERIA
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

_BY_TYPE = """
    select
        user_type,
        count(*) as users,
        avg(case when is_activated then 100.0 else 0 end) as activation_rate,
        avg(prompts_per_active_day) as avg_prompts_per_active_day,
        avg(swipes_per_prompt) as avg_swipes_per_prompt,
        avg(conversion_rate) as avg_conversion_rate,
        avg(cast(days_active as double)) as avg_days_active,
        avg(cast(total_saves as double)) as avg_saves,
        avg(cast(days_since_last_activity as double)) as avg_days_since_last_activity,
        count(case when days_active = 0 then 1 end) as users_without_activity,
        count(case when created_date >= cast(? as date) then 1 end) as users_of_the_last_week,
        count(case when created_date >= cast(? as date) and days_active = 0 then 1 end)
            as users_of_the_last_week_without_activity
    from runs.user_segmentation
    where run_key = ?
    group by user_type
    order by user_type desc
"""
_CRITERIA_SETS = """
    select
        planner_criteria_met,
        count(*) as planners,
        avg(conversion_rate) as avg_conversion_rate,
        avg(cast(days_active as double)) as avg_days_active
    from runs.user_segmentation
    where run_key = ? and user_type = 'Planner'
    group by planner_criteria_met
    order by planners desc, planner_criteria_met
"""
_SIGNUP_WEEKS = """
    select
        signup_week,
        count(*) as users,
        count(case when user_type = 'Planner' then 1 end) as planners,
        avg(case when user_type = 'Planner' then cast(days_active as double) end) as planner_avg_days_active,
        avg(case when user_type = 'Planner' then cast(days_since_last_activity as double) end)
            as planner_avg_days_since_last_activity
    from runs.user_segmentation
    where run_key = ?
    group by signup_week
    order by signup_week
"""
_TESTERS = """
    select
        count(*) as test_users_left_out
    from staging.stg_users
    where is_test_user and created_date < cast(? as date)
"""
_ENGAGEMENT = (
    "activation_rate", "avg_prompts_per_active_day", "avg_swipes_per_prompt", "avg_conversion_rate", "avg_days_active",
    "avg_saves", "avg_days_since_last_activity",
)  # fmt: skip
_EDGES = ("users_without_activity", "users_of_the_last_week", "users_of_the_last_week_without_activity")


def verification_rows(run: Run, warehouse: Warehouse) -> list[Row]:
    """The rows of the file, query by query."""
    return [
        {
            "as_of_date": run.as_of_date,
            "run_key": run.run_key,
            "query": query,
            "group": group,
            "measure": measure,
            "value": value,
        }
        for query, group, measure, value in _answers(run, warehouse)
    ]


def _answers(run: Run, warehouse: Warehouse) -> Iterator[tuple[str, str, str, Any]]:
    last_week = str(run.as_of_date.fromordinal(run.as_of_date.toordinal() - 7))
    by_type = warehouse.fetch(_BY_TYPE, (last_week, last_week, run.run_key))
    everyone = sum(row["users"] for row in by_type)
    for row in by_type:
        yield "breakdown", row["user_type"], "users", row["users"]
        yield "breakdown", row["user_type"], "percent_of_users", 100 * row["users"] / everyone
    yield from _criteria(run, warehouse)
    for row in by_type:
        for measure in _EDGES:
            yield "edge_cases", row["user_type"], measure, row[measure]
    (testers,) = warehouse.fetch(_TESTERS, (run.as_of_date.isoformat(),))
    yield "edge_cases", "Test users", "test_users_left_out", testers["test_users_left_out"]
    for row in by_type:
        for measure in _ENGAGEMENT:
            yield "engagement", row["user_type"], measure, row[measure]
    for row in warehouse.fetch(_SIGNUP_WEEKS, (run.run_key,)):
        week = str(row.pop("signup_week"))
        for measure, value in row.items():
            yield "signup_weeks", week, measure, value


def _criteria(run: Run, warehouse: Warehouse) -> Iterator[tuple[str, str, str, Any]]:
    (summary,) = warehouse.fetch(
        "select * from runs.user_segmentation_summary where run_key = ?", (run.run_key,)
    )
    planners = summary["total_planners"]
    for name in (*CRITERIA, "multiple_criteria"):
        met = summary[f"planners_{name}"]
        yield "criteria", name, "planners", met
        yield "criteria", name, "percent_of_planners", 100 * met / planners if planners else None
    for row in warehouse.fetch(_CRITERIA_SETS, (run.run_key,)):
        combination = row.pop("planner_criteria_met")
        for measure, value in row.items():
            yield "criteria_combinations", combination, measure, value
