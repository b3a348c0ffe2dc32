"""The rules of the family engagement."""

from pydantic import BaseModel


class EngagementRules(BaseModel):
    """The family's part of the rules."""
