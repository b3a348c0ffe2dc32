"""Which of five segments is each customer in, and how do the segments change?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="customer_segments",
    sources=("users", "transactions"),
    overview="data/segment_summary.csv",
    overview_columns=(
        "customer_segment", "customers", "dormant_customers", "share_pct", "share_pct_ci_low", "share_pct_ci_high",
        "mean_spend_90d", "mean_spend_90d_ci_low", "mean_spend_90d_ci_high", "mean_spend_90d_trust",
    ),
    questions=("profile", "movement", "backtest"),
)  # fmt: skip
