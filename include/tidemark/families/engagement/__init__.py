"""How engaged are users, what are they worth, and do they come back?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="engagement",
    sources=("users", "events"),
    optional_sources=("transactions",),
    questions=("segments", "retention", "funnel"),
    overview="data/behavioral_segment_summary.csv",
    overview_columns=(
        "behavioral_segment", "users", "share", "share_ci_low", "share_ci_high", "mean_engagement_score", "mean_revenue_90d",
        "confidence", "trust",
    ),
)  # fmt: skip
