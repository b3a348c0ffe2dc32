"""The features of the first week: which the list of events gives, and what their columns are called.

The dbt macros of `events_list.sql` name the same columns; a test holds the two to each other.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["has", "cnt_days", "cnt_events"]

PLATFORM = "creation_app_platform"
OUTCOME = "is_retained_4_weeks"
HORIZON, FIRST_WEEK = "4w", "7d"
"""The horizons of the rows about staying, and about the first week."""
UNKNOWN_PLATFORM = "unknown"
OTHER_PLATFORM = "other"


@dataclass(frozen=True)
class EventFeature:
    """One column of `dim_user_early_engagement`."""

    name: str
    event: str
    """The event's name, as it is in the data."""
    kind: Kind

    @property
    def description(self) -> str:
        """The column in words."""
        return {
            "has": f"Whether the user did {self.event!r} in the first seven days.",
            "cnt_days": f"On how many of the first seven days the user did {self.event!r}.",
            "cnt_events": f"How often the user did {self.event!r} in the first seven days.",
        }[self.kind]


def column_slug(event: str) -> str:
    """An event's name as part of a column's: lower case, one underscore for whatever is no letter or digit.

    >>> column_slug("Log In to App"), column_slug("add_item")
    ('log_in_to_app', 'add_item')
    """
    return re.sub("[^a-z0-9]+", "_", event.lower()).strip("_")


def event_features(event: str) -> tuple[EventFeature, EventFeature, EventFeature]:
    """The three features of one event.

    >>> [feature.name for feature in event_features("login")]
    ['has_login_f7d', 'cnt_days_login_f7d', 'cnt_login_events_f7d']
    """
    slug = column_slug(event)
    return (
        EventFeature(f"has_{slug}_f7d", event, "has"),
        EventFeature(f"cnt_days_{slug}_f7d", event, "cnt_days"),
        EventFeature(f"cnt_{slug}_events_f7d", event, "cnt_events"),
    )


def features_of(events: Iterable[str]) -> list[EventFeature]:
    """The features of a list of events, in its order."""
    return [feature for event in events for feature in event_features(event)]


def platform_feature(platform: str) -> str:
    """The name of the feature "the account was created on this platform".

    >>> platform_feature("web")
    'creation_app_platform_web'
    """
    return f"{PLATFORM}_{platform}"
