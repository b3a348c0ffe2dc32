"""The limits of the gate for the source tables."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, StrictInt, model_validator

from include.tidemark.rule_types import Percent, refuse_warnings_above_stops


class SourceCheckRules(BaseModel):
    """The gate's part of the rules."""

    earliest_years_before_as_of: Annotated[StrictInt, Field(ge=1, le=200)]
    null_share_warning_points: Percent
    null_share_critical_points: Percent
    vanished_value_min_share_pct: Percent
    vanished_users_warning_pct: Percent
    vanished_users_critical_pct: Percent

    @model_validator(mode="after")
    def _warned_before_stopped(self) -> Self:
        refuse_warnings_above_stops(
            self,
            ("null_share_warning_points", "null_share_critical_points"),
            ("vanished_users_warning_pct", "vanished_users_critical_pct"),
        )
        return self
