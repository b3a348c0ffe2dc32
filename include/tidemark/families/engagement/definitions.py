"""Segments and stages of the family in words, with the numbers of the run's rules."""

from collections.abc import Mapping
from typing import Any

from include.tidemark.families.engagement.rules import START
from include.tidemark.rules import ENVIRONMENT_RULES, Rules
from include.tidemark.segmentations.definitions import criteria
from include.tidemark.segmentations.shipped import shipped

BEHAVIORAL, REVENUE = "behavioral_segments", "revenue_segments"
"""The family's segmentations, by the names of their files in `dbt/segmentations/`."""
BEHAVIORAL_SEGMENTS, REVENUE_SEGMENTS = shipped(BEHAVIORAL).names, shipped(REVENUE).names
LABELS: Mapping[str, str] = {**shipped(BEHAVIORAL).home.labels, **shipped(REVENUE).home.labels}
"""The segments as the report names them."""


def stage_names(rules: Rules) -> tuple[str, ...]:
    """The journey's stages in order, from its start on."""
    return (START, *(stage.stage for stage in rules.journey_stages))


def behavioral_criteria(rules: Rules) -> dict[str, str]:
    """What puts a user into each behavioural segment."""
    return criteria(shipped(BEHAVIORAL), rules)


def revenue_criteria(rules: Rules) -> dict[str, str]:
    """What puts a user into each revenue segment."""
    return criteria(shipped(REVENUE), rules)


def compared_users(rules: Rules) -> str:
    """Whose scores the percentiles of the behavioural segments are among, in words."""
    return shipped(BEHAVIORAL).home.phrases["engagement_percentile_users"][rules.engagement_percentile_users]


def parameters(rules: Rules) -> dict[str, Any]:
    """The rules that environment variables override, by the names of the variables."""
    return {name.upper(): getattr(rules, name) for name in ENVIRONMENT_RULES}


def described(criteria: Mapping[str, str]) -> list[dict[str, str]]:
    """The segments of one kind, with their labels."""
    return [{"segment": name, "label": LABELS[name], "criteria": text} for name, text in criteria.items()]
