"""Many comparisons at once: declared families, false discovery rate, and intervals that are shown because selected."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from include.tidemark.statistics.results import ResultRow


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for the false discovery rate: the smallest rate at which each would still be a discovery.

    The k-th smallest of m is min over j >= k of p_j m / j. Holds for independent and for positively dependent tests
    (nested retention days, say). Source: Benjamini and Hochberg 1995.

    Args:
        p_values: one a comparison; None where a number was withheld, which is then not in the family.

    Raises:
        ValueError: for a p-value outside 0 to 1.

    >>> benjamini_hochberg([0.01, None, 0.04, 0.03])
    [0.03, None, 0.04, 0.04]
    """
    return _step_up(p_values, 1.0)


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """As `benjamini_hochberg`, valid under any dependence, at the price of a factor 1 + 1/2 + ... + 1/m."""
    m = sum(p is not None for p in p_values)
    return _step_up(p_values, float((1 / np.arange(1, m + 1)).sum()))


def adjust(
    rows: Iterable[ResultRow],
    family_of: Callable[[ResultRow], Hashable] = lambda row: (row.metric, row.horizon, row.method),
) -> list[ResultRow]:
    """The rows with ``p_adjusted`` and ``family_size`` set, adjusted within each family.

    Args:
        rows: rows with a p-value are compared; those without are returned as they are.
        family_of: which rows form a family; metric x window (and method) unless said otherwise.

    Returns:
        The rows in their order. A family's size counts its p-values only.
    """
    held = list(rows)
    families: dict[Hashable, list[int]] = {}
    for place, row in enumerate(held):
        if row.p_value is not None:
            families.setdefault(family_of(row), []).append(place)
    for places in families.values():
        adjusted = benjamini_hochberg([held[place].p_value for place in places])
        for place, p_adjusted in zip(places, adjusted, strict=True):
            held[place] = replace(held[place], p_adjusted=p_adjusted, family_size=len(places))
    return held


def selected_level(selected: int, family_size: int, confidence_level: float) -> float:
    """The level at which to show intervals of the ``selected`` of ``family_size`` comparisons, because selected.

    1 - selected x alpha / family size keeps the expected share of false coverage among them at alpha. Source: Benjamini
    and Yekutieli 2005.

    >>> round(selected_level(2, 100, 0.95), 6)
    0.999
    """
    if not 1 <= selected <= family_size:
        raise ValueError(f"selected must lie between 1 and the family size, got {selected} of {family_size}.")
    return 1 - selected * (1 - confidence_level) / family_size


def _step_up(p_values: Sequence[float | None], factor: float) -> list[float | None]:
    places = [place for place, p in enumerate(p_values) if p is not None]
    known = np.array([p_values[place] for place in places], dtype=np.float64)
    if known.size and not ((known >= 0) & (known <= 1)).all():
        raise ValueError(
            f"p_values must lie between 0 and 1, got {known[~((known >= 0) & (known <= 1))][0]}."
        )
    order = np.argsort(known, kind="stable")
    # The factor first: it is exactly 1 for the largest p-value, so that adjusting can't lower one by rounding.
    ranked = known[order] * (factor * len(known) / np.arange(1, len(known) + 1))
    smallest = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    result: list[float | None] = [None] * len(p_values)
    for value, rank in zip(smallest.tolist(), order.tolist(), strict=True):
        result[places[rank]] = value
    return result
