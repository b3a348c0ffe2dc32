"""Planners and passengers in words, with the numbers of the run's rules."""

from include.tidemark.rules import Rules
from include.tidemark.segmentations import definitions as segmentations
from include.tidemark.segmentations.shipped import shipped

TYPES, SEGMENTS = "user_types", "planner_segments"
"""The family's segmentations, by the names of their files in `dbt/segmentations/`."""
USER_TYPES = shipped(TYPES).names
RECENCY = shipped(SEGMENTS).names[:-1]
"""The states of a planner; the last segment is that of the passengers."""
CRITERIA = ("prompted_and_swiped", "created_deck", "shared_content", "created_multiplayer_session")
"""In the order in which `planner_criteria_met` names them."""
SEVERAL = "more_than_one"
"""Segment of the share of planners who have met more than one criterion."""


def segment_criteria(rules: Rules) -> dict[str, str]:
    """What puts a user into each segment, in one sentence."""
    return segmentations.criteria(shipped(SEGMENTS), rules)


def recency(rules: Rules) -> dict[str, str]:
    """What each state of a planner means, in one sentence."""
    return {state: text for state, text in segment_criteria(rules).items() if state in RECENCY}
