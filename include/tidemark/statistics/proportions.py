"""The row of one proportion: a share of users, with Wilson's interval."""

from __future__ import annotations

from typing import Any

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.results import ResultRow, null_row


def proportion_row(
    metric: str, count: int, total: int, config: StatisticsConfig, reason_if_none: str, **names: Any
) -> ResultRow:
    """``count`` of ``total`` users as a row.

    Args:
        metric: the row's metric.
        count: users who are meant.
        total: users among whom they are.
        config: the run's settings.
        reason_if_none: why there is no share when ``total`` is 0.
        names: segment, segment_to, horizon or is_mature of the row.

    >>> proportion_row("planner_share", 25, 100, StatisticsConfig("2026-11-01"), "empty_segment").estimate
    0.25
    """
    known: dict[str, Any] = {**names, "n": total, "confidence_level": config.confidence_level}
    if total == 0:
        return null_row(metric, "wilson", reason_if_none, **known)
    low, high = wilson_interval(count, total, config.confidence_level)
    # Wilson keeps its average coverage at any n; below the minimum sample size single rates fall short of it.
    flag = "ok" if total >= config.minimum_sample_size else "caution"
    return ResultRow(metric, count / total, "wilson", ci_low=low, ci_high=high, trust=flag, **known)
