"""The rules of planners and passengers."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from include.tidemark.errors import ContradictionError
from include.tidemark.rule_types import Count, Days

EventName = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\\\x00-\x1f]{1,200}$")]
PlannerEvent = Literal["prompt", "swipe", "save", "share", "deck_created", "multiplayer", "conversion"]
PLANNER_EVENTS = ("prompt", "swipe", "save", "share", "deck_created", "multiplayer", "conversion")


class PlannersRules(BaseModel):
    """The family's part of the rules."""

    planner_events: Annotated[
        dict[PlannerEvent, Annotated[list[EventName], Field(min_length=1)]],
        Field(json_schema_extra={"required": list(PLANNER_EVENTS)}),
    ]
    planner_min_prompts: Count
    planner_min_swipes: Count
    planner_active_max_days: Days
    planner_churned_after_days: Days
    almost_planner_min_prompts: Count
    almost_planner_min_swipes: Count

    @model_validator(mode="after")
    def _check_planners(self) -> Self:
        if missing := [kind for kind in PLANNER_EVENTS if kind not in self.planner_events]:
            raise ContradictionError(
                f"planner_events has no event names for '{missing[0]}'", "planner_events"
            )
        names = [name for events in self.planner_events.values() for name in events]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ContradictionError(
                f"planner_events names '{repeated[0]}' more than once, so it would count twice",
                "planner_events",
            )
        if self.planner_churned_after_days < self.planner_active_max_days:
            raise ContradictionError(
                f"planner_churned_after_days ({self.planner_churned_after_days}) is less than"
                f" planner_active_max_days ({self.planner_active_max_days}), so a planner would be both active and churned",
                "planner_churned_after_days",
                "planner_active_max_days",
            )
        return self
