"""The rules of the family engagement."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from include.tidemark.errors import ContradictionError
from include.tidemark.rule_types import ONCE, Count, Fraction

Name = Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z_.:/ -]{1,64}$")]
"""A stage or an event, as it goes into SQL and into files."""

START = "install"
"""The start of every journey, before the first configured stage."""

_DECIMALS = 6
"""Decimals of weights and percentiles that the models compute with."""


class JourneyStage(BaseModel):
    """One stage of the journey: reached when its event has happened `count` times."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Annotated[Name, Field(json_schema_extra={"not": {"const": START}})]
    event: Name
    count: Count


class EngagementRules(BaseModel):
    """The family's part of the rules."""

    engagement_session_frequency_weight: Fraction
    engagement_session_duration_weight: Fraction
    engagement_event_frequency_weight: Fraction
    engagement_recency_weight: Fraction
    high_engagement_percentile: Fraction
    moderate_engagement_percentile: Fraction
    engagement_percentile_users: Literal["all", "active"]
    churn_days_threshold: Annotated[Count, Field(le=3660)]
    whale_revenue_percentile: Fraction
    dolphin_revenue_percentile: Fraction
    revenue_segment_basis: Literal["lifetime", "window"]
    passive_events: list[Name]
    segmentation_significance_threshold: Annotated[Fraction, Field(gt=0, lt=1)]
    segmentation_confidence_threshold: Fraction
    install_cohort_history_days: Annotated[Count, Field(le=1830)]
    retention_days: Annotated[
        list[Annotated[Count, Field(le=730)]], Field(min_length=1, max_length=24, json_schema_extra=ONCE)
    ]
    journey_stages: Annotated[list[JourneyStage], Field(min_length=1, max_length=40)]
    journey_window_days: Annotated[Count, Field(le=730)]
    journey_funnel_group: Literal["install_month", "platform"]

    @property
    def engagement_weights(self) -> dict[str, float]:
        """The weight of each part of the score, by the part's name."""
        return {part: float(getattr(self, f"engagement_{part}_weight")) for part in SCORE_PARTS}

    @model_validator(mode="after")
    def _engagement_rules_agree(self) -> Self:
        _weights_sum_to_one(self.engagement_weights)
        for lower, higher in (
            ("moderate_engagement_percentile", "high_engagement_percentile"),
            ("dolphin_revenue_percentile", "whale_revenue_percentile"),
        ):
            if getattr(self, lower) > getattr(self, higher):
                raise ContradictionError(
                    f"{lower} ({getattr(self, lower):g}) must not be above {higher} ({getattr(self, higher):g})",
                    lower,
                    higher,
                )
        _ascending("retention_days", self.retention_days)
        _stages_agree(self.journey_stages, self.passive_events)
        return self


SCORE_PARTS = ("session_frequency", "session_duration", "event_frequency", "recency")
"""The parts of the engagement score, in the order of the rules."""


def _weights_sum_to_one(weights: dict[str, float]) -> None:
    rules = [f"engagement_{part}_weight" for part in weights]
    names = ", ".join(rules)
    if not math.isclose(math.fsum(weights.values()), 1.0, abs_tol=1e-9):
        raise ContradictionError(f"{names} must sum to 1, not to {math.fsum(weights.values()):g}", *rules)
    for part, weight in weights.items():
        if round(weight, _DECIMALS) != weight:
            raise ContradictionError(
                f"engagement_{part}_weight ({weight!r}) must have at most {_DECIMALS} decimals; round it so that {names} sum to 1",
                f"engagement_{part}_weight",
            )


def _ascending(name: str, values: list[int]) -> None:
    if sorted(set(values)) != values:
        raise ContradictionError(
            f"{name} ({', '.join(str(value) for value in values)}) must be ascending, each day once",
            name,
        )


def _stages_agree(stages: list[JourneyStage], passive: list[Any]) -> None:
    names = [stage.stage for stage in stages]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ContradictionError(
            f"journey_stages has the stage {twice[0]!r} twice; give each stage a name of its own",
            "journey_stages",
        )
    if START in names:
        raise ContradictionError(
            f"journey_stages must not name a stage {START!r}: that is where every journey starts",
            "journey_stages",
        )
    if passive_stages := [stage.stage for stage in stages if stage.event in passive]:
        raise ContradictionError(
            f"journey_stages reaches {passive_stages[0]!r} by an event that passive_events calls no activity; drop one of them",
            "journey_stages",
            "passive_events",
        )
