"""How engaged are users, what are they worth, and do they come back?"""

from include.tidemark.families.family import Family

FAMILY = Family(
    name="engagement",
    sources=("users", "events"),
    optional_sources=("transactions",),
    questions=("segments", "retention", "funnel"),
    deciding_rules=(
        "churn_days_threshold",
        "high_engagement_percentile",
        "moderate_engagement_percentile",
        "engagement_percentile_users",
        "engagement_session_frequency_weight",
        "engagement_session_duration_weight",
        "engagement_event_frequency_weight",
        "engagement_recency_weight",
        "whale_revenue_percentile",
        "dolphin_revenue_percentile",
        "revenue_segment_basis",
    ),
    overview="data/behavioral_segment_summary.csv",
    overview_columns=(
        "behavioral_segment",
        "users",
        "share",
        "share_ci_low",
        "share_ci_high",
        "mean_engagement_score",
        "mean_revenue_90d",
        "confidence",
        "trust",
    ),
)
