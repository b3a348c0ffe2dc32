"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import REASON, RUN_COLUMNS
from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.wide import Line, Place, Statistic
from include.tidemark.families.engagement.cohorts import REVENUE_PER_USER, horizon
from include.tidemark.run import Run
from include.tidemark.statistics.funnel import METRICS as FUNNEL_METRICS
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW


def _cohort(line: Line) -> Place:
    return Place(line["cohort_date"].isoformat(), horizon=horizon(line["day"]))


def _segment(line: Line) -> Place:
    return Place(line["segment"])


def _stage(line: Line) -> Place:
    return Place(line["segment"], line["stage"])


def _significance(difference: Statistic) -> tuple[Column, ...]:
    """A comparison's p-values, and whether it counts as significant; empty where nothing was compared."""
    return (
        difference.column("p_value", "number", "Two-sided p-value of no difference from the rest, unadjusted.", "p_value"),
        difference.column(
            "p_adjusted", "number", "The p-value, adjusted within its family (Benjamini and Hochberg).", "p_adjusted"
        ),
        difference.column("family_size", "integer", "Comparisons in that family.", "family_size"),
        difference.column(
            "is_significant",
            "boolean",
            "Whether p_adjusted is at or below SEGMENTATION_SIGNIFICANCE_THRESHOLD.",
            "p_adjusted",
            _is_significant,
        ),
    )  # fmt: skip


def _is_significant(p_adjusted: float | None, run: Run) -> bool | None:
    return None if p_adjusted is None else p_adjusted <= run.rules.segmentation_significance_threshold


def _is_confident(confidence: float | None, run: Run) -> bool | None:
    return None if confidence is None else confidence >= run.rules.segmentation_confidence_threshold


_RATE, _LATER_RATE = (Statistic(metric, _cohort) for metric in (IN_WINDOW, IN_OR_AFTER))
_RATE_VS_REST = Statistic(f"{IN_WINDOW}_vs_rest", _cohort)
_REVENUE = Statistic(REVENUE_PER_USER, _cohort)
_LIFETIME = Statistic("mean_lifetime_revenue", _segment)
_CONFIDENCE = Statistic("segment_confidence", _segment)
_REACHED, _CONVERSION, _DROP_OFF, _MEDIAN = (Statistic(metric, _stage) for metric in FUNNEL_METRICS)
_CONVERSION_VS_REST = Statistic(f"{FUNNEL_METRICS[1]}_vs_rest", _stage)

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
        *_RATE.interval("retention_rate", "number", "Retained users over matured users, 0 to 1"),
        Column(
            "retained_or_later_users", "integer", "Matured users with activity on that day or any later one."
        ),
        *_LATER_RATE.interval(
            "retention_or_later_rate",
            "number",
            "These over matured users; older cohorts have had more time to come back",
        ),
        *_RATE_VS_REST.interval(
            "difference_from_rest",
            "number",
            "retention_rate minus that of all other cohorts on the same day together",
        ),
        *_significance(_RATE_VS_REST),
        Column("revenue", "money", "Revenue of the matured users from sign-up to that day, in US dollars."),
        *_REVENUE.interval(
            "revenue_per_user", "money", "Mean revenue a matured user from sign-up to that day, in US dollars"
        ),
        _REVENUE.column(
            "revenue_per_user_trust",
            "text",
            "How far the interval of revenue_per_user can be relied on: ok, caution or unreliable.",
            "trust",
        ),
        _REVENUE.column(
            "revenue_per_user_reason", "text", f"The same for revenue_per_user. {REASON}", "reason"
        ),
        *_RATE.trust("the interval of retention_rate"),
        _RATE.n("retention_rate"),
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
            *Statistic("segment_share", _segment).interval("share", "number", "Share of all users, 0 to 1"),
            *extra,
            *Statistic("mean_engagement_score", _segment).interval("mean_engagement_score", "number", "Mean engagement score with the percentile bootstrap"
            ),
            *Statistic("mean_revenue_90d", _segment).interval("mean_revenue_90d",
                "money",
                "Mean revenue a user in the current window, in US dollars, with the percentile bootstrap",
            ),
            *_LIFETIME.interval("mean_lifetime_revenue",
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
            _CONFIDENCE.column("confidence", "number", "Confidence score of the segment, 0 to 1; a convention, no probability.", "estimate"),
            _CONFIDENCE.column(
                "is_confident",
                "boolean",
                "Whether confidence is at or above SEGMENTATION_CONFIDENCE_THRESHOLD.",
                "estimate",
                _is_confident,
            ),
            *_LIFETIME.trust("the interval of mean_lifetime_revenue"),
            _LIFETIME.n("mean_lifetime_revenue"),
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
        *Statistic("revenue_share", _segment).interval("revenue_share", "number", "Its share of the revenue of all users, 0 to 1"),
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
        _MEDIAN.column(
            "users",
            "integer",
            "Users who reached the stage and all before it within the window, of those who have had the whole window.",
            "n",
        ),
        *_REACHED.interval("reached_rate", "number", "Share of the users at the start, 0 to 1"),
        *_CONVERSION.interval("conversion_rate", "number", "Share of the users at the stage before, 0 to 1"),
        *_DROP_OFF.interval("drop_off_rate", "number", "One minus conversion_rate"),
        *_MEDIAN.interval("median_days", "number", "Median days from sign-up, of those who reached the stage"),
        *_CONVERSION_VS_REST.interval("difference_from_rest", "number", "conversion_rate minus that of all other groups together"
        ),
        *_significance(_CONVERSION_VS_REST),
        *_CONVERSION.trust("the interval of conversion_rate"),
        _CONVERSION.n("conversion_rate"),
    ),
    description="One row per group and stage; the first group is all users.",
)  # fmt: skip

TABLES = (COHORTS, BEHAVIORAL, REVENUE, USERS, FUNNEL)
"""Every table of the family, for the data dictionary."""
