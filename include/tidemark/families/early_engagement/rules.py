"""The rules of the family early_engagement."""

from pydantic import BaseModel


class EarlyEngagementRules(BaseModel):
    """The family's part of the rules."""
