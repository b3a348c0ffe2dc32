"""The five segments: their order of priority, and what they mean in words, with the numbers of the run's rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from include.tidemark.rules import Rules
from include.tidemark.run import Run

SEGMENTS = (
    "High-Value Travelers",
    "Declining",
    "New & Growing",
    "Budget-Conscious",
    "Stable Mid-Spenders",
)
"""In order of priority: a customer belongs to the first segment whose criteria hold."""

JOINED = "New customer"
"""Where a customer comes from who was none at the previous as-of date."""
LEFT = "No longer a customer"
"""Where a customer goes who is none any more, because all purchases were cancelled or the user became a test user."""

REFERENCE_SHARES_PCT: Mapping[str, tuple[int, int]] = {
    "High-Value Travelers": (10, 15),
    "Declining": (5, 10),
    "New & Growing": (10, 15),
    "Budget-Conscious": (20, 25),
    "Stable Mid-Spenders": (40, 50),
}
"""Shares that are typical of credit-card portfolios: a reference to read beside the result, not a target."""


@dataclass(frozen=True)
class SegmentDefinition:
    """One segment in words and numbers."""

    name: str
    priority: int
    purpose: str
    criteria: str
    """One sentence, with the thresholds of the run."""
    thresholds: Mapping[str, Any]
    """The rules that decide it, by their names."""


def segment_definitions(rules: Rules) -> list[SegmentDefinition]:
    """The segments under these rules, in order of priority."""
    money = rules.money
    growing = (
        f"First purchase at most {rules.new_growing_max_tenure_months} completed months ago; and spend in the last 90 days"
        f" {rules.new_growing_min_spend_change_pct:g}% or more above that of the 90 days before"
    )
    if rules.new_without_prior_is_growing:
        growing += ", or spend now where there was none before"
    basis = (
        "all purchases so far"
        if rules.category_share_basis == "lifetime"
        else "the purchases of the last 90 days"
    )
    words = {
        "High-Value Travelers": (
            "Keep the best customers.",
            f"Average monthly spend of {money.write(rules.high_value_min_avg_monthly_spend)} or more, and at least"
            f" {rules.high_value_min_travel_pct:g}% of {basis} is travel.",
        ),
        "Declining": (
            "Win back customers whose spend falls.",
            f"Spend in the last 90 days fell by {-rules.declining_max_spend_change_pct:g}% or more against the 90 days before,"
            f" which held {money.write(rules.declining_min_prior_spend)} or more.",
        ),
        "New & Growing": ("Help new customers to grow.", f"{growing}."),
        "Budget-Conscious": (
            "Offer value on everyday purchases.",
            f"Average monthly spend below {money.write(rules.budget_max_avg_monthly_spend)}, and at least"
            f" {rules.budget_min_necessities_pct:g}% of {basis} is necessities.",
        ),
        "Stable Mid-Spenders": (
            "Keep the core.",
            "Everyone to whom none of the four segments above applies.",
        ),
    }
    prefixes = dict(zip(SEGMENTS, ("high_value_", "declining_", "new_", "budget_", "none_"), strict=True))
    values = rules.model_dump(mode="json")
    return [
        SegmentDefinition(
            name=name,
            priority=number,
            purpose=words[name][0],
            criteria=words[name][1],
            thresholds={rule: value for rule, value in values.items() if rule.startswith(prefixes[name])},
        )
        for number, name in enumerate(SEGMENTS, start=1)
    ]


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    return {
        "population": "Every customer with a posted purchase before the as-of date; test users are left out.",
        "assignment": "A customer belongs to the first segment, in order of priority, whose criteria hold.",
        "segments": [
            {
                "priority": d.priority,
                "customer_segment": d.name,
                "purpose": d.purpose,
                "criteria": d.criteria,
                "thresholds": dict(d.thresholds),
                "reference_share_pct": list(REFERENCE_SHARES_PCT[d.name]),
            }
            for d in segment_definitions(run.rules)
        ],
        "terms": terms(run.rules),
    }


TERMS: Mapping[str, str] = {
    "spend": "Posted amounts net of refunds, in US dollars. A transaction without a status counts as posted.",
    "average monthly spend": "Spend of the last 90 days divided by three.",
    "spend change": "Spend of the last 90 days against the 90 days before, in per cent of the latter; empty when that was zero"
    " or less.",
    "category share": "Part of the purchases (positive amounts) in a group of categories, in per cent.",
    "lifetime value": "Spend since the first purchase.",
    "dormant": "No purchase in the last 180 days. Dormant customers keep their segment; shares are given with and without them.",
}


def terms(rules: Rules) -> dict[str, str]:
    """What the family's words mean, in the deployment's currency."""
    return {term: rules.money.words(meaning) for term, meaning in TERMS.items()}
