"""The tables that this family publishes, column by column: first the columns that readers were promised."""

from include.tidemark.artifacts.model_tables import model_table
from include.tidemark.artifacts.tables import Column, PublishedTable
from include.tidemark.artifacts.wide import Line, Place, Statistic
from include.tidemark.families.fee_tiers.names import tier_name, week_name
from include.tidemark.families.fee_tiers.size_rows import FEE_PAID, NEW_SHARE, NEXT_WEEK, SHARES
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.statistics.lifetime_value import horizon_name
from include.tidemark.statistics.retention import IN_WINDOW

_FEE = Column("acquisition_fee_bps", "number", "Fee in basis points at the users' first swap.")
_PERIOD = Column(
    "period_id", "text", "The fee week: its fee period, numbered where the period was cut into weeks."
)
_PERIOD_FEE = Column("final_fee_bps", "number", "Fee of the week in basis points.")
_ENDS = ("ci_low", "ci_high")


def _tier_and_week(line: Line) -> Place:
    return Place(tier_name(line["acquisition_fee_bps"]), horizon=week_name(line["k"]))


def _tier_and_horizon(line: Line) -> Place:
    horizon = horizon_name(line["horizon_weeks"], line["discount_rate"])
    return Place(tier_name(line["acquisition_fee_bps"]), horizon=horizon)


def _week(line: Line) -> Place:
    return Place(horizon=line["period_id"])


def _size(line: Line) -> Place:
    return Place(line["segment"])


def _week_and_size(line: Line) -> Place:
    return Place(line["segment"], horizon=line["period_id"])


_RETENTION = Statistic(IN_WINDOW, _tier_and_week)
_NEW_SHARE = Statistic(NEW_SHARE, _week)
_VOLUME_SHARE, _FEES_SHARE = (Statistic(metric, _week_and_size) for metric in SHARES)
_FEE_PAID, _NEXT_WEEK = (Statistic(metric, _week_and_size) for metric in (FEE_PAID, NEXT_WEEK))
_ELASTICITY = Statistic("effect_5bps_log_volume_usd", _size)
_LTV = Statistic(LTV_MEAN, _tier_and_horizon)

COHORTS = model_table("data/user_cohorts")

RETENTION = PublishedTable(
    path="data/retention_by_fee",
    columns=(
        _FEE,
        Column("k", "integer", "Fee weeks after that of the first swap."),
        *_RETENTION.interval(
            "retention_rate", "number", "Share of the users whose week k is over who swapped in it", _ENDS
        ),
        *_RETENTION.closing("retention_rate"),
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
        *_NEW_SHARE.closing("new_swappers as a share of the week's users, new_share in statistics.csv"),
    ),
    description="One row per fee week.",
)

SEGMENT_METRICS = PublishedTable(
    path="data/segment_metrics",
    columns=(
        _PERIOD,
        _PERIOD_FEE,
        Column("segment", "text", "Trade size, from micro to whale."),
        _VOLUME_SHARE.column("volume_share", "number", "Share of the week's volume, 0 to 1; empty where it can't be estimated.", "estimate"),
        _FEES_SHARE.column("fees_share", "number", "Share of the week's fees, 0 to 1; empty where it can't be estimated.", "estimate"),
        _FEE_PAID.column("avg_fee_paid_usd", "number", "Mean fees per user in the week, in US dollars.", "estimate"),
        _NEXT_WEEK.column("retention_rate", "number", "Share of the users who swapped in the next fee week too; empty while it is not over.", "estimate"),
        _ELASTICITY.column(
            "elasticity_est",
            "number",
            "Relative change of a user's weekly volume for a fee 5 bps higher, from the model of all weeks: -0.07 is 7 % less.",
            "estimate",
        ),
        *_VOLUME_SHARE.closing("volume_share"),
    ),
    description="One row per fee week and trade size.",
)  # fmt: skip

LIFETIME_VALUE = PublishedTable(
    path="data/ltv_by_fee",
    columns=(
        _FEE,
        Column("horizon_weeks", "integer", "Weeks counted, that of the first swap included."),
        Column("discount_rate", "number", "Annual discount rate, 0.05 for 5 %."),
        *_LTV.interval(
            "ltv_mean",
            "number",
            "Mean discounted fees per user, users who left included, in US dollars",
            _ENDS,
        ),
        *_LTV.closing("ltv_mean"),
    ),
    description="One row per acquisition fee, horizon and discount rate.",
)

TABLES = (COHORTS, RETENTION, ACQUISITION, SEGMENT_METRICS, LIFETIME_VALUE)
"""Every table of the family, for the data dictionary."""
