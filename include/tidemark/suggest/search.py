"""The number that people can read and that leaves about that many customers on one side of it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

FEWEST_DIGITS, MOST_DIGITS = 2, 4
"""Significant digits of a proposed threshold. Two can be read and remembered; more only where two come
nowhere near, as they do where all customers spend about the same."""

Whole = NDArray[np.int64]


def at_least(values: Whole, wanted: int, tolerance: float, lowest: int = 1) -> int:
    """The threshold with about `wanted` of the values at or above it.

    Args:
        values: not empty.
        tolerance: how far from `wanted` is near enough to leave out further digits.
        lowest: a value below this does not decide.

    >>> at_least(np.arange(1, 1001), wanted=124, tolerance=10)
    880
    """
    ordered = np.sort(values)
    decides = int(ordered[-min(max(wanted, 1), len(ordered))])
    return _readable(
        max(decides, lowest),
        wanted,
        tolerance,
        lambda threshold: len(ordered) - int(np.searchsorted(ordered, threshold, side="left")),
    )


def below(values: Whole, wanted: int, tolerance: float, highest: int | None = None) -> int:
    """The threshold with about `wanted` of the values below it. It is above 0, so whatever is 0 or less is
    below it.

    Args:
        values: one at least is above 0.
        tolerance: as in `at_least`.
        highest: a value above this does not decide.

    >>> below(np.arange(1, 1001), wanted=124, tolerance=10)
    120
    """
    ordered = np.sort(values)
    decides = int(ordered[min(max(wanted, 1), len(ordered)) - 1])
    if highest is not None:
        decides = min(decides, highest)
    smallest = int(ordered[np.searchsorted(ordered, 1)])
    return _readable(
        max(decides, smallest),
        wanted,
        tolerance,
        lambda threshold: int(np.searchsorted(ordered, threshold, side="left")),
    )


def strictest_percent(counts: Callable[[int], int], percents: range, enough: float) -> int | None:
    """The first of some percentages, the strictest first, that leaves enough customers; None where none
    does."""
    return next((percent for percent in percents if counts(percent) >= enough), None)


def _readable(decides: int, wanted: int, tolerance: float, count: Callable[[int], int]) -> int:
    """The nearer of the two readable numbers around the value that decides.

    No other number of that many digits is nearer: the count goes one way, and passes `wanted` between these
    two.
    """
    found: list[tuple[int, int]] = []
    for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1):
        step = 10 ** max(0, len(str(decides)) - digits)
        under = decides // step * step
        found.append(min((abs(count(threshold) - wanted), threshold) for threshold in (under, under + step)))
        if found[-1][0] <= tolerance:
            return found[-1][1]
    return min(found, key=lambda off_and_threshold: off_and_threshold[0])[1]
