"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS, interval_columns, n_column, trust_columns
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable
from include.tidemark.shared_texts import SHARED_BY_USERS

_MODEL, _SUMMARY_MODEL, _WEEKS_MODEL = "user_segmentation", "user_segmentation_summary", "planner_weeks"

_USER_KINDS: dict[str, Kind] = {
    "as_of_date": "date",
    "run_key": "text",
    "user_id": "id",
    "user_type": "text",
    "detailed_segment": "text",
    "planner_criteria_met": "text",
    "criteria_count": "integer",
    "became_planner_at": "timestamp",
    "days_to_become_planner": "number",
    "is_almost_planner": "boolean",
    "created_date": "date",
    "signup_week": "date",
    "platform": "text",
    "is_activated": "boolean",
    **dict.fromkeys(
        (
            "total_events", "total_prompts", "total_swipes", "total_saves", "total_shares", "total_decks_created",
            "total_multiplayer_sessions", "total_conversions", "days_active",
        ),
        "integer",
    ),
    "last_activity_date": "date",
    "days_since_last_activity": "integer",
    "prompts_per_active_day": "number",
    "swipes_per_prompt": "number",
    "conversion_rate": "number",
}  # fmt: skip

_DESCRIBED = {
    "platform": f"The platform of the sign-up; other where fewer than {SHARED_BY_USERS} users have it."
}

USERS = PublishedTable(
    path="data/user_segmentation",
    columns=tuple(Column(name, kind, _DESCRIBED.get(name, "")) for name, kind in _USER_KINDS.items()),
    description="One row per user: planner or passenger, by which criteria, since when, and how active.",
    model=_MODEL,
    parquet=True,
)

_RATIOS = ("prompts_per_active_day", "swipes_per_prompt", "conversion", "days_active")
SUMMARY = PublishedTable(
    path="data/user_segmentation_summary",
    columns=(
        Column("as_of_date", "date"),
        Column("run_key", "text"),
        *(Column(name, "integer") for name in ("total_users", "total_planners", "total_passengers")),
        *(
            Column(name, "number")
            for name in (
                "planner_percentage", "passenger_percentage", "planner_activation_rate", "passenger_activation_rate",
            )
        ),
        *(
            Column(name, "number")
            for ratio in _RATIOS
            for name in (
                f"planner_avg_{'conversion_rate' if ratio == 'conversion' else ratio}",
                f"passenger_avg_{'conversion_rate' if ratio == 'conversion' else ratio}",
                f"planner_vs_passenger_{ratio}_ratio",
            )
        ),
        *(
            Column(name, "integer")
            for name in (
                "planners_prompted_and_swiped", "planners_created_deck", "planners_shared_content",
                "planners_created_multiplayer_session", "planners_multiple_criteria", "active_planners",
                "at_risk_planners", "churned_planners", "almost_planners",
            )
        ),
        Column("avg_days_to_become_planner", "number"),
        Column("median_days_to_become_planner", "number"),
        n_column("planner_percentage"),
        *trust_columns("the interval of planner_percentage, planner_share in statistics.csv,"),
    ),
    description="One row: planners and passengers in numbers.",
    model=_SUMMARY_MODEL,
)  # fmt: skip

RATIOS = PublishedTable(
    path="data/planner_ratios",
    columns=(
        *RUN_COLUMNS,
        Column("metric", "text", "What is compared; conversion_rate is in conversions per 100 swipes."),
        *interval_columns("planner_mean", "number", "Mean of the planners, inactive ones included"),
        *interval_columns("passenger_mean", "number", "Mean of the passengers, inactive ones included"),
        *interval_columns("ratio", "number", "Mean of the planners divided by that of the passengers"),
        Column("p_adjusted", "number", "p-value of a ratio of 1, adjusted for the number of ratios."),
        *trust_columns("the interval of ratio"),
        n_column("ratio"),
    ),
    description="One row per metric: planners against passengers, with intervals.",
)

WEEKS = PublishedTable(
    path="data/planner_share_by_week",
    columns=(
        Column("as_of_date", "date"),
        Column("run_key", "text"),
        Column("week_start", "date"),
        *(
            Column(name, "integer")
            for name in (
                "new_users",
                "new_users_planners",
                "became_planners",
                "users_to_date",
                "planners_to_date",
            )
        ),
        Column("is_complete", "boolean"),
        *interval_columns(
            "share_of_signups_pct",
            "number",
            "Planners among the week's new users as of the date, in per cent",
        ),
        *interval_columns(
            "share_to_date_pct",
            "number",
            "Planners among all users at the end of the week, as it stood then, in per cent",
        ),
    ),
    description="One row per week with a sign-up or a new planner.",
    model=_WEEKS_MODEL,
)

VERIFICATION = PublishedTable(
    path="data/planner_verification",
    columns=(
        *RUN_COLUMNS,
        Column("query", "text", "Which of the verification queries the row answers."),
        Column("group", "text", "The group within it; a week is named by its Monday."),
        Column("measure", "text", "What was measured."),
        Column("value", "number", "The number; empty where there is nothing to divide by."),
    ),
    description="One row per number: what somebody would ask to see whether the segmentation can be right.",
)


def _audience(name: str, columns: tuple[str, ...], description: str) -> PublishedTable:
    return PublishedTable(
        path=f"audiences/{name}",
        columns=tuple(Column(column, _USER_KINDS[column]) for column in columns),
        description=description,
        model=_MODEL,
    )


ALMOST_PLANNERS = _audience(
    "almost_planners",
    ("user_id", "total_prompts", "total_swipes", "days_active", "days_since_last_activity"),
    "Passengers who are close to becoming planners, the most recently active first.",
)
AT_RISK_PLANNERS = _audience(
    "at_risk_planners",
    (
        "user_id",
        "planner_criteria_met",
        "became_planner_at",
        "days_active",
        "last_activity_date",
        "days_since_last_activity",
    ),
    "Planners who are neither active nor churned, the most active first.",
)

TABLES = (USERS, SUMMARY, RATIOS, WEEKS, VERIFICATION, ALMOST_PLANNERS, AT_RISK_PLANNERS)
"""Every table of the family, for the data dictionary."""
