"""What the texts of `checks.yml`, `account.yml` and `definitions.yml` name."""

from typing import Any

from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    behavioral_criteria,
    compared_users,
    described,
    parameters,
    revenue_criteria,
    stage_names,
)
from include.tidemark.families.engagement.no_money import has_money
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import text_list

_RANKS = {
    "session_frequency": "session_frequency_rank",
    "session_duration": "session_duration_rank",
    "event_frequency": "event_frequency_rank",
    "recency": "recency_rank",
}
"""Part of the score -> its percentile rank."""


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    rules, stages = run.rules, stage_names(run.rules)
    weights = {rank: rules.engagement_weights[part] for part, rank in _RANKS.items()}
    kinds = {"behavioral": BEHAVIORAL_SEGMENTS, "revenue": REVENUE_SEGMENTS}
    return {
        "behavioral": text_list(BEHAVIORAL_SEGMENTS),
        "behavioral_names": BEHAVIORAL_SEGMENTS,
        "revenue_names": text_list(REVENUE_SEGMENTS),
        "segments_of_kinds": " union all ".join(
            f"select '{kind}' as kind, {text_literal(name)} as segment"
            for kind, names in kinds.items()
            for name in names
        ),
        "stages": text_list(stages),
        "stage_count": len(stages),
        "stage_of_number": " ".join(
            f"when {number} then {text_literal(name)}" for number, name in enumerate(stages)
        ),
        "weighted_ranks": " + ".join(f"{weight!r} * coalesce({rank}, 0)" for rank, weight in weights.items()),
        "weights": " + ".join(
            f"case when {rank} is null then 0 else {weight!r} end" for rank, weight in weights.items()
        ),
        "revenue": "lifetime_revenue"
        if rules.revenue_segment_basis == "lifetime"
        else "revenue_last_90_days",
        "has_money": "true" if has_money(run) else "false",
        "is_passive": f"r.event_name in {text_list(rules.passive_events)}"
        if rules.passive_events
        else "false",
        "window_start": run.window_start,
        "retention_days": ", ".join(map(str, rules.retention_days)),
        "compared_users": compared_users(rules),
        "engagement_weights": rules.engagement_weights,
        "behavioral_segments": described(behavioral_criteria(rules)),
        "revenue_segments": described(revenue_criteria(rules)),
        "parameters": parameters(rules),
    }
