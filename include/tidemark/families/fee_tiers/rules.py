"""The rules of the family fee_tiers."""

from pydantic import BaseModel


class FeeTiersRules(BaseModel):
    """The family's part of the rules."""
