"""The mean of one group over the mean of another, as long rows: how many times more do planners do than
passengers?"""

from __future__ import annotations

import math
from typing import Any

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.groups import bootstrap_ratio, log_ratio
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag, flag, precise, samples_of, weakest

METHODS = ("percentile_bootstrap", "log_delta")


def mean_ratio_rows(
    metric: str, first: Cells, second: Cells, config: StatisticsConfig, *, segment: str, segment_to: str
) -> list[ResultRow]:
    """A ``percentile_bootstrap`` and a ``log_delta`` row of mean(first) / mean(second) of two groups of
    different users.

    The bootstrap combines independent replicates of both means; the delta method works on the log scale, so
    that its interval keeps above zero and turning the ratio around turns its ends around. Only the latter has
    a p-value.

    Args:
        metric: the rows' metric, part of the seed.
        first: users of the numerator, in any unit.
        second: users of the denominator, in the same unit.
        config: the run's settings.
        segment: name of the first group.
        segment_to: name of the second group.

    Returns:
        Nulls with a reason where a group is too small or the second mean is not above zero.

    >>> def users(amounts):
    ...     return Cells.from_rows({"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in amounts)
    >>> rows = mean_ratio_rows("ratio", users([4, 8] * 30), users([1, 3] * 30),
    ...     StatisticsConfig("2026-11-01"), segment="Planner", segment_to="Passenger")
    >>> [(row.method, row.estimate, row.n) for row in rows]
    [('percentile_bootstrap', 3.0, 120), ('log_delta', 3.0, 120)]
    """
    # The published seed is the first group's; the second group's names the groups the other way round.
    streams = (
        stream(config.as_of_date, metric, segment, segment_to),
        stream(config.as_of_date, metric, segment_to, segment),
    )
    known: dict[str, Any] = {
        "segment": segment,
        "segment_to": segment_to,
        "n": first.size + second.size,
        "confidence_level": config.confidence_level,
    }
    drawn = {**known, "n_resamples": config.n_resamples, "seed": streams[0].seed}
    known["is_primary"] = False
    fields = dict(zip(METHODS, (drawn, known), strict=True))
    reason = withheld(first, config) or withheld(second, config)
    if reason is None and second.mean <= 0:
        reason = "zero_denominator"
    if reason:
        return [null_row(metric, method, reason, **fields[method]) for method in METHODS]
    ratio = first.mean / second.mean
    if first.variance == 0 and second.variance == 0:
        return [
            ResultRow(metric, ratio, method, reason="no_variation", **fields[method]) for method in METHODS
        ]
    drawn_ends = bootstrap_ratio(first, second, streams, config.n_resamples, config.confidence_level)
    delta = log_ratio(first, second, config.confidence_level)
    samples = samples_of(first, second)
    steady = _steadiness(first, second)
    if drawn_ends is None:
        steady = ("unreliable", "imprecise")
    trust, warning = weakest(steady, flag("percentile_of_ratio", *samples))
    delta_trust, delta_warning = weakest(steady, flag("log_delta", *samples))
    return [
        ResultRow(metric, ratio, METHODS[0], reason="unbounded_interval", **drawn)
        if drawn_ends is None
        else ResultRow(
            metric,
            ratio,
            METHODS[0],
            ci_low=drawn_ends[0],
            ci_high=drawn_ends[1],
            trust=trust,
            reason=warning,
            **drawn,
        ),
        ResultRow(metric, ratio, METHODS[1], reason="not_positive", **known)
        if delta is None
        else ResultRow(
            metric,
            ratio,
            METHODS[1],
            ci_low=delta.ci_low,
            ci_high=delta.ci_high,
            p_value=delta.p_value,
            trust=delta_trust if math.isfinite(delta.ci_high) else None,
            reason=delta_warning,
            **known,
        ),
    ]


def _steadiness(first: Cells, second: Cells) -> Flag:
    relative = [
        math.sqrt(cells.variance / (cells.size - 1)) / abs(cells.mean) if cells.mean else math.inf
        for cells in (first, second)
    ]
    return precise(*relative)
