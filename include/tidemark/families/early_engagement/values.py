"""What the texts of `checks.yml`, `account.yml` and `definitions.yml` name."""

from typing import Any

from include.tidemark.families.early_engagement.definitions import retained_in_words, return_window
from include.tidemark.families.early_engagement.features import (
    OUTCOME,
    column_slug,
    event_features,
    features_of,
)
from include.tidemark.run import Run
from include.tidemark.validation.checks import text_list


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    events, returns = run.rules.early_engagement_events, run.rules.early_engagement_return_events
    first_day, last_day = return_window(run.rules)
    of_events = [event_features(event) for event in events]
    features = [feature.name for feature in features_of(events)]
    used = [has.name for has, _, _ in of_events]
    in_return = (
        f"r.event_date >= u.created_date + {first_day} and r.event_date < u.created_date + {last_day + 1}"
    )
    return {
        "days_looked_at": last_day + 1,
        "in_return": in_return,
        "is_return": f"{in_return} and r.event_name in {text_list(returns)}" if returns else in_return,
        "events_counted": " + ".join(f"coalesce(sum({count.name}), 0)" for _, _, count in of_events),
        "outcome": OUTCOME,
        "first_day": first_day,
        "last_day": last_day,
        "retained_in_words": retained_in_words(run.rules),
        "events_by_slug": {column_slug(name): name for name in events},
        "thresholds": {
            name: value
            for name, value in run.rules.model_dump(mode="json").items()
            if name.startswith("early_engagement_")
        },
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
