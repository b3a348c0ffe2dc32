"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import REASON, RUN_COLUMNS, interval_columns, n_column, trust_columns
from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, PublishedTable

_SIGNIFICANCE = (
    Column("p_value", "number", "Two-sided p-value of no difference from the rest, unadjusted."),
    Column("p_adjusted", "number", "The p-value, adjusted within its family (Benjamini and Hochberg)."),
    Column("family_size", "integer", "Comparisons in that family."),
    Column(
        "is_significant",
        "boolean",
        "Whether p_adjusted is at or below SEGMENTATION_SIGNIFICANCE_THRESHOLD.",
    ),
)

USERS = model_table("data/user_journey_segments")

COHORTS = PublishedTable(
    path="data/retention_cohorts",
    columns=(
        *RUN_COLUMNS,
        Column("cohort_date", "date", "Day of sign-up in the business time zone."),
        Column("day", "integer", "Days after sign-up; the day of sign-up is day 0."),
        Column("users", "integer", "Users who signed up on that day."),
        Column(
            "matured_users",
            "integer",
            "Those of them whose day is over at the as-of date; what the rates are of.",
        ),
        Column("retained_users", "integer", "Matured users with activity on that very day."),
        *interval_columns("retention_rate", "number", "Retained users over matured users, 0 to 1"),
        Column(
            "retained_or_later_users", "integer", "Matured users with activity on that day or any later one."
        ),
        *interval_columns(
            "retention_or_later_rate",
            "number",
            "These over matured users; older cohorts have had more time to come back",
        ),
        *interval_columns(
            "difference_from_rest",
            "number",
            "retention_rate minus that of all other cohorts on the same day together",
        ),
        *_SIGNIFICANCE,
        Column("revenue", "money", "Revenue of the matured users from sign-up to that day, in US dollars."),
        *interval_columns(
            "revenue_per_user", "money", "Mean revenue a matured user from sign-up to that day, in US dollars"
        ),
        Column(
            "revenue_per_user_trust",
            "text",
            "How far the interval of revenue_per_user can be relied on: ok, caution or unreliable.",
        ),
        Column("revenue_per_user_reason", "text", f"The same for revenue_per_user. {REASON}"),
        *trust_columns("the interval of retention_rate"),
        n_column("retention_rate"),
    ),
    description="One row per install cohort (a day of sign-up) and day after it.",
    parquet=True,
)


def _summary(kind: str, what: str, extra: tuple[Column, ...]) -> PublishedTable:
    return PublishedTable(
        path=f"data/{kind}_summary",
        columns=(
            *RUN_COLUMNS,
            Column(kind, "text", f"The {what}, or 'All users'."),
            Column("users", "integer", "Users in the segment."),
            *interval_columns("share", "number", "Share of all users, 0 to 1"),
            *extra,
            *interval_columns("mean_engagement_score", "number", "Mean engagement score with the percentile bootstrap"
            ),
            *interval_columns("mean_revenue_90d",
                "money",
                "Mean revenue a user in the current window, in US dollars, with the percentile bootstrap",
            ),
            *interval_columns("mean_lifetime_revenue",
                "money",
                "Mean revenue a user of all time, in US dollars, with the percentile bootstrap",
            ),
            Column("mean_session_frequency", "number", "Mean sessions a day, zeros included."),
            Column("mean_session_duration", "number", "Mean of the users' seconds a session, users without sessions left out."),
            Column("mean_event_frequency", "number", "Mean events a day, zeros included."),
            Column(
                "mean_days_since_last_activity",
                "number",
                "Mean days since the last activity, users without any left out.",
            ),
            Column("confidence", "number", "Confidence score of the segment, 0 to 1; a convention, no probability."),
            Column(
                "is_confident", "boolean", "Whether confidence is at or above SEGMENTATION_CONFIDENCE_THRESHOLD."
            ),
            *trust_columns("the interval of mean_lifetime_revenue"),
            n_column("mean_lifetime_revenue"),
        ),
        description=f"One row per {what}, then one for all users.",
    )  # fmt: skip


BEHAVIORAL = _summary("behavioral_segment", "behavioural segment", ())
REVENUE = _summary(
    "revenue_segment",
    "revenue segment",
    (
        Column("lowest_revenue", "money", "Smallest revenue in the segment, in US dollars, of the rule's basis."),
        Column("highest_revenue", "money", "Largest revenue in the segment, in US dollars, of the rule's basis."),
        Column("revenue", "money", "Revenue of the segment, in US dollars, of the rule's basis."),
        *interval_columns("revenue_share", "number", "Its share of the revenue of all users, 0 to 1"),
    ),
)  # fmt: skip

FUNNEL = PublishedTable(
    path="data/journey_funnel_analysis",
    columns=(
        *RUN_COLUMNS,
        Column(
            "group", "text", "Month of sign-up or platform, as the rule journey_funnel_group says, or 'All users'."
        ),
        Column("stage_number", "integer", "Place of the stage, 0 for install."),
        Column("stage", "text", "The stage."),
        Column(
            "users",
            "integer",
            "Users who reached the stage and all before it within the window, of those who have had the whole window.",
        ),
        *interval_columns("reached_rate", "number", "Share of the users at the start, 0 to 1"),
        *interval_columns("conversion_rate", "number", "Share of the users at the stage before, 0 to 1"),
        *interval_columns("drop_off_rate", "number", "One minus conversion_rate"),
        *interval_columns("median_days", "number", "Median days from sign-up, of those who reached the stage"),
        *interval_columns("difference_from_rest", "number", "conversion_rate minus that of all other groups together"
        ),
        *_SIGNIFICANCE,
        *trust_columns("the interval of conversion_rate"),
        n_column("conversion_rate"),
    ),
    description="One row per group and stage; the first group is all users.",
)  # fmt: skip

TABLES = (COHORTS, BEHAVIORAL, REVENUE, USERS, FUNNEL)
"""Every table of the family, for the data dictionary."""
