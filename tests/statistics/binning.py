"""Puts users into the cells that the warehouse puts them into, with exact sums inside each cell."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from include.tidemark.statistics.binning import Exact, exact

Integers = NDArray[np.int64]

_POWERS = np.array([10**k for k in range(19)], dtype=np.int64)
_TABLE = 1 << 19
_CHUNK = 1 << 20
_SAFE = 2.0**62
_LARGEST = 1e90


def as_amounts(name: str, values: ArrayLike) -> NDArray[Any]:
    """``values`` as a 1-D array of int64, or of float64 where it holds fractions.

    Raises:
        ValueError: if the array is not one-dimensional, or holds nulls, NaN, infinity or more than 18 digits.
    """
    array = np.asarray(values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got {array.ndim} dimensions.")
    if array.dtype == object:
        array = np.array([float("nan") if value is None else float(value) for value in array])
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got {array.dtype}.")
    if array.dtype.kind != "f":
        array = array.astype(np.int64, copy=False)
        if array.size and max(abs(int(array.min())), abs(int(array.max()))) >= 10**18:
            raise ValueError(f"{name} must stay below 1e18 in size.")
        return array
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be finite: {int((~np.isfinite(array)).sum())} values are null, NaN or infinite."
        )
    if float(np.abs(array).max()) > _LARGEST:
        raise ValueError(f"{name} must stay below {_LARGEST:g} in size: cubes of larger numbers overflow.")
    array = np.where(np.abs(array) < 1 / _LARGEST, 0.0, array)
    if float(np.abs(array).max()) < 2.0**53 and bool((array == np.rint(array)).all()):
        return array.astype(np.int64)
    return array.astype(np.float64)


def distinct_counts(values: Integers) -> tuple[Integers, Integers]:
    """The sorted distinct values and how many users hold each: counted in a table, and sorted only where too
    large."""
    counts = np.zeros(_TABLE + 1, dtype=np.int64)
    rest = []
    # In chunks, so that the numbers of one chunk are still in the processor's cache when they are counted.
    for start in range(0, len(values), _CHUNK):
        chunk = values[start : start + _CHUNK]
        # Seen as unsigned, negative numbers are huge too, and land in the last slot with the large ones.
        slot = np.minimum(chunk.view(np.uint64), _TABLE).view(np.int64)
        found = np.bincount(slot, minlength=_TABLE + 1)
        counts += found
        if found[_TABLE]:
            rest.append(chunk[slot == _TABLE])
    held = np.flatnonzero(counts[:_TABLE]).astype(np.int64)
    if not rest:
        return held, counts[held]
    others, numbers = np.unique(np.concatenate(rest), return_counts=True)
    below = int(np.searchsorted(others, 0))
    found = np.concatenate([others[:below], held, others[below:]])
    return found, np.concatenate([numbers[:below], counts[held], numbers[below:]]).astype(np.int64)


def digit_bins(values: Integers) -> tuple[Integers, Integers]:
    """For each integer its bin and the bin's corner nearest to zero.

    The bin is sign x (100 x number of digits + two leading digits); zero is bin 0. Integer arithmetic only,
    so every engine that follows the rule puts a value into the same bin.

    >>> [part.tolist() for part in digit_bins(np.array([0, 7, 1234, -98765]))]
    [[0, 107, 412, -598], [0, 7, 1200, -98000]]
    """
    size = np.abs(values)
    digits = np.searchsorted(_POWERS, size, side="right")
    unit = _POWERS[np.maximum(digits - 2, 0)]
    lead = size // unit
    sign = np.sign(values)
    return (sign * (100 * digits + lead)).astype(np.int64), sign * lead * unit


def float_bins(values: NDArray[np.float64]) -> Integers:
    """For each number a bin of its sign, binary exponent and three leading bits: eight bins an octave, zero
    alone."""
    bits = np.abs(values).view(np.int64) >> 49
    return np.sign(values).astype(np.int64) * bits


def group_starts(ids: Integers) -> NDArray[np.intp]:
    """Where each run of equal values begins in a sorted array."""
    return np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]]))


def exact_sums(starts: NDArray[np.intp], weights: Integers, *factors: Integers) -> list[int]:
    """Sum of weights x product of factors in each group, exact: int64 where it can't overflow, Python ints
    elsewhere."""
    bound = weights.astype(np.float64)
    product = weights
    with np.errstate(over="ignore"):
        for factor in factors:
            bound = bound * np.abs(factor.astype(np.float64))
            product = product * factor
        sums: list[int] = np.add.reduceat(product, starts).tolist()
        bounds = np.add.reduceat(bound, starts)
    ends = np.append(starts[1:], len(weights))
    for group in np.flatnonzero(bounds >= _SAFE):
        rows = slice(starts[group], ends[group])
        columns = [weights[rows].tolist(), *(factor[rows].tolist() for factor in factors)]
        sums[group] = sum(math.prod(values) for values in zip(*columns, strict=True))
    return sums


def float_sums(starts: NDArray[np.intp], values: NDArray[np.float64]) -> list[Exact]:
    """Correctly rounded sum of each group, whatever the order of its values."""
    return [exact(math.fsum(part)) for part in np.split(values, starts[1:])]


def from_corner(corner: Sequence[int], n: Sequence[int], sums: Sequence[Sequence[int]]) -> list[list[int]]:
    """Power sums about zero from the power sums of the distance to each bin's corner (binomial theorem)."""
    first = [c * k + r1 for c, k, r1 in zip(corner, n, sums[0], strict=True)]
    second = [c * c * k + 2 * c * r1 + r2 for c, k, r1, r2 in zip(corner, n, sums[0], sums[1], strict=True)]
    third = [
        c**3 * k + 3 * c * c * r1 + 3 * c * r2 + r3 for c, k, r1, r2, r3 in zip(corner, n, *sums, strict=True)
    ]
    return [first, second, third]
