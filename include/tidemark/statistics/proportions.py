"""The row of one proportion: a share of users, with Wilson's interval."""

from __future__ import annotations

from typing import Any

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.trust import Flag

FEWEST_OF_AN_OUTCOME = 10


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
    trust, reason = rate_flag(count, total, config)
    return ResultRow(
        metric, count / total, "wilson", ci_low=low, ci_high=high, trust=trust, reason=reason, **known
    )


def rate_flag(successes: int, n: int, config: StatisticsConfig) -> Flag:
    """The trust of Wilson's interval: ``ok`` from ten users with the outcome and ten without it.

    Below, single rates hold between 84 and 100 % at a nominal 95 %, whatever n is.

    >>> rate_flag(3, 5_000, StatisticsConfig("2026-11-01"))
    ('caution', 'few_successes')
    """
    if n < config.minimum_sample_size:
        return "caution", "few_users"
    if min(successes, n - successes) < FEWEST_OF_AN_OUTCOME:
        return "caution", "few_successes"
    return "ok", None


def rate_difference_flag(first: tuple[int, int], second: tuple[int, int], config: StatisticsConfig) -> Flag:
    """The trust of Newcombe's interval: ``ok`` from ten users with the outcome and ten without it in both
    groups together.

    Below, it holds the truth more often than it says.

    Args:
        first: successes and users.
        second: the same of the other group.
        config: the run's settings.

    >>> rate_difference_flag((8, 100), (0, 100), StatisticsConfig("2026-11-01"))
    ('caution', 'few_successes')
    """
    if min(first[1], second[1]) < config.minimum_sample_size:
        return "caution", "few_users"
    won, users = first[0] + second[0], first[1] + second[1]
    return rate_flag(won, users, config)
