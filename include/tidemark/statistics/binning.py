"""Exact numbers, and the parts of an octave that cells are joined to."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

Exact = int | Fraction


def half_octave(mean: float) -> int:
    """The half octave of a number, signed; zero is alone in 0. Exact: it reads the binary exponent.

    >>> half_octave(1.0) == half_octave(1.4) != half_octave(1.5)
    True
    """
    return part_of_octave(mean, 2)


def part_of_octave(mean: float, parts: int) -> int:
    """Which of that many equal steps between two powers of two a number is in, signed and exact as the above.

    >>> part_of_octave(1.0, 8) == part_of_octave(1.12, 8) != part_of_octave(1.13, 8)
    True
    """
    fraction, exponent = math.frexp(abs(mean))
    place = parts * (exponent + 1_100) + math.floor((2 * fraction - 1) * parts)
    return 0 if mean == 0 else int(math.copysign(place, mean))


def exact(value: Any) -> Exact:
    """``value`` as an int where it is whole, else as a fraction equal to it. Raises ValueError unless it is
    finite.

    >>> import decimal
    >>> exact(decimal.Decimal("12")), exact(0.5)
    (12, Fraction(1, 2))
    """
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        raise ValueError(f"a finite number is needed, got the text {value!r}")
    try:
        above, below = (value.item() if isinstance(value, np.generic) else value).as_integer_ratio()
    except (AttributeError, ValueError, OverflowError):
        raise ValueError(f"a finite number is needed, got {value!r}") from None
    return above if below == 1 else Fraction(above, below)
