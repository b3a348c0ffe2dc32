"""What do users do when the fee changes?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="fee_tiers",
    sources=("users", "transactions", "fee_periods", "market_prices"),
    questions=("tier_retention", "fee_effect_on_retention", "tier_value", "trade_sizes", "fee_elasticity"),
    overview="data/acquisition_by_period.csv",
    overview_columns=(
        "period_id",
        "period_start_date",
        "final_fee_bps",
        "new_swappers",
        "returning_swappers",
    ),
)
