"""The rules of the five segments and of the campaign audiences."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt, StrictStr

from include.tidemark.rule_types import Count, Money, Number, Percent


class CustomerSegmentsRules(BaseModel):
    """The family's part of the rules."""

    high_value_min_avg_monthly_spend: Money
    high_value_min_travel_pct: Percent
    declining_max_spend_change_pct: Annotated[Number, Field(ge=-100, le=0)]
    declining_min_prior_spend: Money
    new_growing_max_tenure_months: Annotated[StrictInt, Field(ge=0)]
    new_growing_min_spend_change_pct: Annotated[Number, Field(ge=0)]
    new_without_prior_is_growing: StrictBool
    budget_max_avg_monthly_spend: Money
    budget_min_necessities_pct: Percent
    category_share_basis: Literal["lifetime", "window"]
    category_groups: dict[StrictStr, Literal["travel", "necessities", "other"]]
    segment_min_share_pct: Percent

    audience_high_value_min_avg_monthly_spend: Money
    audience_high_value_limit: Count
    audience_declining_min_lifetime_value: Money
    audience_declining_limit: Count
    audience_new_growing_min_avg_monthly_spend: Money
    audience_new_growing_limit: Count
    audience_budget_limit: Count
