"""The rows of shares of a sum: how much of the volume, the fees or the revenue of all users is each segment's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, ndtri

from include.tidemark.statistics.cells import Cells, Floats, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.minimums import trust, withheld
from include.tidemark.statistics.resampling import percentile_interval, totals
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream

METHODS = ("logit_delta", "percentile_bootstrap")


def share_rows(
    metric: str, cells: Mapping[str, Cells], config: StatisticsConfig, *, horizon: str | None = None
) -> list[ResultRow]:
    """A ``logit_delta`` and a ``percentile_bootstrap`` row of each segment's share of the sum over all segments.

    The number of users of a segment is as random as their amounts. So the replicates draw an independent Poisson number
    of users from each cell (Chamandy et al. 2012); in each replicate the shares sum to 1.

    Args:
        metric: the rows' metric, part of the seed.
        cells: segment -> one amount per user, zeros included, in any one unit. The segments share no user.
        config: the run's settings.
        horizon: the rows' horizon, part of the seed.

    Returns:
        Two rows a segment, n being all users. Null where the sum is not above zero (``zero_denominator``), or where the
        segment or all users are below a minimum size. A share that is not strictly between 0 and 1 has no interval.

    >>> def users(amounts):
    ...     return Cells.from_rows({"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in amounts)
    >>> cells = {"whale": users([900] * 20 + [700] * 20), "minnow": users([1, 3] * 100)}
    >>> rows = share_rows("volume_share", cells, StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.estimate) for row in rows if row.method == "logit_delta"]
    [('whale', 0.987654320988), ('minnow', 0.0123456790123)]
    """
    everybody = merge(cells.values())
    absent = withheld(everybody, config) or ("zero_denominator" if everybody.sums[0] <= 0 else None)
    sources = {segment: stream(config.as_of_date, metric, segment, horizon) for segment in cells}
    drawn: dict[str, Floats] = {}
    if absent is None:
        drawn = {
            segment: totals(held, sources[segment], config.n_resamples, poisson=True)[:, 1]
            for segment, held in cells.items()
            if held.size
        }
    whole = np.sum(list(drawn.values()), axis=0)
    rows: list[ResultRow] = []
    for segment, held in cells.items():
        known: dict[str, Any] = {
            "segment": segment,
            "horizon": horizon,
            "n": everybody.size,
            "confidence_level": config.confidence_level,
        }
        replicated = {
            **known,
            "n_resamples": config.n_resamples,
            "seed": sources[segment].seed,
            "is_primary": False,
        }
        reason = absent or withheld(held, config)
        if reason:
            fields = zip(METHODS, (known, replicated), strict=True)
            rows += [null_row(metric, method, reason, **more) for method, more in fields]
            continue
        rows.append(_delta_row(metric, held, everybody, known))
        rows.append(_bootstrap_row(metric, held, everybody, (drawn[segment], whole), replicated))
    return rows


def _delta_row(metric: str, held: Cells, everybody: Cells, known: dict[str, Any]) -> ResultRow:
    share = float(held.sums[0]) / float(everybody.sums[0])
    if not 0 < share < 1:
        reason = "no_variation" if share == 1 else "not_positive"
        return ResultRow(metric, share, METHODS[0], reason=reason, **known)
    error, skewness = _influence(held, everybody, share)
    z = float(ndtri(0.5 + known["confidence_level"] / 2))
    half, centre = z * error / (share * (1 - share)), math.log(share / (1 - share))
    low, high = float(expit(centre - half)), float(expit(centre + half))
    flag = trust(skewness, everybody.size)
    return ResultRow(metric, share, METHODS[0], ci_low=low, ci_high=high, trust=flag, **known)


def _bootstrap_row(
    metric: str, held: Cells, everybody: Cells, drawn: tuple[Floats, Floats], known: dict[str, Any]
) -> ResultRow:
    share = float(held.sums[0]) / float(everybody.sums[0])
    own, whole = drawn
    if share == 1 or whole.min() <= 0:
        reason = "no_variation" if share == 1 else "unbounded_interval"
        return ResultRow(metric, share, METHODS[1], reason=reason, **known)
    low, high = percentile_interval(own / whole, known["confidence_level"])
    flag = trust(_influence(held, everybody, share)[1], everybody.size)
    return ResultRow(metric, share, METHODS[1], ci_low=low, ci_high=high, trust=flag, **known)


def _influence(held: Cells, everybody: Cells, share: float) -> tuple[float, float]:
    """Standard error and skewness of a user's influence on the share, u = (x inside - share x) / mean x."""
    n, mean = everybody.size, everybody.mean
    inside = [float(value) for value in held.sums[1:]]
    rest = [float(all_of_it - own) for all_of_it, own in zip(everybody.sums[1:], held.sums[1:], strict=True)]
    squares = (1 - share) ** 2 * inside[0] + share**2 * rest[0]
    cubes = (1 - share) ** 3 * inside[1] - share**3 * rest[1]
    # The mean cancels in the skewness, and its cube could be beyond floating point.
    power = math.pow(squares / n, 1.5)
    return math.sqrt(squares / n / mean**2 / max(n - 1, 1)), cubes / n / power if power > 0 else 0.0
