"""What do users do when the fee changes?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="fee_tiers",
    sources=("users", "transactions", "fee_periods", "market_prices"),
    questions=(),
)
