"""What the candidate rows and the statistics of planners must keep before they are published."""

from functools import partial

from include.tidemark.families.planners.definitions import CRITERIA, RECENCY, SEVERAL, USER_TYPES
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, count_where, never, text_list, zero
from include.tidemark.validation.distribution import Segmentation, distribution
from include.tidemark.validation.long_results import long_results_asset

USERS, SUMMARY, STATISTICS = "runs.user_segmentation", "runs.user_segmentation_summary", "runs.statistics"
_never = partial(never, USERS)

_REQUIRED = (
    "user_id", "user_type", "detailed_segment", "planner_criteria_met", "criteria_count", "is_almost_planner", "created_at",
    "signup_week", "is_activated", "total_prompts", "total_swipes", "days_active", "prompts_per_active_day",
    "swipes_per_prompt", "conversion_rate",
)  # fmt: skip
_SHARES = (
    "planner_share", "almost_planner_share", "planner_criterion_share", "planner_recency_share", "planner_share_to_date",
    "planner_share_of_signups",
)  # fmt: skip
_SEGMENTATION = Segmentation(
    family="planners",
    table=USERS,
    column="user_type",
    segments=USER_TYPES,
    check="user_type_drift_psi",
    whose="The user types'",
    people="users",
    if_moved="look whether all events arrived, and at what changed in rules or sources.",
    if_fewer="accounts do not vanish by themselves: find out which rows were lost before you publish.",
)


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, that nobody is missing, and how they moved."""
    return [_users(run), _everybody(run), _distribution(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "planners", _SHARES), _coverage(run)]


def _users(run: Run) -> Asset:
    rules = run.rules
    as_of = f"cast('{run.as_of_date}' as date)"
    met = " or ".join(f"has_{name}" for name in CRITERIA)
    recent = (
        f"case when user_type = 'Passenger' then 'Passenger'"
        f" when days_since_last_activity <= {rules.planner_active_max_days} then 'Active Planner'"
        f" when days_since_last_activity > {rules.planner_churned_after_days} then 'Churned Planner' else 'At-Risk Planner' end"
    )
    enough = f"total_prompts >= {rules.planner_min_prompts} and total_swipes >= {rules.planner_min_swipes}"
    return Asset(
        name="models.planners",
        table=USERS,
        source=f"{USERS} where run_key = '{run.run_key}'",
        needs=(USERS,),
        checks=(
            *complete_rows(
                run, USERS, "user_id", _REQUIRED,
                if_empty="look at the log of the models task, and whether the users' table holds anybody but test users"
                " before the as-of date.",
            ),
            _never("unknown_user_type", f"user_type not in {text_list(USER_TYPES)}",
                   "every user is a planner or a passenger.", "user_type"),
            _never("unknown_segment", f"detailed_segment not in {text_list((*RECENCY, 'Passenger'))}",
                   "every detailed_segment is known.", "detailed_segment"),
            _never("planner_criteria", f"(user_type = 'Planner') <> ({met})",
                   "a planner has met a criterion, and a passenger none.", "user_type"),
            _never("prompts_and_swipes", f"has_prompted_and_swiped <> ({enough})",
                   "who has prompted and swiped often enough has met that criterion.", "has_prompted_and_swiped"),
            _never("recency", f"detailed_segment <> {recent}",
                   "detailed_segment follows from the days since the last activity.", "detailed_segment"),
            _never("became_planner", "(user_type = 'Planner') <> (became_planner_at is not null)",
                   "a planner has a moment of becoming one, and nobody else.", "became_planner_at"),
            _never("dates_out_of_order", f"last_activity_date >= {as_of} or created_date >= {as_of}"
                   " or last_activity_date < created_date",
                   "activity lies between the account's creation and the as-of date.", "last_activity_date"),
            _never("negative_number", "total_events < 0 or days_active < 0 or days_to_become_planner < 0"
                   " or days_active > total_events", "counts are not negative, and an active day has an event.", "days_active"),
            _never("planner_almost", "is_almost_planner and user_type = 'Planner'",
                   "only a passenger is almost a planner.", "is_almost_planner"),
        ),
    )  # fmt: skip


def _everybody(run: Run) -> Asset:
    """The users of the run against staging's, who are counted by the moment of sign-up and not by its day."""
    with_clause = f"""
        expected as (
            select count(distinct user_id) as users from staging.stg_users
            where created_at < {timestamp_literal(run.as_of_instant)} and not is_test_user
        ),
        found as (
            select count(*) as users, {count_where("user_type = 'Planner'")} as planners
            from {USERS} where run_key = '{run.run_key}'
        ),
        summary as (
            select max(total_users) as users, max(total_planners) as planners from {SUMMARY} where run_key = '{run.run_key}'
        )"""
    return Asset(
        name="models.planners_totals",
        table=USERS,
        source="expected cross join found cross join summary",
        with_clause=with_clause,
        needs=(USERS, SUMMARY, "staging.stg_users"),
        checks=(
            zero("users_missing", "abs(expected.users - found.users)", "user_id",
                 f"{USERS} holds every user with an account before the as-of date who is no test user.",
                 f"{USERS} and staging differ by {{observed}} users; look at the join of the users."),
            zero("summary_differs",
                 "abs(coalesce(summary.users, 0) - found.users) + abs(coalesce(summary.planners, 0) - found.planners)",
                 "total_users", f"{SUMMARY} counts the users of {USERS}.",
                 f"{SUMMARY} is off by {{observed}} users; clear the models and let them run again."),
        ),
    )  # fmt: skip


