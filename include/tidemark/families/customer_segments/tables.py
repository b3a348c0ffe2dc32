"""The tables that this family publishes, column by column."""

from include.tidemark.artifacts.columns import RUN_COLUMNS, interval_columns, trust_columns
from include.tidemark.artifacts.tables import Column, Kind, PublishedTable

_MODEL = "customer_segments"

_CUSTOMER_KINDS: dict[str, Kind] = {
    "as_of_date": "date",
    "run_key": "text",
    "customer_id": "id",
    "customer_segment": "text",
    "is_dormant": "boolean",
    "total_transactions": "integer",
    "lifetime_value": "money",
    "avg_transaction_value": "money",
    "first_transaction_date": "date",
    "last_transaction_date": "date",
    "tenure_months": "integer",
    "spend_last_90_days": "money",
    "spend_prior_90_days": "money",
    "spend_change_pct": "number",
    "avg_monthly_spend": "money",
    "travel_spend_pct": "number",
    "necessities_spend_pct": "number",
}

CUSTOMERS = PublishedTable(
    path="data/customer_segments",
    columns=tuple(Column(name, kind) for name, kind in _CUSTOMER_KINDS.items()),
    description="One row per customer: the segment as of the date, and the amounts that decided it.",
    model=_MODEL,
    parquet=True,
)


def _customer_columns(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, _CUSTOMER_KINDS[name]) for name in names)


def _mean(name: str, what: str) -> tuple[Column, ...]:
    return (
        *interval_columns(name, "money", f"{what}, in US dollars, with the percentile bootstrap's interval"),
        Column(f"{name}_skew_ci_low", "money", f"Lower end of Hall's skew-corrected t interval of {name}."),
        Column(f"{name}_skew_ci_high", "money", f"Upper end of Hall's skew-corrected t interval of {name}."),
        Column(
            f"{name}_trust",
            "text",
            f"How far the interval of {name} can be relied on: ok, caution or unreliable.",
        ),
        Column(
            f"{name}_reason",
            "text",
            f"Why {name} or an end of its interval is empty; see the report for the codes in words.",
        ),
    )


SUMMARY = PublishedTable(
    path="data/segment_summary",
    columns=(
        *RUN_COLUMNS,
        Column(
            "priority", "integer", "The order in which segments are tried; empty in the row of all customers."
        ),
        Column("customer_segment", "text", "The segment, or 'All customers'."),
        Column("customers", "integer", "Customers in the segment, dormant ones included."),
        Column("dormant_customers", "integer", "Those of them without a purchase in the last 180 days."),
        *interval_columns("share_pct", "number", "Share of all customers, in per cent"),
        *interval_columns(
            "share_active_pct", "number", "Share of the customers who are not dormant, in per cent"
        ),
        Column(
            "spend_last_90_days", "money", "Net spend of the segment in the current window, in US dollars."
        ),
        *_mean("mean_spend_90d", "Mean net spend per customer in the current window"),
        Column(
            "lifetime_value", "money", "Net spend of the segment since the first purchases, in US dollars."
        ),
        *_mean("mean_lifetime_value", "Mean net spend per customer since the first purchase"),
        Column(
            "reference_share_low_pct",
            "integer",
            "Lower end of the share typical of credit-card portfolios: a reference only.",
        ),
        Column(
            "reference_share_high_pct",
            "integer",
            "Upper end of the share typical of credit-card portfolios: a reference only.",
        ),
    ),
    description="One row per segment in order of priority, then one row for all customers.",
)

MOVEMENT = PublishedTable(
    path="data/segment_movement",
    columns=(
        *RUN_COLUMNS,
        Column("previous_as_of_date", "date", "The published as-of date that the customers moved from."),
        Column("previous_run_key", "text", "The published run of that date."),
        Column(
            "from_segment",
            "text",
            "Segment at the previous date; 'New customer' for those who were none then.",
        ),
        Column("to_segment", "text", "Segment now; 'No longer a customer' for those who are none now."),
        Column("customers", "integer", "Customers who made this move."),
        Column("from_customers", "integer", "Customers in the from-segment at the previous date."),
        *interval_columns(
            "share_pct", "number", "Share of the from-segment that made this move, in per cent"
        ),
        *trust_columns(),
    ),
    description="One row for each pair of segments between the previous published date and this one.",
)

BACKTEST = PublishedTable(
    path="data/segment_backtest",
    columns=(
        *RUN_COLUMNS,
        Column("backtest_as_of_date", "date", "The earlier published date whose segments are looked at."),
        Column("backtest_run_key", "text", "The published run of that date."),
        Column("customer_segment", "text", "Segment at that date, or 'All customers'."),
        Column("customers", "integer", "Customers in the segment at that date."),
        Column("prior_spend", "money", "Their net spend in the 90 days before that date, in US dollars."),
        Column("later_spend", "money", "Their net spend in the 90 days after it, in US dollars."),
        *interval_columns("spend_ratio", "number", "Later spend divided by prior spend"),
        *trust_columns(),
    ),
    description="One row per segment, then one row for all customers: what the segment of an earlier date spent in the 90 days that"
    " followed.",
)


def _audience(name: str, columns: tuple[Column, ...], description: str) -> PublishedTable:
    return PublishedTable(path=f"audiences/{name}", columns=columns, description=description, model=_MODEL)


HIGH_VALUE_AUDIENCE = _audience(
    "high_value_travelers",
    _customer_columns("customer_id", "lifetime_value", "avg_monthly_spend", "travel_spend_pct"),
    "High-Value Travelers with the highest spend, by lifetime value.",
)
DECLINING_AUDIENCE = _audience(
    "declining",
    _customer_columns(
        "customer_id", "lifetime_value", "spend_change_pct", "spend_last_90_days", "spend_prior_90_days"
    ),
    "Declining customers with a high lifetime value, the steepest fall first.",
)
NEW_GROWING_AUDIENCE = _audience(
    "new_and_growing",
    (
        *_customer_columns("customer_id", "tenure_months", "spend_change_pct", "avg_monthly_spend"),
        Column(
            "projected_annual_value",
            "money",
            "Average monthly spend times twelve, in US dollars: a projection, no forecast.",
        ),
    ),
    "New & Growing customers with high spend, the steepest growth first.",
)
BUDGET_AUDIENCE = _audience(
    "budget_conscious",
    _customer_columns("customer_id", "avg_monthly_spend", "necessities_spend_pct", "lifetime_value"),
    "Budget-Conscious customers, by lifetime value.",
)

TABLES = (
    CUSTOMERS,
    SUMMARY,
    MOVEMENT,
    BACKTEST,
    HIGH_VALUE_AUDIENCE,
    DECLINING_AUDIENCE,
    NEW_GROWING_AUDIENCE,
    BUDGET_AUDIENCE,
)
"""Every table of the family, for the data dictionary."""
