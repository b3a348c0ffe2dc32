"""What `checks.yml` says of the candidate rows and the statistics of the five segments, for the criteria of the rules."""

from pathlib import Path
from typing import Any

from include.tidemark.families.customer_segments.definitions import SEGMENTS
from include.tidemark.families.customer_segments.suite_usefulness import usefulness
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, text_list
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how they moved."""
    return [*suites_of(_FILE, "models", run, "customer_segments", _values(run)), *usefulness(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "customer_segments")


def _values(run: Run) -> dict[str, Any]:
    criteria = _criteria(run)
    branches = " ".join(f"when {condition} then {text_literal(name)}" for name, condition in criteria.items())
    return {
        "segments": text_list(SEGMENTS),
        "criteria": [
            {"name": name, "slug": _slug(name), "segment": text_literal(name), "condition": condition}
            for name, condition in criteria.items()
        ],
        "any_criteria": " or ".join(f"coalesce({condition}, false)" for condition in criteria.values()),
        "decided": f"case {branches} else {text_literal(SEGMENTS[-1])} end",
        "dormant_before": f"cast('{run.prior_window_start}' as date)",
        "smallest": f"{run.rules.segment_min_share_pct:g}",
    }


def _criteria(run: Run) -> dict[str, str]:
    """The rule of each segment but the last, on the published columns.

    Average monthly spend is compared as three months of spend: rounded to the cent it could cross a threshold.
    """
    rules = run.rules
    growing = f"spend_change_pct >= {rules.new_growing_min_spend_change_pct}"
    if rules.new_without_prior_is_growing:
        growing = f"({growing} or (spend_change_pct is null and spend_last_90_days > 0))"
    return {
        "High-Value Travelers": f"spend_last_90_days >= 3 * {rules.high_value_min_avg_monthly_spend}"
        f" and travel_spend_pct >= {rules.high_value_min_travel_pct}",
        "Declining": f"spend_change_pct <= {rules.declining_max_spend_change_pct}"
        f" and spend_prior_90_days >= {rules.declining_min_prior_spend}",
        "New & Growing": f"tenure_months <= {rules.new_growing_max_tenure_months} and {growing}",
        "Budget-Conscious": f"spend_last_90_days < 3 * {rules.budget_max_avg_monthly_spend}"
        f" and necessities_spend_pct >= {rules.budget_min_necessities_pct}",
    }


def _slug(segment: str) -> str:
    return "_".join(segment.lower().replace("&", "and").replace("-", " ").split())