def _distribution(run: Run) -> Asset:
    """How the user types' shares and the number of users stand against the previous publication."""
    alone = Check(
        name="user_types",
        measure=count_where("share_now > 0"),
        minimum=len(USER_TYPES),
        severity="warning",
        column="user_type",
        claim="There are planners and passengers.",
        failure="The users are of {observed} type; look whether the events of the criteria still arrive, and at the planner rules.",
    )
    return distribution(run, "models.planners_distribution", _SEGMENTATION, alone)


def _coverage(run: Run) -> Asset:
    """Every number that was promised has a row, with a reason where it is null."""
    expected = {
        "planner_share": 1,
        "almost_planner_share": 1,
        "planner_criterion_share": len((*CRITERIA, SEVERAL)),
        "planner_recency_share": len(RECENCY),
        "mean_days_to_become_planner": 2,
        **{f"mean_{metric}": 4 for metric in UNITS},
        **{f"ratio_{metric}": 2 for metric in UNITS},
    }
    listed = " union all ".join(
        f"select '{metric}' as metric, {rows} as wanted" for metric, rows in expected.items()
    )
    return Asset(
        name="statistics.planners_coverage",
        table=STATISTICS,
        source="missing cross join recency",
        with_clause=f"""
            numbers as (
                select metric, segment, estimate from {STATISTICS}
                where run_key = '{run.run_key}' and family = 'planners'
            ),
            expected as ({listed}),
            found as (select metric, count(*) as given from numbers group by metric),
            missing as (
                select {count_where("coalesce(found.given, 0) <> expected.wanted")} as metrics
                from expected left join found on expected.metric = found.metric
            ),
            recency as (
                select case when count(estimate) = 0 then 0 else abs(sum(estimate) - 1) end as off
                from numbers where metric = 'planner_recency_share'
            )""",
        needs=(STATISTICS,),
        checks=(
            zero(
                "missing_numbers", "missing.metrics", "metric",
                "Every metric of the family has all its rows.",
                f"{STATISTICS} lacks rows of {{observed}} metrics of planners; look at the logs of the statistics tasks.",
            ),
            Check(
                name="recency_sum_off",
                measure="coalesce(recency.off, 0)",
                maximum=1e-6,
                column="estimate",
                claim="The shares of active, at-risk and churned planners sum to 1.",
                failure=f"The recency shares in {STATISTICS} miss a sum of 1 by {{observed}}; look at the question shares.",
            ),
        ),
    )  # fmt: skip
