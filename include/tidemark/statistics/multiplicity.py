"""Many comparisons at once: declared families, false discovery rate, and intervals that are shown because selected."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from include.tidemark.statistics.results import ResultRow


def adjust(
    rows: Iterable[ResultRow],
    family_of: Callable[[ResultRow], Hashable] = lambda row: (row.metric, row.horizon, row.method),
) -> list[ResultRow]:
    """The rows with ``p_adjusted`` and ``family_size`` set, adjusted within each family for the false discovery rate.

    Holds for independent and for positively dependent tests (nested retention days, say). Source: Benjamini and Hochberg
    1995.

    Args:
        rows: rows with a p-value are compared; those without are returned as they are.
        family_of: which rows form a family; metric x window (and method) unless said otherwise.

    Returns:
        The rows in their order. A family's size counts its p-values only.
    """
    # scipy.stats takes half a second to import, which only the tasks that compare should pay.
    from scipy.stats import false_discovery_control

    held = list(rows)
    families: dict[Hashable, dict[int, float]] = {}
    for place, row in enumerate(held):
        if row.p_value is not None:
            families.setdefault(family_of(row), {})[place] = row.p_value
    for p_values in families.values():
        adjusted = false_discovery_control(list(p_values.values())).tolist()
        for place, p_adjusted in zip(p_values, adjusted, strict=True):
            held[place] = replace(held[place], p_adjusted=p_adjusted, family_size=len(p_values))
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
