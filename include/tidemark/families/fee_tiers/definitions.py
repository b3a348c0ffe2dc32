"""The trade sizes, in the words of the run's rules."""

from include.tidemark.rules import Rules
from include.tidemark.segmentations.definitions import criteria
from include.tidemark.segmentations.shipped import shipped

SIZES = "trade_sizes"
"""The family's segmentation, by the name of its file in `dbt/segmentations/`."""
TRADE_SIZES = shipped(SIZES).names
"""The segments, from the smallest to the largest."""


def size_criteria(rules: Rules) -> dict[str, str]:
    """Each trade size in words, from the smallest to the largest."""
    return criteria(shipped(SIZES), rules)


def size_basis(rules: Rules) -> str:
    """What a user's trade size in a week is measured by."""
    if rules.trade_size_basis == "median_swap":
        return "The median of the user's swaps in the week."
    return "The user's volume in the week."
