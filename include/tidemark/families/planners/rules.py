"""The rules of the family planners."""

from pydantic import BaseModel


class PlannersRules(BaseModel):
    """The family's part of the rules."""
