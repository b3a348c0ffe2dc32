"""Behavioural segments against numpy's percentiles of the published scores."""

import numpy as np


def test_percentiles_are_among_the_users_who_have_not_churned_where_the_rules_say_so(synthetic_month):
    assert synthetic_month.run.rules.engagement_percentile_users == "active"
    users = synthetic_month.query(
        "select engagement_score, behavioral_segment, days_since_last_activity from runs.user_engagement"
    )
    churned = [
        row["days_since_last_activity"] is None or row["days_since_last_activity"] >= 14 for row in users
    ]
    active = [row for row, gone in zip(users, churned, strict=True) if not gone]
    moderate, high = np.quantile([row["engagement_score"] for row in active], [0.3, 0.7])
    for row in active:
        # A score within the rounding of a threshold may fall on either side of numpy's floating-point one.
        if min(abs(row["engagement_score"] - end) for end in (moderate, high)) > 1e-12:
            expected = (
                "high"
                if row["engagement_score"] >= high
                else "moderate"
                if row["engagement_score"] >= moderate
                else "low"
            )
            assert row["behavioral_segment"] == f"{expected}_engagement"
    gone = [row["behavioral_segment"] for row, is_gone in zip(users, churned, strict=True) if is_gone]
    assert set(gone) == {"churned"}


def test_every_behavioural_segment_occurs(synthetic_month):
    rows = synthetic_month.rows("data/behavioral_segment_summary.csv")
    assert all(int(row["users"]) > 0 for row in rows)
