"""The audiences' thresholds: as far above their segment's as today's are, and never out of everybody's
reach."""

import numpy as np

from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.suggest.customers import Cents, Customers, cents, how_many, members
from include.tidemark.suggest.finders import Threshold, Thresholds, money
from include.tidemark.suggest.segmentation import bounds

_BASES = {
    "audience_high_value_min_avg_monthly_spend": "high_value_min_avg_monthly_spend",
    "audience_declining_min_lifetime_value": "declining_min_prior_spend",
    # The segment has no threshold of money; this one is on the same scale.
    "audience_new_growing_min_avg_monthly_spend": "high_value_min_avg_monthly_spend",
}
"""The segment's threshold that each audience's keeps its proportion to."""

_AT_THE_LEAST = 0.25
"""Share of its segment that an audience holds where the proportion alone would leave it next to empty."""
_TOO_FEW = 0.05
"""Below this share of its segment an audience is no campaign."""


def audience_thresholds(
    customers: Customers, today: CustomerSegmentsRules, proposed: CustomerSegmentsRules
) -> Thresholds:
    """The audiences' thresholds that differ from today's.

    Args:
        proposed: the rules with the segments' proposed thresholds.
    """
    found = {}
    segments = members(customers, proposed)
    for bound in bounds(proposed):
        values = column_of(customers, bound.column)[segments[bound.segment]]
        threshold = _in_proportion(bound.rule, today, proposed)
        if len(values) and (values >= cents(threshold)).mean() < _TOO_FEW:
            threshold = money(_within_reach(values))
        if threshold != getattr(today, bound.rule):
            below = 100 * how_many(values < cents(threshold)) / max(len(values), 1)
            why = f"{below:.0f} % of the customers in {bound.segment} are below it."
            found[bound.rule] = Threshold(threshold, why)
    return found


def column_of(customers: Customers, name: str) -> Cents:
    """The customers' numbers in a column that an audience's threshold is on, in cents."""
    return {"avg_monthly_spend": customers.avg_monthly_cents, "lifetime_value": customers.lifetime_cents}[
        name
    ]


def _in_proportion(rule: str, today: CustomerSegmentsRules, proposed: CustomerSegmentsRules) -> int | float:
    base = _BASES[rule]
    threshold: int | float = getattr(today, rule)
    before, after = cents(getattr(today, base)), cents(getattr(proposed, base))
    if before in (0, after):
        return threshold
    return money(_two_digits(round(cents(threshold) * after / before)))


def _within_reach(values: Cents) -> int:
    """What a quarter of the values reach, or more of them, rounded down."""
    reached = int(np.sort(values)[-max(1, round(_AT_THE_LEAST * len(values)))])
    if reached <= 0:
        return 0
    step: int = 10 ** max(0, len(str(reached)) - 2)
    return reached // step * step


def _two_digits(amount: int) -> int:
    step: int = 10 ** max(0, len(str(amount)) - 2)
    return round(amount / step) * step
