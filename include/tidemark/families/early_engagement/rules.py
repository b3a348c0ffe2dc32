"""The rules of the family early_engagement."""

import re
from collections import Counter
from typing import Annotated, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from include.tidemark.errors import ContradictionError
from include.tidemark.families.early_engagement.features import column_slug, event_features
from include.tidemark.rule_types import ONCE, Count, Number

EventName = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\\\x00-\x1f]+$")]
"""Refused: what warehouses write differently inside quotes."""


class EarlyEngagementRules(BaseModel):
    """The family's part of the rules."""

    early_engagement_events: Annotated[
        list[EventName], Field(min_length=1, max_length=30, json_schema_extra=ONCE)
    ]
    early_engagement_return_events: Annotated[list[EventName], Field(max_length=30)]
    early_engagement_return_days: Annotated[Count, Field(le=28)]
    early_engagement_max_event_count: Count
    early_engagement_max_cells: Annotated[Count, Field(ge=1_000)]
    early_engagement_impact_threshold: Annotated[Number, Field(ge=1)]

    @model_validator(mode="after")
    def _columns_can_be_named(self) -> Self:
        slugs = {name: column_slug(name) for name in self.early_engagement_events}
        for name, slug in slugs.items():
            if not re.fullmatch("[a-z][a-z0-9_]{0,59}", slug):
                raise ContradictionError(
                    f"The rule early_engagement_events has the event {name!r}, whose column would be called {slug!r}:"
                    " the name must start with a letter and be at most 60 characters long",
                    "early_engagement_events",
                )
        columns = Counter(
            feature.name for event in self.early_engagement_events for feature in event_features(event)
        )
        if twice := [column for column, times in columns.items() if times > 1]:
            raise ContradictionError(
                f"The rule early_engagement_events has events that would share the column {twice[0]!r}:"
                " leave one of them out",
                "early_engagement_events",
            )
        return self
