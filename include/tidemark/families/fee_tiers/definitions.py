"""What the family's words mean: trade sizes, cohorts, weeks, exclusions, with the numbers of the run's rules."""

from collections.abc import Mapping
from typing import Any

from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.segmentations.definitions import criteria
from include.tidemark.segmentations.shipped import shipped

SIZES = "trade_sizes"
"""The family's segmentation, by the name of its file in `dbt/segmentations/`."""
TRADE_SIZES = shipped(SIZES).names
"""The segments, from the smallest to the largest."""

TERMS: Mapping[str, str] = {
    "swap": "A posted transaction with a positive amount. A transaction without a status counts as posted.",
    "volume": "The sum of the swaps' amounts. A refund takes back its fee, but no volume.",
    "fee week": "Seven days of a fee period, counted from its first day; the last week of a period may be shorter.",
    "first seen": "The fee week of a user's first swap. Its fee is the user's acquisition fee.",
    "week k": "The k-th fee week after that of the first swap. Week 0 is the week of the first swap itself.",
    "retention": "The share of the users whose week k is over who swapped in it.",
    "retention in week k or later": "The same of week k and the fee weeks of follow_up_days after it, of users whose all of them are over.",
    "lifetime value": "Mean fees of the first weeks per user, users who left included, each week discounted to the first.",
    "elasticity": "The relative change of a user's weekly volume for a fee that is 5 bps higher, for users of one trade size.",
}

LEFT_OUT: Mapping[str, str] = {
    "before_fee_periods": "First swap before the first fee period: the user came for no fee that is known.",
    "outside_fee_periods": "First swap between fee periods or after the last one.",
    "no_fee_known": "First swap in a period whose fee is not known.",
    "excluded_week": "First swap in a week that is left out, with its reason, in the seed fee_week_exclusions.",
}
"""Why a user belongs to no cohort."""


def size_criteria(rules: Rules) -> dict[str, str]:
    """Each trade size in words, from the smallest to the largest."""
    return criteria(shipped(SIZES), rules)


def size_basis(rules: Rules) -> str:
    """What a user's trade size in a week is measured by."""
    if rules.trade_size_basis == "median_swap":
        return "The median of the user's swaps in the week."
    return "The user's volume in the week."


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    rules = run.rules
    return {
        "population": "Every user with a swap before the as-of date; test users are left out.",
        "trade_size_basis": size_basis(rules),
        "segments": [{"segment": name, "criteria": text} for name, text in size_criteria(rules).items()],
        "engagement_levels": {
            "low": f"Fewer than {rules.fee_engagement_medium_min_swaps} swaps in the week.",
            "medium": f"{rules.fee_engagement_medium_min_swaps} swaps or more, fewer than"
            f" {rules.fee_engagement_high_min_swaps}.",
            "high": f"{rules.fee_engagement_high_min_swaps} swaps or more.",
        },
        "cohorts_followed_weeks": rules.fee_retention_weeks,
        "follow_up_days": rules.follow_up_days,
        "ltv_horizon_weeks": list(rules.fee_ltv_horizon_weeks),
        "ltv_discount_rates_pct": list(rules.fee_ltv_discount_rates_pct),
        "left_out_of_cohorts": dict(LEFT_OUT),
        "terms": dict(TERMS),
    }
