"""The thresholds of one segment, searched among the customers that the segments before it leave over.

Money is tried first, because it differs from one business to the next. What is asked of a customer's
behaviour (so much travel, such a fall) says what the segment is, and moves only where no amount of money
comes near.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.suggest.customers import Customers, Mask, grows_without_prior, how_many, per_cent_of
from include.tidemark.suggest.search import at_least, below, strictest_percent
from include.tidemark.suggest.wishes import Aim

OLDEST_NEW_CUSTOMER = 12
"""Months: who has been there for longer is not new, unless today's rules say so."""


@dataclass(frozen=True)
class Threshold:
    """A proposed value of a rule, and which quantile it is, as a sentence."""

    value: int | float
    why: str


Thresholds = Mapping[str, Threshold]


def high_value(of: Customers, left: Mask, rules: CustomerSegmentsRules, aim: Aim) -> Thresholds:
    """Who spends much, and much of it on travel. Much is not below what the middle customer spends."""
    wanted, tolerance = aim.wanted(len(of)), aim.tolerance(len(of))
    monthly, spends = of.monthly_cents, left & (of.monthly_cents > 0)
    lowest = _middle(of) if 2 * wanted <= how_many(spends) else 1
    much = spends & (monthly >= lowest)
    found: dict[str, Threshold] = {}
    percent = rules.high_value_min_travel_pct
    counts = _Counts(of.travel_pct[much])
    if counts.at_least(percent) < wanted - tolerance:
        loosened = _loosened(counts.at_least, range(math.floor(percent), 0, -1), wanted)
        if loosened is not None:
            percent = loosened
            share = per_cent_of(of.travel_pct >= percent, much)
            why = f"{share} of the customers with a high spend have so much travel or more."
            found["high_value_min_travel_pct"] = Threshold(percent, why)
    eligible = spends & (of.travel_pct >= percent)
    if eligible.any():
        limit = at_least(monthly[eligible], wanted, tolerance, lowest)
        share = per_cent_of(monthly < limit, eligible)
        why = f"{share} of the customers with {percent:g} % travel or more spend less in a month."
        found["high_value_min_avg_monthly_spend"] = Threshold(money(limit), why)
    return found


def declining(of: Customers, left: Mask, rules: CustomerSegmentsRules, aim: Aim) -> Thresholds:
    """Whose spend fell, from an amount that is worth winning back."""
    wanted, tolerance = aim.wanted(len(of)), aim.tolerance(len(of))
    comparable = left & ~np.isnan(of.change_pct)
    found: dict[str, Threshold] = {}
    percent = rules.declining_max_spend_change_pct
    counts = _Counts(of.change_pct[comparable])
    if counts.at_most(percent) < wanted - tolerance:
        loosened = _loosened(counts.at_most, range(math.ceil(percent), 0), wanted)
        if loosened is not None:
            percent = loosened
            share = per_cent_of(of.change_pct <= percent, comparable)
            why = f"The spend of {share} of those left who spent something before fell so far or further."
            found["declining_max_spend_change_pct"] = Threshold(percent, why)
    eligible = comparable & (of.change_pct <= percent)
    if eligible.any():
        limit = at_least(of.prior_cents[eligible], wanted, tolerance)
        share = per_cent_of(of.prior_cents < limit, eligible)
        why = f"{share} of those left whose spend fell by {-percent:g} % or more had spent less before."
        found["declining_min_prior_spend"] = Threshold(money(limit), why)
    return found


