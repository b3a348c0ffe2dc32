"""The sums that the estimators take, from one row per user: what a GROUP BY of the warehouse does in a
run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from include.tidemark.statistics.binning import Exact, exact
from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.few_clusters import PeriodSums
from include.tidemark.statistics.lifetime_value import (
    DISCOUNT_RATES,
    HORIZONS,
    UNITS_A_DOLLAR,
    WeeklySums,
    discount_factors,
)
from include.tidemark.statistics.logistic import BinaryTable
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.unique_rows import unique_rows
from include.tidemark.statistics.units import Units
from include.tidemark.statistics.volume_cells import NUMBERS, VolumeCells
from tests.statistics import binning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Floats = NDArray[np.float64]

MAX_DISTINCT = 4_096
_PER_UNIT = 16


def cells_of(values: ArrayLike, *, max_distinct: int = MAX_DISTINCT) -> Cells:
    """Cells from one amount per user.

    Whole numbers with at most ``max_distinct`` distinct values get a cell each: then the bootstrap on cells
    *is* the ordinary bootstrap. More of them share cells by their two leading digits, as in the warehouse.
    Other numbers share cells of an eighth of an octave.

    Args:
        values: 1-D, finite.
        max_distinct: 0 always bins, which gives the same cells as the warehouse.
    """
    amounts = binning.as_amounts("values", values)
    if amounts.size == 0:
        return Cells((), (), (), (), ())
    if amounts.dtype == np.float64:
        return Cells._of(_float_cells(amounts))
    found, counts = binning.distinct_counts(amounts)
    if len(found) <= max_distinct:
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        return Cells._of({f"={v}": (k, k * v, k * v * v, k * v**3) for v, k in pairs})
    return Cells._of(_digit_cells(found, counts))


def ratio_cells_of(x: ArrayLike, y: ArrayLike) -> RatioCells:
    """Cells from two amounts per user, binned by the two leading digits of each.

    Whole numbers are summed exactly; other numbers share cells of an eighth of an octave.

    Raises:
        ValueError: if the lengths differ, or a value is not finite.
    """
    first, second = binning.as_amounts("x", x), binning.as_amounts("y", y)
    if len(first) != len(second):
        raise ValueError(f"x and y must have one value per user, got {len(first)} and {len(second)}.")
    if len(first) == 0:
        return RatioCells._of({})
    if np.float64 in (first.dtype, second.dtype):
        return RatioCells._of(_float_pairs(first.astype(np.float64), second.astype(np.float64)))
    return RatioCells._of(_digit_pairs(first, second))


def table_of(
    design: ArrayLike,
    outcome: ArrayLike,
    features: Sequence[str],
    *,
    clusters: ArrayLike | None = None,
) -> BinaryTable:
    """From one row per user: covariates (users, features), outcome 0 or 1, and perhaps a cluster label
    each."""
    y = np.asarray(outcome, dtype=np.float64)
    x = np.asarray(design, dtype=np.float64).reshape(len(y), len(features))
    labels = np.zeros(len(y)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    unique, place = unique_rows(np.column_stack([x, labels]))
    n = np.asarray(np.bincount(place), dtype=np.float64)
    successes = np.asarray(np.bincount(place, weights=y), dtype=np.float64)
    held = None if clusters is None else unique[:, -1].tolist()
    return BinaryTable._of(np.asarray(unique[:, :-1], dtype=np.float64), n, successes, features, held)


def volume_cells_of(
    period: ArrayLike,
    segment: ArrayLike,
    fee_bps: ArrayLike,
    volume_usd: ArrayLike,
    controls: Mapping[str, ArrayLike] | None = None,
) -> VolumeCells:
    """From one entry per user and period. Users share a cell when log(volume + 1) agrees to a sixteenth."""
    named = dict(controls or {})
    volume = np.asarray(volume_usd, dtype=np.float64)
    labels = [np.asarray(part).astype(np.str_) for part in (period, segment)]
    other = [np.asarray(part, dtype=np.float64) for part in (fee_bps, *named.values())]
    if len({len(part) for part in (volume, *labels, *other)}) > 1:
        raise ValueError("period, segment, fee_bps, volume_usd and controls must have one entry per user.")
    if not np.isfinite(volume).all() or (volume < 0).any():
        raise ValueError("volume_usd must be finite and 0 or more.")
    logs = np.log1p(volume)
    keys = [np.ceil(logs * _PER_UNIT), *other[::-1], *labels[::-1]]
    # By volume within a cell, so that floating-point sums do not depend on the order of the users.
    order = np.lexsort([volume, *keys])
    keys = [key[order] for key in keys]
    changed = np.zeros(len(volume), dtype=bool)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    starts = np.flatnonzero(changed)
    if len(starts) == 0:
        return VolumeCells._of(labels[0], labels[1], np.zeros((0, len(NUMBERS) + len(named))), tuple(named))
    logs, volume = logs[order], volume[order]
    sums = [np.add.reduceat(part, starts) for part in (np.ones(len(logs)), logs, logs**2, volume)]
    first = order[starts]
    numbers = np.column_stack([other[0][first], *sums, *(part[first] for part in other[1:])])
    return VolumeCells._of(labels[0][first], labels[1][first], numbers, tuple(named))


def weekly_sums_of(fees: ArrayLike, observed: ArrayLike) -> WeeklySums:
    """From the fees of each user and week (users, weeks), in dollars, and the complete weeks observed of each
    user.

    Fees of weeks that are not complete are left aside.
    """
    x, weeks = np.asarray(fees, dtype=np.float64), np.asarray(observed, dtype=np.int64)
    if x.ndim != 2 or len(x) != len(weeks):
        raise ValueError(
            "fees must have one row per user and one column per week, observed one entry per user."
        )
    if not np.isfinite(x).all() or (weeks < 0).any():
        raise ValueError("fees must be finite and observed 0 or more.")
    x = np.where(np.arange(x.shape[1]) < weeks[:, None], x, 0.0)
    levels = np.unique(weeks)
    parts = [x[weeks == level] for level in levels]
    width = x.shape[1]
    return WeeklySums(
        levels,
        np.array([float(len(part)) for part in parts]),
        np.array([part.sum(axis=0) for part in parts]).reshape(-1, width),
        np.array([part.T @ part for part in parts]).reshape(-1, width, width),
    )


def units_of(values: ArrayLike, labels: ArrayLike) -> Units:
    """From one value per user (an amount, or 1 and 0) and the label of the week or day that the user came
    in."""
    amounts, place = (
        np.asarray(values, dtype=np.float64),
        np.unique(np.asarray(labels), return_inverse=True)[1],
    )
    return Units.of(
        zip(np.bincount(place).tolist(), np.bincount(place, weights=amounts).tolist(), strict=True)
    )


def cells_of_users(
    fees: ArrayLike,
    observed: ArrayLike,
    tiers: ArrayLike,
    *,
    horizons: Sequence[int] = HORIZONS,
    rates: Sequence[float] = DISCOUNT_RATES,
    units_a_dollar: int = UNITS_A_DOLLAR,
) -> dict[tuple[str, int, float], Cells]:
    """The cells that `lifetime_value` takes, from the fees of each user and week in dollars."""
    x, weeks_seen = np.asarray(fees, dtype=np.float64), np.asarray(observed)
    names = np.asarray(tiers).astype(np.str_)
    if x.ndim != 2 or not len(x) == len(weeks_seen) == len(names) or x.shape[1] < max(horizons):
        raise ValueError(
            "fees must have one row per user and one column for each week of the longest horizon."
        )
    inside = {tier: np.flatnonzero(names == tier) for tier in np.unique(names).tolist()}
    # Tier after tier and week after week, so that each step reads memory in one piece.
    order = np.concatenate(list(inside.values())) if inside else np.zeros(0, dtype=np.intp)
    ends = np.cumsum([len(members) for members in inside.values()]).tolist()
    tier_slices = {tier: slice(end - len(inside[tier]), end) for tier, end in zip(inside, ends, strict=True)}
    weekly, weeks_seen = [x[order, week] for week in range(max(horizons))], weeks_seen[order]
    complete = {week: weeks_seen >= week for week in horizons}
    found = {}
    # Arrays of all users are written into, not made anew: the system takes as long to give memory as the sums
    # take.
    room, whole = np.empty(len(x)), np.empty(len(x), dtype=np.int64)
    for rate in rates:
        amount = np.zeros(len(x))
        # Week by week, not as a matrix product, whose additions may depend on the processor.
        for week, factor in enumerate(discount_factors(max(horizons), rate) * units_a_dollar, start=1):
            amount += np.multiply(weekly[week - 1], factor, out=room)
            if week in horizons:
                whole[:] = np.rint(amount, out=room)
                for tier, members in tier_slices.items():
                    inside_now = complete[week][members]
                    part = whole[members] if inside_now.all() else whole[members][inside_now]
                    found[tier, week, rate] = cells_of(part, max_distinct=0)
    return found


def period_sums_of(
    design: ArrayLike, outcome: ArrayLike, periods: ArrayLike, names: Sequence[str]
) -> PeriodSums:
    """From one row per observation: design (rows, columns), outcome (rows,), period label of each row."""
    x = np.asarray(design, dtype=np.float64).reshape(-1, len(names))
    y = np.asarray(outcome, dtype=np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("design and outcome must be finite.")
    labels = np.unique(np.asarray(periods), return_inverse=True)[1]
    parts = [labels == label for label in range(int(labels.max()) + 1 if len(labels) else 0)]
    xx = np.array([x[part].T @ x[part] for part in parts]).reshape(-1, len(names), len(names))
    xy = np.array([x[part].T @ y[part] for part in parts]).reshape(-1, len(names))
    return PeriodSums(tuple(names), np.array([float(part.sum()) for part in parts]), xx, xy)


def _digit_cells(found: NDArray[np.int64], counts: NDArray[np.int64]) -> dict[str, tuple[Exact, ...]]:
    ids, corners = binning.digit_bins(found)
    starts = binning.group_starts(ids)
    apart = found - corners
    n: list[int] = np.add.reduceat(counts, starts).tolist()
    about = [binning.exact_sums(starts, counts, *[apart] * power) for power in (1, 2, 3)]
    s1, s2, s3 = binning.from_corner(corners[starts].tolist(), n, about)
    labels = (str(label) for label in ids[starts].tolist())
    return dict(zip(labels, zip(n, s1, s2, s3, strict=True), strict=True))


def _float_cells(amounts: Floats) -> dict[str, tuple[Exact, ...]]:
    ids = binning.float_bins(amounts)
    order = np.argsort(ids, kind="stable")
    ids, amounts = ids[order], amounts[order]
    starts = binning.group_starts(ids)
    n: list[int] = np.diff(np.append(starts, len(ids))).tolist()
    s1, s2, s3 = (binning.float_sums(starts, amounts**power) for power in (1, 2, 3))
    # Rounded sums of one value would look like a variance.
    for place in np.flatnonzero(np.minimum.reduceat(amounts, starts) == np.maximum.reduceat(amounts, starts)):
        value = exact(amounts[starts[place]])
        s1[place], s2[place], s3[place] = (n[place] * value**power for power in (1, 2, 3))
    labels = (f"~{label}" for label in ids[starts].tolist())
    return dict(zip(labels, zip(n, s1, s2, s3, strict=True), strict=True))


def _digit_pairs(x: NDArray[np.int64], y: NDArray[np.int64]) -> dict[str, tuple[Exact, ...]]:
    x_id, _ = binning.digit_bins(x)
    y_id, _ = binning.digit_bins(y)
    order = np.lexsort((y_id, x_id))
    x, y, x_id, y_id = x[order], y[order], x_id[order], y_id[order]
    starts = binning.group_starts(x_id * 10_000 + y_id)
    ones = np.ones(len(x), dtype=np.int64)
    columns = [
        binning.exact_sums(starts, ones, *powers) for powers in ((), (x,), (y,), (x, x), (y, y), (x, y))
    ]
    labels = (f"{a} {b}" for a, b in zip(x_id[starts].tolist(), y_id[starts].tolist(), strict=True))
    return dict(zip(labels, zip(*columns, strict=True), strict=True))


def _float_pairs(x: Floats, y: Floats) -> dict[str, tuple[Exact, ...]]:
    x_id, y_id = binning.float_bins(x), binning.float_bins(y)
    order = np.lexsort((y_id, x_id))
    x, y, x_id, y_id = x[order], y[order], x_id[order], y_id[order]
    starts = binning.group_starts(x_id * (1 << 20) + y_id)
    n: list[Exact] = list(np.diff(np.append(starts, len(x))).tolist())
    sums = [binning.float_sums(starts, values) for values in (x, y, x * x, y * y, x * y)]
    labels = (f"~{a} {b}" for a, b in zip(x_id[starts].tolist(), y_id[starts].tolist(), strict=True))
    return dict(zip(labels, zip(n, *sums, strict=True), strict=True))
