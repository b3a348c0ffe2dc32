"""The ratio of two sums over users: percentile bootstrap, and the delta method on the log or logit scale
beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.resampling import pair_totals, percentile_interval
from include.tidemark.statistics.streams import Stream
from include.tidemark.statistics.trust import Flag, Tail, precise, tail_of_influence

if TYPE_CHECKING:
    from numpy.typing import NDArray

Interval = tuple[float, float]

_LARGEST_EXPONENT = 709.0


def bootstrap_ratio_interval(
    cells: RatioCells, stream: Stream, n_resamples: int, confidence_level: float
) -> Interval | None:
    """Percentile bootstrap interval of sum y / sum x; users are the unit, so both sums move together.

    Returns:
        The ends, or None when a replicate's denominator is not above zero: then the ratio has no bounded
        interval.
    """
    drawn = pair_totals(cells, stream, n_resamples)
    if drawn[:, 1].min() <= 0:
        return None
    return percentile_interval(drawn[:, 2] / drawn[:, 1], confidence_level)


def log_delta_interval(cells: RatioCells, confidence_level: float) -> Interval:
    """Delta-method interval of sum y / sum x on the log scale: ratio x exp(+- t se / ratio).

    Its upper end is infinite where it is beyond floating point, as with amounts of both signs that nearly
    cancel.

    Raises:
        ValueError: unless the ratio is above zero.

    >>> users = [(10, 6), (20, 9), (30, 16), (40, 19)]
    >>> cells = RatioCells.from_rows({"bin": x, "n": 1, "x1": x, "y1": y, "x2": x**2, "y2": y**2, "xy": x * y} for x, y in users)
    >>> [round(end, 6) for end in log_delta_interval(cells, 0.95)]
    [0.431651, 0.579172]
    """  # noqa: W505
    ratio = cells.ratio
    if ratio <= 0:
        raise ValueError(f"log_delta_interval needs a ratio above zero, got {ratio!r}.")
    t = float(stdtrit(max(cells.size - 1, 1), 0.5 + check_level(confidence_level) / 2))
    return log_scale_interval(ratio, t * standard_error(cells) / ratio)


def log_scale_interval(estimate: float, half: float) -> Interval:
    """estimate x exp(+- half): 0 and infinity where that is beyond floating point.

    >>> log_scale_interval(2.0, 0.0), log_scale_interval(2.0, 1e6)
    ((2.0, 2.0), (0.0, inf))
    """
    return estimate * math.exp(-half), estimate * math.exp(half) if half < _LARGEST_EXPONENT else math.inf


def standard_error(cells: RatioCells) -> float:
    """Delta-method standard error of sum y / sum x: root mean square of u = (y - R x) / mean x, over sqrt(n -
    1).

    Infinite where it is beyond floating point.
    """
    _, variance, _ = _influence(cells)
    return math.sqrt(variance / max(cells.size - 1, 1))


def steadiness(cells: RatioCells) -> Flag:
    """Whether the ratio and its denominator are precise enough for the delta method; see `trust.precise`."""
    n, x, _, xx, _, _ = cells.moments
    mean = float(sum(cells.x1) / cells.size)
    spread = float((n * ((x - mean) ** 2 + xx)).sum()) / cells.size
    denominator = math.sqrt(spread / max(cells.size - 1, 1)) / abs(mean)
    ratio = standard_error(cells) / abs(cells.ratio) if cells.ratio else math.inf
    return precise(denominator, ratio)


def ratio_tail(cells: RatioCells) -> Tail:
    """The tail of the influence values u = (y - R x) / mean x; see `trust.Tail`."""
    n, _, (inside, between) = _influence(cells)
    return tail_of_influence((n, between, inside))


def _influence(
    cells: RatioCells,
) -> tuple[NDArray[np.float64], float, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    n, x, y, xx, yy, xy = cells.moments
    # The exact mean: amounts of both signs that nearly cancel would leave a rounded sum without a digit.
    ratio, scale = cells.ratio, float(sum(cells.x1) / cells.size)
    with np.errstate(over="ignore", invalid="ignore"):
        between = (y - ratio * x) / scale
        inside = np.maximum(yy - 2 * ratio * xy + ratio * ratio * xx, 0.0) / scale**2
        variance = float((n * (between**2 + inside)).sum() / n.sum())
    return n, variance if math.isfinite(variance) else math.inf, (inside, between)
