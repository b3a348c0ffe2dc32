"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS
from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.wide import Line, Place, Statistic
from include.tidemark.families.planners.definitions import USER_TYPES

_PLANNER, _PASSENGER = USER_TYPES


def _compared(_: Line) -> Place:
    return Place(_PLANNER, _PASSENGER)


def _week(line: Line) -> Place:
    return Place(horizon=line["week_start"].isoformat())


_SHARE = Statistic("planner_share", lambda _: Place())
_PLANNER_MEAN = Statistic("mean_{metric}", lambda _: Place(_PLANNER))
_PASSENGER_MEAN = Statistic("mean_{metric}", lambda _: Place(_PASSENGER))
RATIO = Statistic("ratio_{metric}", _compared)
TEST = Statistic("ratio_{metric}", _compared, "log_delta")
_OF_SIGNUPS = Statistic("planner_share_of_signups", _week, factor=100)
_TO_DATE = Statistic("planner_share_to_date", _week, factor=100)

USERS = model_table("data/user_segmentation")
ALMOST_PLANNERS = model_table("audiences/almost_planners")
AT_RISK_PLANNERS = model_table("audiences/at_risk_planners")

SUMMARY = model_table("data/user_segmentation_summary").plus(
    _SHARE.n("planner_percentage"),
    *_SHARE.trust("the interval of planner_percentage, planner_share in statistics.csv,"),
)

RATIOS = PublishedTable(
    path="data/planner_ratios",
    columns=(
        *RUN_COLUMNS,
        Column("metric", "text", "What is compared; conversion_rate is in conversions per 100 swipes."),
        *_PLANNER_MEAN.interval("planner_mean", "number", "Mean of the planners, inactive ones included"),
        *_PASSENGER_MEAN.interval(
            "passenger_mean", "number", "Mean of the passengers, inactive ones included"
        ),
        *RATIO.interval("ratio", "number", "Mean of the planners divided by that of the passengers"),
        TEST.column(
            "p_adjusted",
            "number",
            "p-value of a ratio of 1, adjusted for the number of ratios.",
            "p_adjusted",
        ),
        *RATIO.trust("the interval of ratio"),
        RATIO.n("ratio"),
    ),
    description="One row per metric: planners against passengers, with intervals.",
)

WEEKS = model_table("data/planner_share_by_week").plus(
    *_OF_SIGNUPS.interval(
        "share_of_signups_pct", "number", "Planners among the week's new users as of the date, in per cent"
    ),
    *_TO_DATE.interval(
        "share_to_date_pct",
        "number",
        "Planners among all users at the end of the week, as it stood then, in per cent",
    ),
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


TABLES = (USERS, SUMMARY, RATIOS, WEEKS, VERIFICATION, ALMOST_PLANNERS, AT_RISK_PLANNERS)
"""Every table of the family, for the data dictionary."""
