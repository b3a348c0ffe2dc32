"""Segments, stages and terms of the family in words, with the numbers of the run's rules."""

from collections.abc import Mapping
from typing import Any

from include.tidemark.families.engagement.rules import SCORE_PARTS, START
from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.segmentations.definitions import criteria
from include.tidemark.segmentations.shipped import shipped

BEHAVIORAL, REVENUE = "behavioral_segments", "revenue_segments"
"""The family's segmentations, by the names of their files in `dbt/segmentations/`."""
BEHAVIORAL_SEGMENTS, REVENUE_SEGMENTS = shipped(BEHAVIORAL).names, shipped(REVENUE).names
LABELS: Mapping[str, str] = {**shipped(BEHAVIORAL).home.labels, **shipped(REVENUE).home.labels}
"""The segments as the report names them."""

TERMS: Mapping[str, str] = {
    "activity": "Any event from the day of sign-up on, except those that the rule passive_events names.",
    "engagement score": "The weighted mean of a user's percentile ranks among all users in session frequency, session duration,"
    " event frequency and recency: 0 for the lowest in everything, 1 for the highest.",
    "session frequency": "Sessions a day, over the days of the current window since sign-up.",
    "session duration": "Seconds a session in the current window. Without sessions it ranks lowest; where no session has a known"
    " length it is left out, and its weight goes to the other three.",
    "event frequency": "Events a day, over the days of the current window since sign-up.",
    "recency": "Days from the last activity to the as-of date; few rank high, and no activity at all ranks lowest.",
    "install cohort": "The users who signed up on one day.",
    "retention on day k": "Users with activity on the k-th day after sign-up, of those whose k-th day is over.",
    "revenue": "Posted amounts net of refunds, in US dollars. A transaction without a status counts as posted.",
    "confidence": "Sample size, completeness of the fields and variance of the segment's own metric in one figure from 0 to 1.",
}


def terms(rules: Rules) -> dict[str, str]:
    """What the family's words mean, in the deployment's currency."""
    return {term: rules.money.words(meaning) for term, meaning in TERMS.items()}


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
    names = (
        "segmentation_minimum_sample_size", "segmentation_significance_threshold", "segmentation_confidence_threshold",
        *(f"engagement_{part}_weight" for part in SCORE_PARTS), "high_engagement_percentile",
        "moderate_engagement_percentile", "whale_revenue_percentile", "dolphin_revenue_percentile", "churn_days_threshold",
    )  # fmt: skip
    return {name.upper(): getattr(rules, name) for name in names}


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    rules = run.rules
    return {
        "population": "Every account that is no tester's and was created before the as-of date, also without any activity.",
        "assignment": "Each user has one behavioural and one revenue segment. Churn comes before any percentile; the score's"
        f" percentiles are of {compared_users(rules)}, those of revenue of all users.",
        "engagement_score": {
            "weights": rules.engagement_weights,
            "formula": "sum of weight * percentile rank, divided by the sum of the weights",
        },
        "behavioral_segments": _segments(behavioral_criteria(rules)),
        "revenue_segments": _segments(revenue_criteria(rules)),
        "journey": {
            "start": START,
            "stages": [stage.model_dump(mode="json") for stage in rules.journey_stages],
            "window_days": rules.journey_window_days,
            "groups": rules.journey_funnel_group,
        },
        "retention_days": list(rules.retention_days),
        "follow_up_days": rules.follow_up_days,
        "burn_in_days": rules.burn_in_days,
        "parameters": parameters(rules),
        "terms": terms(rules),
    }


def _segments(criteria: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"segment": name, "label": LABELS[name], "criteria": text} for name, text in criteria.items()]
