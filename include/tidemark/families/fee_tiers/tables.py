"""The tables that this family publishes, column by column: first the columns that readers were promised."""

from include.tidemark.artifacts.columns import closing_columns
from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable

_FEE = Column("acquisition_fee_bps", "number", "Fee in basis points at the users' first swap.")
_PERIOD = Column(
    "period_id", "text", "The fee week: its fee period, numbered where the period was cut into weeks."
)
_PERIOD_FEE = Column("final_fee_bps", "number", "Fee of the week in basis points.")


def _interval(name: str, kind: Kind, what: str) -> tuple[Column, ...]:
    return (
        Column(name, kind, f"{what}; empty where it can't be estimated."),
        Column("ci_low", kind, "Lower end of its confidence interval."),
        Column("ci_high", kind, "Upper end of its confidence interval."),
    )


COHORTS = model_table("data/user_cohorts")

RETENTION = PublishedTable(
    path="data/retention_by_fee",
    columns=(
        _FEE,
        Column("k", "integer", "Fee weeks after that of the first swap."),
        *_interval("retention_rate", "number", "Share of the users whose week k is over who swapped in it"),
        *closing_columns("retention_rate"),
    ),
    description="One row per acquisition fee and week k.",
)

ACQUISITION = PublishedTable(
    path="data/acquisition_by_period",
    columns=(
        _PERIOD,
        Column("period_start_date", "date", "First day of the week, in the business time zone."),
        _PERIOD_FEE,
        Column(
            "new_swappers", "integer", "Users whose first swap was in the week; empty while it is not over."
        ),
        Column("returning_swappers", "integer", "The other users of the week; empty while it is not over."),
        *closing_columns("new_swappers as a share of the week's users, new_share in statistics.csv"),
    ),
    description="One row per fee week.",
)

SEGMENT_METRICS = PublishedTable(
    path="data/segment_metrics",
    columns=(
        _PERIOD,
        _PERIOD_FEE,
        Column("segment", "text", "Trade size, from micro to whale."),
        Column("volume_share", "number", "Share of the week's volume, 0 to 1; empty where it can't be estimated."),
        Column("fees_share", "number", "Share of the week's fees, 0 to 1; empty where it can't be estimated."),
        Column("avg_fee_paid_usd", "number", "Mean fees per user in the week, in US dollars."),
        Column("retention_rate", "number", "Share of the users who swapped in the next fee week too; empty while it is not over."),
        Column(
            "elasticity_est",
            "number",
            "Relative change of a user's weekly volume for a fee 5 bps higher, from the model of all weeks: -0.07 is 7 % less.",
        ),
        *closing_columns("volume_share"),
    ),
    description="One row per fee week and trade size.",
)  # fmt: skip

LIFETIME_VALUE = PublishedTable(
    path="data/ltv_by_fee",
    columns=(
        _FEE,
        Column("horizon_weeks", "integer", "Weeks counted, that of the first swap included."),
        Column("discount_rate", "number", "Annual discount rate, 0.05 for 5 %."),
        *_interval(
            "ltv_mean", "number", "Mean discounted fees per user, users who left included, in US dollars"
        ),
        *closing_columns("ltv_mean"),
    ),
    description="One row per acquisition fee, horizon and discount rate.",
)

TABLES = (COHORTS, RETENTION, ACQUISITION, SEGMENT_METRICS, LIFETIME_VALUE)
"""Every table of the family, for the data dictionary."""
