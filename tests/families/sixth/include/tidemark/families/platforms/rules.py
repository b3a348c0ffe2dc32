"""The rules of the family platforms."""

from pydantic import BaseModel

from include.tidemark.rule_types import Count


class PlatformsRules(BaseModel):
    """The family's part of the rules."""

    platform_min_users: Count
