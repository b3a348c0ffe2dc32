"""Who belongs to each campaign: said once, for the published lists, the gate, and the search for rules."""

from dataclasses import dataclass

from include.tidemark.families.customer_segments.definitions import SEGMENTS
from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.sources.literals import text_literal


@dataclass(frozen=True)
class Audience:
    """The customers of one segment who are worth writing to: a threshold, an order and a limit."""

    name: str
    """Of its file below `audiences/`."""
    segment: str
    order: str
    """SQL: who comes first where there are more than the limit."""
    limit: int
    column: str | None = None
    """The column of `customer_segments` that the threshold is on; None where the whole segment is written to."""
    minimum: float = 0
    rule: str | None = None
    """The rule that holds the threshold."""

    @property
    def condition(self) -> str:
        """SQL on the rows of `customer_segments`: who belongs to it, the limit left aside."""
        segment = f"customer_segment = {text_literal(self.segment)}"
        return f"{segment} and {self.column} >= {self.minimum}" if self.column else segment


def audiences(rules: CustomerSegmentsRules) -> tuple[Audience, ...]:
    """The audiences under these rules, in the order of their segments."""
    high_value, declining, new_growing, budget, _ = SEGMENTS
    return (
        Audience(
            "high_value_travelers",
            high_value,
            "lifetime_value desc",
            rules.audience_high_value_limit,
            "avg_monthly_spend",
            rules.audience_high_value_min_avg_monthly_spend,
            "audience_high_value_min_avg_monthly_spend",
        ),
        Audience(
            "declining",
            declining,
            "spend_change_pct asc nulls last",
            rules.audience_declining_limit,
            "lifetime_value",
            rules.audience_declining_min_lifetime_value,
            "audience_declining_min_lifetime_value",
        ),
        Audience(
            "new_and_growing",
            new_growing,
            "spend_change_pct desc nulls last",
            rules.audience_new_growing_limit,
            "avg_monthly_spend",
            rules.audience_new_growing_min_avg_monthly_spend,
            "audience_new_growing_min_avg_monthly_spend",
        ),
        Audience("budget_conscious", budget, "lifetime_value desc", rules.audience_budget_limit),
    )
