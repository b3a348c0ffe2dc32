"""The rules of the family fee_tiers."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StrictInt, model_validator

from include.tidemark.errors import ContradictionError
from include.tidemark.rule_types import ONCE, Count, Number, Percent

_Dollars = Annotated[Number, Field(gt=0, le=1e12)]
_Weeks = Annotated[StrictInt, Field(ge=1, le=52)]


class FeeTiersRules(BaseModel):
    """The family's part of the rules."""

    trade_size_basis: Literal["period_volume", "median_swap"]
    trade_size_small_min_usd: _Dollars
    trade_size_medium_min_usd: _Dollars
    trade_size_large_min_usd: _Dollars
    trade_size_whale_above_usd: _Dollars
    fee_engagement_medium_min_swaps: Count
    fee_engagement_high_min_swaps: Count
    fee_retention_weeks: _Weeks
    fee_ltv_horizon_weeks: Annotated[list[_Weeks], Field(min_length=1, max_length=20, json_schema_extra=ONCE)]
    fee_ltv_discount_rates_pct: Annotated[
        list[Percent], Field(min_length=1, max_length=10, json_schema_extra=ONCE)
    ]

    @model_validator(mode="after")
    def _fee_tiers_rules_agree(self) -> Self:
        names = [
            "trade_size_small_min_usd",
            "trade_size_medium_min_usd",
            "trade_size_large_min_usd",
            "trade_size_whale_above_usd",
        ]
        thresholds = [getattr(self, name) for name in names]
        if sorted(set(thresholds)) != thresholds:
            raise ContradictionError(
                f"{', '.join(names[:-1])} and {names[-1]} must rise from one to the next"
                f" (found {', '.join(f'{value:g}' for value in thresholds)})",
                *names,
            )
        if self.fee_engagement_medium_min_swaps >= self.fee_engagement_high_min_swaps:
            raise ContradictionError(
                "fee_engagement_medium_min_swaps must be below fee_engagement_high_min_swaps (found"
                f" {self.fee_engagement_medium_min_swaps} and {self.fee_engagement_high_min_swaps})",
                "fee_engagement_medium_min_swaps",
                "fee_engagement_high_min_swaps",
            )
        for name in ("fee_ltv_horizon_weeks", "fee_ltv_discount_rates_pct"):
            values = getattr(self, name)
            if sorted(set(values)) != values:
                raise ContradictionError(
                    f"{name} must rise from one value to the next (found {values})", name
                )
        return self
