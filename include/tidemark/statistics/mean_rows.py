"""The rows of one mean per user: percentile bootstrap, checked against its limit, and Hall's skew-corrected
t."""

from __future__ import annotations

import math
from typing import Any

from include.tidemark.statistics import means, saddlepoint
from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag, Sample, flag, tail_of, weakest

METHODS = ("percentile_bootstrap", "hall_skew_t")

# Beyond half a standard error, a percentile end is no longer explained by Monte Carlo noise (0.084 at 1,000
# replicates) nor by data on a coarse lattice (at most 0.4 with 10 non-zero of 30 users).
_MAX_DISAGREEMENT = 0.5


def mean_rows(
    metric: str,
    cells: Cells,
    config: StatisticsConfig,
    *,
    unit: float = 1,
    reference: Cells | None = None,
    segment: str | None = None,
    horizon: str | None = None,
) -> list[ResultRow]:
    """A ``percentile_bootstrap`` and a ``hall_skew_t`` row of the mean.

    Args:
        metric: the rows' metric, part of the seed.
        cells: the users of the segment, in small units (cents).
        config: the run's settings.
        unit: small units in one published unit (100 cents a dollar).
        reference: the users of all groups together, whose amounts show what these may lack by chance.
        segment: the rows' segment, part of the seed.
        horizon: the rows' horizon, part of the seed.

    >>> cents = [{"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in range(100)]
    >>> rows = mean_rows("spend", Cells.from_rows(cents), StatisticsConfig("2026-11-01"), unit=100)
    >>> [(row.method, row.estimate, row.trust, row.reason) for row in rows]
    [('percentile_bootstrap', 0.495, 'caution', 'no_reference'), ('hall_skew_t', 0.495, 'caution', 'no_reference')]
    """  # noqa: W505
    source = stream(config.as_of_date, metric, segment, horizon)
    level = config.confidence_level
    known: dict[str, Any] = {
        "segment": segment,
        "horizon": horizon,
        "n": cells.size,
        "confidence_level": level,
    }
    drawn: dict[str, Any] = {**known, "n_resamples": config.n_resamples, "seed": source.seed}
    fields = dict(zip(METHODS, (drawn, {**known, "is_primary": False}), strict=True))
    reason = withheld(cells, config)
    if reason:
        return [null_row(metric, method, reason, **fields[method]) for method in METHODS]
    estimate = cells.mean / unit
    if cells.variance == 0:
        return [
            ResultRow(metric, estimate, method, reason="no_variation", **fields[method]) for method in METHODS
        ]
    percentile = means.bootstrap_interval(cells, source, config.n_resamples, level)
    sample = Sample(tail_of(cells), None if reference is None else tail_of(reference))
    ends = dict(zip(METHODS, (percentile, means.hall_interval(cells, level)), strict=True))
    flags = {method: flag(method, sample) for method in METHODS}
    flags[METHODS[0]] = weakest(flags[METHODS[0]], _checked(percentile, cells, level))
    return [
        ResultRow(
            metric,
            estimate,
            method,
            ci_low=ends[method][0] / unit,
            ci_high=ends[method][1] / unit,
            trust=flags[method][0],
            reason=flags[method][1],
            **fields[method],
        )
        for method in METHODS
    ]


def _checked(interval: tuple[float, float], cells: Cells, level: float) -> Flag:
    """Whether the drawn interval and its saddlepoint check agree."""
    error = math.sqrt(cells.variance / cells.size)
    ends = zip(interval, saddlepoint.percentile_interval(cells, level), strict=True)
    agree = all(abs(drawn - exact) <= _MAX_DISAGREEMENT * error for drawn, exact in ends)
    return ("ok", None) if agree else ("unreliable", "unsteady")
