"""What each threshold cuts: quantiles of the number that it is on, and how many meet it today and under a
proposal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.suggest.audience_thresholds import column_of
from include.tidemark.suggest.customers import Customers, Mask, members
from include.tidemark.suggest.segmentation import bounds

QUANTILES_PCT = (10, 25, 50, 75, 90, 99)

Values = NDArray[Any]


@dataclass(frozen=True)
class Cut:
    """One threshold and the numbers that it divides."""

    rule: str
    whose: str
    """The customers who have such a number, in words."""
    customers: int
    quantiles: dict[int, float]
    """By their per cent; empty where nobody has such a number."""
    today: int | float
    today_meet_pct: float | None
    proposed: int | float
    proposed_meet_pct: float | None


def cuts(customers: Customers, today: CustomerSegmentsRules, proposed: CustomerSegmentsRules) -> list[Cut]:
    """Every threshold of the segments in order of priority, then those of the audiences."""
    return [
        _cut(divided, today, proposed)
        for divided in (*_of_segments(customers), *_of_audiences(customers, proposed))
    ]


_Meets = Callable[[Values, float], Mask]
_Divided = tuple[str, str, Values, _Meets]


def _of_segments(of: Customers) -> list[_Divided]:
    monthly = of.spend_cents[of.spend_cents > 0] / 300
    prior = of.prior_cents[of.prior_cents > 0] / 100
    change = _known(of.change_pct)
    spent, before, compared = (
        "spent something in the last 90 days",
        "spent something in the 90 days before",
        "have a change",
    )
    return [
        ("high_value_min_avg_monthly_spend", spent, monthly, np.greater_equal),
        ("high_value_min_travel_pct", "have purchases", _known(of.travel_pct), np.greater_equal),
        ("declining_max_spend_change_pct", compared, change, np.less_equal),
        ("declining_min_prior_spend", before, prior, np.greater_equal),
        ("new_growing_max_tenure_months", "are customers", of.tenure_months, np.less_equal),
        ("new_growing_min_spend_change_pct", compared, change, np.greater_equal),
        ("budget_max_avg_monthly_spend", spent, monthly, np.less),
        ("budget_min_necessities_pct", "have purchases", _known(of.necessities_pct), np.greater_equal),
    ]


def _of_audiences(of: Customers, proposed: CustomerSegmentsRules) -> list[_Divided]:
    segments = members(of, proposed)
    return [
        (
            bound.rule,
            f"are in {bound.segment} under the proposal",
            column_of(of, bound.column)[segments[bound.segment]] / 100,
            np.greater_equal,
        )
        for bound in bounds(proposed)
    ]


def _cut(divided: _Divided, today: CustomerSegmentsRules, proposed: CustomerSegmentsRules) -> Cut:
    rule, whose, values, meets = divided
    bounds = getattr(today, rule), getattr(proposed, rule)
    shares = [float(100 * np.mean(meets(values, bound))) if len(values) else None for bound in bounds]
    quantiles: dict[int, float] = {}
    if len(values):
        # Observed numbers, none between two of them: somebody meets a threshold that is put at one.
        found = np.percentile(values, QUANTILES_PCT, method="inverted_cdf")
        quantiles = dict(zip(QUANTILES_PCT, map(float, found), strict=True))
    return Cut(rule, whose, len(values), quantiles, bounds[0], shares[0], bounds[1], shares[1])


def _known(values: Values) -> Values:
    return values[~np.isnan(values)]
