"""What the first week, being back and the model mean, in words with the numbers of the run's rules."""

from collections.abc import Mapping
from typing import Any

from include.tidemark.families.early_engagement.features import column_slug
from include.tidemark.rules import Rules
from include.tidemark.run import Run

RETURN_FROM_DAY = 28

TERMS: Mapping[str, str] = {
    "day": "A day of the business time zone; day 0 is the one on which the account was created.",
    "odds ratio": "How many times the odds of staying are, for a user with one unit more of the feature and all else equal. Above 1"
    " goes with staying, below 1 with leaving. It is an association: it does not say that making users do it makes them stay.",
    "univariate": "The same without the other features in the model. Where the two differ much, the feature goes along with others.",
    "impactful": "An odds ratio beyond the threshold in either direction, an adjusted p-value at most one minus the confidence level,"
    " and ten users or more in each cell of feature and outcome.",
    "AUC": "How often the model ranks a user who stayed above one who did not, on users that it has not seen; 0.5 is guessing.",
    "calibration slope": "1 where predicted odds are as far apart as real ones; below 1 the effects are overstated.",
}


def return_window(rules: Rules) -> tuple[int, int]:
    """First and last day on which activity counts as being back."""
    return RETURN_FROM_DAY, RETURN_FROM_DAY + rules.early_engagement_return_days - 1


def retained_in_words(rules: Rules) -> str:
    """The outcome in one sentence."""
    first, last = return_window(rules)
    names = rules.early_engagement_return_events
    what = f"one of the events {', '.join(names)}" if names else "any event"
    days = f"on day {first}" if first == last else f"on at least one of the days {first} to {last}"
    return f"Did {what} {days} after the account was created."


def definitions(run: Run) -> dict[str, Any]:
    """The family's part of `definitions/segment_definitions.json`."""
    rules = run.rules
    _, last = return_window(rules)
    return {
        "population": f"Users, test users left out, whose day {last} is before the as-of date, and whose account was created on"
        " or after the first day that the warehouse holds events of.",
        "is_retained_4_weeks": retained_in_words(rules),
        "features": {
            "has_<event>_f7d": "Did the event on day 0 to 6. Events of days before are not counted.",
            "cnt_days_<event>_f7d": "Days of these seven on which the user did it.",
            "cnt_<event>_events_f7d": "How often the user did it on them; in the model at most"
            f" {rules.early_engagement_max_event_count}.",
            "creation_app_platform_<platform>": "The account was created there, against the first platform by name that a"
            " tenth of the users chose.",
        },
        "events": {column_slug(name): name for name in rules.early_engagement_events},
        "impact_threshold": rules.early_engagement_impact_threshold,
        "thresholds": {
            name: value
            for name, value in rules.model_dump(mode="json").items()
            if name.startswith("early_engagement_")
        },
        "terms": dict(TERMS),
    }
