"""Spells of a covariate that is set by the period: neighbouring periods with one value say no more than one
long period."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray


def spells_of(levels: Sequence[Hashable]) -> NDArray[np.int64]:
    """The number of the spell of each period, from 0 on: a new one begins where the value changes.

    Weeks with one fee share what else lasts longer than a week, so the changes of the fee are what an effect
    is seen by.

    Args:
        levels: the value in each period, in the order of time.

    >>> spells_of([5, 5, 10, 10, 5]).tolist()
    [0, 0, 1, 1, 2]
    """
    lengths = [len(list(held)) for _, held in groupby(levels)]
    return np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def in_one_spell(levels: Sequence[Hashable]) -> set[Hashable]:
    """The values that are held against all others within one spell: their own periods are one, or those of
    all others.

    Such a comparison sees one change, or one value before and after another: whatever else moved between
    looks like its effect.

    Args:
        levels: the value in each period, in the order of time.

    >>> sorted(in_one_spell([5, 5, 10, 10, 5, 20, 10])), in_one_spell([5, 10, 5])
    ([20], {10, 5})
    """
    found = set()
    for level in set(levels):
        spells = [inside for inside, _ in groupby(each == level for each in levels)]
        if min(spells.count(True), spells.count(False)) < 2:
            found.add(level)
    return found


def level_of(values: Iterable[float], period: Hashable) -> Hashable:
    """The value of a period; a period with several has no value, and is a spell of its own.

    >>> level_of([5.0, 5.0], "a"), level_of([5.0, 10.0], "b")
    (5.0, 'period b')
    """
    found = set(values)
    return found.pop() if len(found) == 1 else f"period {period}"


def names_of_spells(periods: Iterable[str], spells: NDArray[np.int64]) -> dict[str, str]:
    """Period -> the name of its spell: the period itself, or its first and last.

    >>> names_of_spells(["a", "b", "c"], spells_of([5, 5, 10]))
    {'a': 'a to b', 'b': 'a to b', 'c': 'c'}
    """
    held: dict[int, list[str]] = {}
    for period, spell in zip(periods, spells.tolist(), strict=True):
        held.setdefault(spell, []).append(period)
    return {
        period: part[0] if len(part) == 1 else f"{part[0]} to {part[-1]}"
        for part in held.values()
        for period in part
    }


def lag_one(residuals: ArrayLike) -> float | None:
    """Autocorrelation of neighbouring periods: sum r(t) r(t+1) / sum r(t)^2 of what a model leaves of each
    period.

    With few periods it is too low: by about (1 + 3 rho) / periods where rho is the true one (Kendall 1954).

    Returns:
        The autocorrelation; None with fewer than three periods or nothing left over.

    >>> lag_one([1.0, 1.0, -1.0, -1.0])
    0.25
    """
    r = np.asarray(residuals, dtype=np.float64)
    squares = float(r @ r)
    if len(r) < 3 or not squares > 0:
        return None
    return float(r[:-1] @ r[1:]) / squares
