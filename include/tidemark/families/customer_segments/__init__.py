"""Which of five segments is each customer in, and how do the segments change? The file of the segments is in
`dbt/segmentations/`."""

from include.tidemark.families.declared import QUESTIONS, DeclaredFamily

FAMILY = DeclaredFamily(
    name="customer_segments",
    sources=("users", "transactions"),
    overview="data/segment_summary.csv",
    overview_columns=(
        "customer_segment",
        "customers",
        "dormant_customers",
        "share_pct",
        "share_pct_ci_low",
        "share_pct_ci_high",
        "mean_spend_90d",
        "mean_spend_90d_ci_low",
        "mean_spend_90d_ci_high",
        "mean_spend_90d_trust",
    ),
    questions=QUESTIONS,
    own=("account",),
)
