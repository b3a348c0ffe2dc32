"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS, interval_columns, n_column, trust_columns
from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, PublishedTable

USERS = model_table("data/user_segmentation")
ALMOST_PLANNERS = model_table("audiences/almost_planners")
AT_RISK_PLANNERS = model_table("audiences/at_risk_planners")

SUMMARY = model_table("data/user_segmentation_summary").plus(
    n_column("planner_percentage"),
    *trust_columns("the interval of planner_percentage, planner_share in statistics.csv,"),
)

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

WEEKS = model_table("data/planner_share_by_week").plus(
    *interval_columns(
        "share_of_signups_pct", "number", "Planners among the week's new users as of the date, in per cent"
    ),
    *interval_columns(
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
