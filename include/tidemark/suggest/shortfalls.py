"""Why a segment can't come near the share that it should hold: a sentence with what the data lack."""

import numpy as np

from include.tidemark.families.customer_segments.rules import CustomerSegmentsRules
from include.tidemark.suggest.customers import Customers, Mask, grows_without_prior, how_many
from include.tidemark.suggest.wishes import Aim

NEEDS_GROUP = {"High-Value Travelers": "travel", "Budget-Conscious": "necessities"}
"""The group of categories without which a segment stays empty."""


def why_not_near(of: Customers, left: Mask, held: Mask, rules: CustomerSegmentsRules, aim: Aim) -> str:
    """The sentence of one segment.

    Args:
        left: the customers whom the segments before leave over.
        held: those of them who are in the segment under the proposed rules.
    """
    share = 100 * how_many(held) / len(of)
    reason = _REASONS[aim.segment](of, left, rules, share > aim.share_pct)
    return f"{aim.segment} comes to {share:.1f} % of the customers, not to {aim.share_pct:.1f} %: {reason}"


def has_group(of: Customers, segment: str) -> bool:
    """Whether anybody ever bought something of the group that the segment needs."""
    shares = {"travel": of.travel_pct, "necessities": of.necessities_pct}[NEEDS_GROUP[segment]]
    return bool((shares > 0).any())


def _high_value(of: Customers, left: Mask, rules: CustomerSegmentsRules, too_many: bool) -> str:
    if not has_group(of, "High-Value Travelers"):
        return (
            "no purchase is in a category of the group travel, so it stays empty whatever the thresholds are."
        )
    if too_many:
        return _TIES
    travels = _per_cent(left & (of.travel_pct > 0) & (of.spend_cents > 0), of)
    return f"only {travels} of the customers spent something in the last 90 days and ever bought travel, and not all of them spend much."


def _declining(of: Customers, left: Mask, rules: CustomerSegmentsRules, too_many: bool) -> str:
    if np.isnan(of.change_pct).all():
        return "nobody spent anything in the 90 days before the last 90, so no change can be computed."
    if too_many:
        return _TIES
    falls = _per_cent(left & (of.change_pct < 0), of)
    return f"only {falls} of the customers spent less than in the 90 days before and are in no segment before it."


def _new_growing(of: Customers, left: Mask, rules: CustomerSegmentsRules, too_many: bool) -> str:
    if too_many and rules.new_without_prior_is_growing:
        return (
            f"{_per_cent(left & grows_without_prior(of, rules), of)} of the customers are new and have no earlier spend to compare with, and no number of months divides them;"
            " new_without_prior_is_growing: false would leave them to the segments below."
        )
    if too_many:
        return _TIES
    months = rules.new_growing_max_tenure_months
    young = _per_cent(left & (of.tenure_months <= months), of)
    return f"only {young} of the customers made their first purchase at most {months} months ago, and not all of them spend more than before."


def _budget(of: Customers, left: Mask, rules: CustomerSegmentsRules, too_many: bool) -> str:
    if not has_group(of, "Budget-Conscious"):
        return "no purchase is in a category of the group necessities, so it stays empty whatever the thresholds are."
    if too_many:
        idle = _per_cent(left & (of.spend_cents <= 0), of)
        return f"{idle} of the customers spent nothing in the last 90 days, and no amount divides those."
    buys = _per_cent(left & (of.necessities_pct > 0), of)
    return f"only {buys} of the customers ever bought necessities and are in no segment before it, and not all of them spend little."


_TIES = "too many customers have the same numbers for a threshold to divide them."
_REASONS = {
    "High-Value Travelers": _high_value,
    "Declining": _declining,
    "New & Growing": _new_growing,
    "Budget-Conscious": _budget,
}


def _per_cent(who: Mask, of: Customers) -> str:
    return f"{100 * how_many(who) / len(of):.1f} %"
