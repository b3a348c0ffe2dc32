"""Many comparisons at once: declared families, false discovery rate, and intervals that are shown because selected."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
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
    held = list(rows)
    found = adjusted([row.p_value for row in held], [family_of(row) for row in held])
    return [
        replace(row, p_adjusted=of[0], family_size=of[1]) if of else row
        for row, of in zip(held, found, strict=True)
    ]


def adjusted(
    p_values: Sequence[float | None], families: Sequence[Hashable]
) -> list[tuple[float, int] | None]:
    """Of each p-value the adjusted one and the size of its family; None where there is no p-value.

    >>> adjusted([0.01, None, 0.04, 0.03], ["a", "a", "a", "b"])
    [(0.02, 2), None, (0.04, 2), (0.03, 1)]
    """
    # scipy.stats takes half a second to import, which only the tasks that compare should pay.
    from scipy.stats import false_discovery_control

    places: dict[Hashable, list[int]] = {}
    for place, (p_value, family) in enumerate(zip(p_values, families, strict=True)):
        if p_value is not None:
            places.setdefault(family, []).append(place)
    found: list[tuple[float, int] | None] = [None] * len(p_values)
    for held in places.values():
        for place, p in zip(held, false_discovery_control([p_values[i] for i in held]).tolist(), strict=True):
            found[place] = p, len(held)
    return found


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