def new_growing(of: Customers, left: Mask, rules: CustomerSegmentsRules, aim: Aim) -> Thresholds:
    """Who is new and spends more than before, or for the first time. The months are tried first, then the
    growth."""
    wanted, tolerance = aim.wanted(len(of)), aim.tolerance(len(of))
    today, growth = rules.new_growing_max_tenure_months, rules.new_growing_min_spend_change_pct
    months = np.arange(max(today, OLDEST_NEW_CUSTOMER) + 1)
    certain = _Counts(of.tenure_months[left & grows_without_prior(of, rules)]).each_at_most(months)
    growing = _Counts(of.tenure_months[left & (of.change_pct >= growth)]).each_at_most(months)
    off = np.abs(certain + growing - wanted)
    month = int(min(months, key=lambda m: (off[m], abs(m - today), m)))
    if off[month] > tolerance:
        not_falling = left & (of.change_pct >= 0)
        most = certain + _Counts(of.tenure_months[not_falling]).each_at_most(months)
        within_reach = np.clip(wanted, certain, most)
        too_far = np.maximum(np.abs(within_reach - wanted) - tolerance, 0)
        month = int(min(months, key=lambda m: (too_far[m], abs(m - today), m)))
        grown = np.floor(of.change_pct[not_falling & (of.tenure_months <= month)]).astype(np.int64)
        if len(grown):
            growth = at_least(grown, int(within_reach[month] - certain[month]), tolerance, lowest=0)
    young = left & (of.tenure_months <= month)
    known = young & ~np.isnan(of.change_pct)
    so_new = f"{per_cent_of(young, left)} of those left made their first purchase so lately."
    so_much = f"The spend of {per_cent_of(of.change_pct >= growth, known)} of them, if they spent before, grew so much or more."
    return {
        "new_growing_max_tenure_months": Threshold(month, so_new),
        "new_growing_min_spend_change_pct": Threshold(growth, so_much),
    }


def budget(of: Customers, left: Mask, rules: CustomerSegmentsRules, aim: Aim) -> Thresholds:
    """Who spends little, and much of it on necessities. Little is not above what the middle customer
    spends."""
    wanted, tolerance = aim.wanted(len(of)), aim.tolerance(len(of))
    monthly = of.monthly_cents
    highest = _middle(of) if 2 * wanted <= how_many(left) else None
    little = left if highest is None else left & (monthly <= highest)
    found: dict[str, Threshold] = {}
    percent = rules.budget_min_necessities_pct
    counts, idle = _Counts(of.necessities_pct[little]), _Counts(of.necessities_pct[left & (monthly <= 0)])
    moved: int | None = None
    if counts.at_least(percent) < wanted - tolerance:
        moved = _loosened(counts.at_least, range(math.floor(percent), 0, -1), wanted)
    elif idle.at_least(percent) > wanted + tolerance:
        # No amount divides those who spend nothing.
        stricter = range(math.ceil(percent), 101)
        moved = next((p for p in stricter if idle.at_least(p) <= wanted + tolerance), None)
    if moved is not None:
        percent = moved
        share = per_cent_of(of.necessities_pct >= percent, little)
        why = f"{share} of those left with a low spend have that many necessities or more."
        found["budget_min_necessities_pct"] = Threshold(percent, why)
    eligible = left & (of.necessities_pct >= percent)
    if (monthly[eligible] > 0).any():
        limit = below(monthly[eligible], wanted, tolerance, highest)
        share = per_cent_of(monthly < limit, eligible)
        why = f"{share} of those left with {percent:g} % necessities or more spend less in a month."
        found["budget_max_avg_monthly_spend"] = Threshold(money(limit), why)
    return found


def money(cents: int) -> int | float:
    """An amount as a rule holds it.

    >>> money(15000), money(850), money(7)
    (150, 8.5, 0.07)
    """
    return cents // 100 if cents % 100 == 0 else cents / 100


class _Counts:
    """How many of some numbers keep a bound; what is unknown keeps none."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._ordered = np.sort(values[~np.isnan(values)])

    def at_least(self, bound: float) -> int:
        return len(self._ordered) - int(np.searchsorted(self._ordered, bound, side="left"))

    def at_most(self, bound: float) -> int:
        return int(np.searchsorted(self._ordered, bound, side="right"))

    def each_at_most(self, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.searchsorted(self._ordered, bounds, side="right")


def _loosened(counts: Callable[[int], int], percents: range, wanted: int) -> int | None:
    """The strictest percentage with which money still has something to decide: it keeps the geometric mean of
    the customers that are wanted and of all that the loosest one would keep. None where even that keeps
    nobody."""
    if not percents or not (most := counts(percents[-1])):
        return None
    return strictest_percent(counts, percents, min(most, math.sqrt(max(wanted, 1) * most)))


def _middle(of: Customers) -> int:
    """The average monthly spend of the middle customer of those who spend, in cents."""
    spending = of.monthly_cents[of.monthly_cents > 0]
    return int(np.median(spending)) if len(spending) else 1
