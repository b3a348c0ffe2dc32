"""What `checks.yml` says of the users of the first week and the statistics about them, for the events of the rules."""

from pathlib import Path
from typing import Any

from include.tidemark.families.early_engagement.definitions import return_window
from include.tidemark.families.early_engagement.features import event_features, features_of
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset, text_list
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how many they are."""
    return suites_of(_FILE, "models", run, "early_engagement", _values(run))


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "early_engagement", _values(run))


def _values(run: Run) -> dict[str, Any]:
    events, returns = run.rules.early_engagement_events, run.rules.early_engagement_return_events
    first_day, last_day = return_window(run.rules)
    of_events = [event_features(event) for event in events]
    features = [feature.name for feature in features_of(events)]
    used = [has.name for has, _, _ in of_events]
    return {
        "first_day": first_day,
        "last_day": last_day,
        "counts_as_back": f"event_name in {text_list(returns)}" if returns else "1 = 1",
        "events": [
            {"has": has.name, "days": days.name, "count": count.name} for has, days, count in of_events
        ],
        "event_names": text_list(events),
        "event_counts": " + ".join(count.name for _, _, count in of_events),
        "features": " union all ".join(f"select '{name}' as segment" for name in features),
        "used": text_list(used),
        "usages_wanted": 3 * len(used),
    }
