"""Many comparisons at once: declared families, false discovery rate, and intervals that are shown because
selected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from include.tidemark.statistics.results import ResultRow

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence


def adjust(
    rows: Iterable[ResultRow],
    family_of: Callable[[ResultRow], Sequence[str | None]] = lambda row: (
        row.metric,
        row.horizon,
        row.method,
    ),
) -> list[ResultRow]:
    """The rows with ``p_adjusted``, ``family_size`` and ``comparison_family`` set, adjusted within each
    family for the false discovery rate.

    Holds for independent and for positively dependent tests (nested retention days, say). Source: Benjamini
    and Hochberg 1995.

    Args:
        rows: rows with a p-value are compared; those without are returned as they are.
        family_of: the words that name a row's family; metric x window (and method) unless said otherwise.

    Returns:
        The rows in their order. A family's size counts its p-values only.
    """
    held = list(rows)
    names = [" / ".join(part for part in family_of(row) if part) for row in held]
    found = adjusted([row.p_value for row in held], names)
    return [
        replace(row, p_adjusted=of[0], family_size=of[1], comparison_family=name) if of else row
        for row, name, of in zip(held, names, found, strict=True)
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
    """The level at which to show intervals of the ``selected`` of ``family_size`` comparisons, because
    selected.

    1 - selected x alpha / family size keeps the expected share of false coverage among them at alpha. Source:
    Benjamini and Yekutieli 2005.

    >>> round(selected_level(2, 100, 0.95), 6)
    0.999
    """
    if not 1 <= selected <= family_size:
        raise ValueError(f"selected must lie between 1 and the family size, got {selected} of {family_size}.")
    return 1 - selected * (1 - confidence_level) / family_size


@dataclass(frozen=True)
class Selection:
    """The families of a report that hold something, and the level that is left for what is within them.

    Attributes:
        families: families of comparisons in the report.
        selected: those whose smallest adjusted p-value is small enough among the families.
        level: an adjusted p-value at or below it is a discovery; 0 where no family is selected.
    """

    families: int
    selected: int
    level: float


def select_families(smallest: Iterable[float], rate: float) -> Selection:
    """Which families of comparisons of a report hold something, and at which level to look into them.

    The smallest adjusted p-value of a family is its Simes p-value, that of "nothing in this family". Families
    are selected by Benjamini and Hochberg's procedure at ``rate``; what is adjusted within a selected family
    is then held against ``rate`` x selected / families, which keeps the expected share of false discoveries,
    averaged over the selected families, at ``rate``. Without any effect a report holds a discovery in at most
    ``rate`` of cases, however many families it has. Source: Benjamini and Bogomolov 2014; Simes 1986.

    Args:
        smallest: the smallest ``p_adjusted`` of each family.
        rate: false discovery rate of the report, strictly between 0 and 1.

    >>> select_families([0.001, 0.02, 0.3, 0.04], 0.05)
    Selection(families=4, selected=2, level=0.025)
    >>> select_families([0.04, 0.3], 0.05).level
    0.0
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate must lie strictly between 0 and 1, got {rate!r}.")
    ranked = sorted(smallest)
    levels = [rate * k / len(ranked) for k in range(1, len(ranked) + 1)]
    selected = max(
        (k for k, (p, level) in enumerate(zip(ranked, levels, strict=True), 1) if p <= level), default=0
    )
    return Selection(len(ranked), selected, levels[selected - 1] if selected else 0.0)
