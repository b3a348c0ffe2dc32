"""The numbers of each customer that the rules look at, and the segment that given rules put each into.

This serves the search alone, which tries many thresholds. What a proposal comes to is counted by the models
themselves.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.suggest.segmentation import SEGMENTS

Mask = NDArray[np.bool_]
Cents = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Customers:
    """One element a customer in each array; what is unknown is NaN."""

    spend_cents: Cents
    """Of the last 90 days."""
    prior_cents: Cents
    """Of the 90 days before."""
    avg_monthly_cents: Cents
    """Rounded, as it is published: the audiences look at this one, the segments at three months of spend."""
    lifetime_cents: Cents
    change_pct: Numbers
    travel_pct: Numbers
    necessities_pct: Numbers
    tenure_months: NDArray[np.int64]
    days_since_first_purchase: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.spend_cents)

    @property
    def monthly_cents(self) -> Cents:
        """Whole cents of a third of the spend: at least `t` cents exactly where the spend is at least `3 *
        t`."""
        return self.spend_cents // 3


def grows_without_prior(customers: Customers, rules: CustomerSegmentsRules) -> Mask:
    """Who counts as growing because the first purchase lies in the two windows and there is spend now and
    none before it; nobody, where the rules say so."""
    spends = np.isnan(customers.change_pct) & (customers.spend_cents > 0)
    new = spends & (customers.days_since_first_purchase <= 180)
    return new & rules.new_without_prior_is_growing


def how_many(who: Mask) -> int:
    """The number of customers in a mask."""
    return int(np.count_nonzero(who))


def per_cent_of(part: Mask, whole: Mask) -> str:
    """The share that one mask has of another, in words for a comment: `12 %`."""
    return f"{100 * how_many(part & whole) / max(how_many(whole), 1):.0f} %"


def cents(amount: float) -> float:
    """An amount in cents; exact for every amount of whole cents.

    >>> cents(0.07), cents(5000)
    (7.0, 500000.0)
    """
    return float(Decimal(str(amount)) * 100)


def criteria(customers: Customers, rules: CustomerSegmentsRules) -> dict[str, Mask]:
    """Who meets the criteria of each segment but the last, whatever the segments before it say."""
    of = customers
    growing = (of.change_pct >= rules.new_growing_min_spend_change_pct) | grows_without_prior(of, rules)
    return {
        "High-Value Travelers": (of.spend_cents >= 3 * cents(rules.high_value_min_avg_monthly_spend))
        & (of.travel_pct >= rules.high_value_min_travel_pct),
        "Declining": (of.change_pct <= rules.declining_max_spend_change_pct)
        & (of.prior_cents >= cents(rules.declining_min_prior_spend)),
        "New & Growing": (of.tenure_months <= rules.new_growing_max_tenure_months) & growing,
        "Budget-Conscious": (of.spend_cents < 3 * cents(rules.budget_max_avg_monthly_spend))
        & (of.necessities_pct >= rules.budget_min_necessities_pct),
    }


def members(customers: Customers, rules: CustomerSegmentsRules) -> dict[str, Mask]:
    """Who is in each of the five segments: the first whose criteria hold."""
    left = np.ones(len(customers), dtype=bool)
    found = {}
    for segment, holds in criteria(customers, rules).items():
        found[segment] = left & holds
        left &= ~holds
    return found | {SEGMENTS[-1]: left}
