"""Whether two tables hold the same rows, floats within a billionth."""

import json
import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

TOLERANCE = 1e-9


def difference(ours: Sequence[Sequence[Any]], theirs: Sequence[Sequence[Any]]) -> str | None:
    """The first difference between two sets of rows in any order, or None."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows and {len(theirs)} rows"
    for left, right in zip(_sorted(ours), _sorted(theirs), strict=True):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            if not _same(one, other):
                return f"column {place}: {one!r} and {other!r} in {left} and {right}"
    return None


def _sorted(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """By what is exact first: the last digits of a float must not decide which rows are compared with each
    other."""
    plain = [[_plain(value) for value in row] for row in rows]
    return sorted(plain, key=lambda row: ([_key(value) for value in row], [_rounded(value) for value in row]))


def _plain(value: Any) -> Any:
    """Whole numbers, decimals and lists alike, whatever type a warehouse gives them."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, str) and value.startswith("["):
        return json.dumps(json.loads(value))
    return json.dumps(value) if isinstance(value, list) else value


def _key(value: Any) -> tuple[int, str]:
    if value is None:
        return (0, "")
    if isinstance(value, bool | str | date | datetime):
        return (1, str(value))
    return (2, "")


def _rounded(value: Any) -> float:
    return float(f"{value:.6g}") if isinstance(value, int | float) else 0.0


def _same(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not (isinstance(one, bool) or isinstance(other, bool)):
        if isinstance(one, int) and isinstance(other, int):
            return one == other
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)
