"""Planners and passengers in words, with the numbers of the run's rules."""

from collections.abc import Mapping
from typing import Any

from include.tidemark.rules import Rules
from include.tidemark.run import Run
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


def criteria(rules: Rules) -> dict[str, str]:
    """Each criterion in one sentence."""
    return {
        "prompted_and_swiped": f"Prompted at least {rules.planner_min_prompts} times and swiped through at least"
        f" {rules.planner_min_swipes} recommendations.",
        "created_deck": "Created at least one deck of their own; the decks that every account starts with do not count.",
        "shared_content": "Shared at least one deck or card.",
        "created_multiplayer_session": "Created at least one multiplayer planning session.",
    }


def segment_criteria(rules: Rules) -> dict[str, str]:
    """What puts a user into each segment, in one sentence."""
    return segmentations.criteria(shipped(SEGMENTS), rules)


def recency(rules: Rules) -> dict[str, str]:
    """What each state of a planner means, in one sentence."""
    return {state: text for state, text in segment_criteria(rules).items() if state in RECENCY}


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    rules = run.rules
    return {
        "population": "Every user whose account was created before the as-of date; test users are left out.",
        "assignment": "A user who has met any of the criteria is a planner, everybody else a passenger.",
        "criteria": criteria(rules),
        "segments": segment_criteria(rules),
        "events": {kind: list(names) for kind, names in rules.planner_events.items()},
        "thresholds": {
            name: value
            for name, value in rules.model_dump(mode="json").items()
            if name.startswith(("planner_min", "planner_active", "planner_churned", "almost_planner"))
        },
        "terms": dict(TERMS),
    }


TERMS: Mapping[str, str] = {
    "became planner at": "The moment when the first criterion was met. For prompts and swipes that is the deciding prompt or the"
    " deciding swipe, whichever came later.",
    "almost planner": "A passenger who has prompted or swiped nearly often enough.",
    "activated": "Has done anything at all since the account was created.",
    "conversion rate": "Conversions per 100 swipes.",
    "activity": "Events on local days from the account's creation on; a redelivered event counts once.",
}
