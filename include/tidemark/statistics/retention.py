"""Retention of cohorts: two definitions, only users whose window is over, compared with all other cohorts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.groups import newcombe_difference
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.proportions import (
    FEWEST_OF_AN_OUTCOME,
    rate_difference_flag,
    rate_flag,
)
from include.tidemark.statistics.rates import bootstrap_rate_interval, wilson_interval
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag

IN_WINDOW = "retention_in_window"
IN_OR_AFTER = "retention_in_or_after"
_BOOTSTRAP_OK_FROM = 30


@dataclass(frozen=True)
class RetentionCount:
    """One cohort (or tier) in one window after its start.

    Attributes:
        group: the cohort's name, for example its install date.
        window: the window's name, for example ``7d`` or ``week 3``; written as the row's horizon.
        users: users of the cohort.
        matured: those of them whose window is over at the as-of date; the only ones in the denominator.
        active_in_window: matured users who were active in the window.
        active_in_or_after: matured users who were active in the window or later.

    Raises:
        ValueError: unless active_in_window <= active_in_or_after <= matured <= users.
    """

    group: str
    window: str
    users: int
    matured: int
    active_in_window: int
    active_in_or_after: int

    def __post_init__(self) -> None:
        if not 0 <= self.active_in_window <= self.active_in_or_after <= self.matured <= self.users:
            raise ValueError(
                f"retention of {self.group!r} in {self.window!r}: 0 <= active_in_window <= active_in_or_after <= matured "
                f"<= users is broken by {self.active_in_window}, {self.active_in_or_after}, {self.matured}, {self.users}."
            )


def retention(counts: Iterable[RetentionCount], config: StatisticsConfig) -> list[ResultRow]:
    """Retention of each group in each window, and its difference from all other groups together.

    "Active in window k" may rise with k (people come back), "in window k or later" never does for the same users.
    Users whose window is not over are in neither numerator nor denominator: counting all gave 0.295 for a truth of 0.424.

    Args:
        counts: one entry per group and window.
        config: the run's settings.

    Returns:
        For each entry and definition: a ``wilson`` and a ``binomial_bootstrap`` row of the rate, and a ``newcombe`` row
        of ``<metric>_vs_rest`` with its p-value, adjusted within metric x window. Null where nobody has matured
        (``window_not_complete``), where fewer have than the minimum sample size, or where there is no rest.

    >>> counts = [RetentionCount("a", "7d", 100, 100, 40, 50), RetentionCount("b", "7d", 100, 100, 20, 30)]
    >>> rows = retention(counts, StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.metric, row.estimate) for row in rows if row.method == "newcombe"][:2]
    [('a', 'retention_in_window_vs_rest', 0.2), ('a', 'retention_in_or_after_vs_rest', 0.2)]
    """
    held = list(counts)
    places = [(count.group, count.window) for count in held]
    if len(set(places)) < len(places):
        raise ValueError("counts hold a group and window twice.")
    rows = []
    for count in held:
        others = [other for other in held if other.window == count.window and other.group != count.group]
        for metric in (IN_WINDOW, IN_OR_AFTER):
            rows += _rate_rows(metric, count, config)
            rows.append(_against_rest(metric, count, others, config))
    return adjust(rows)


def _rate_rows(metric: str, count: RetentionCount, config: StatisticsConfig) -> list[ResultRow]:
    source = stream(config.as_of_date, metric, count.group, count.window)
    known = _known(count, config)
    drawn = {**known, "n_resamples": config.n_resamples, "seed": source.seed, "is_primary": False}
    reason = _withheld(count, config)
    if reason:
        methods = (("wilson", known), ("binomial_bootstrap", drawn))
        return [null_row(metric, method, reason, **fields) for method, fields in methods]
    active, n = _active(metric, count), count.matured
    low, high = wilson_interval(active, n, config.confidence_level)
    trust, warning = rate_flag(active, n, config)
    rows = [
        ResultRow(
            metric, active / n, "wilson", ci_low=low, ci_high=high, trust=trust, reason=warning, **known
        )
    ]
    low, high = bootstrap_rate_interval(active, n, source, config.n_resamples, config.confidence_level)
    trust, warning = _bootstrap_flag(min(active, n - active))
    rows.append(
        ResultRow(
            metric,
            active / n,
            "binomial_bootstrap",
            ci_low=low,
            ci_high=high,
            trust=trust,
            reason=warning,
            **drawn,
        )
    )
    return rows


def _bootstrap_flag(fewest: int) -> Flag:
    """The binomial bootstrap falls short of its level with few users of either outcome, and at 0 has no width at all."""
    if fewest >= _BOOTSTRAP_OK_FROM:
        return "ok", None
    return ("caution" if fewest >= FEWEST_OF_AN_OUTCOME else "unreliable"), "few_successes"


def _against_rest(
    metric: str, count: RetentionCount, others: Sequence[RetentionCount], config: StatisticsConfig
) -> ResultRow:
    known = _known(count, config)
    name = f"{metric}_vs_rest"
    rest = sum(other.matured for other in others)
    too_few = rest < max(config.minimum_sample_size, 1)
    reason = _withheld(count, config) or ("too_few_users" if too_few else None)
    if reason:
        return null_row(name, "newcombe", reason, **known)
    own, other = _active(metric, count), sum(_active(metric, other) for other in others)
    found = newcombe_difference(own, count.matured, other, rest, config.confidence_level)
    trust, warning = rate_difference_flag((own, count.matured), (other, rest), config)
    return ResultRow(
        name,
        found.estimate,
        "newcombe",
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        p_value=found.p_value,
        trust=trust,
        reason=warning,
        **known,
    )


def _known(count: RetentionCount, config: StatisticsConfig) -> dict[str, Any]:
    return {
        "segment": count.group,
        "horizon": count.window,
        "n": count.matured,
        "confidence_level": config.confidence_level,
        "is_mature": count.matured > 0 or count.users == 0,
    }


def _withheld(count: RetentionCount, config: StatisticsConfig) -> str | None:
    if count.users == 0:
        return "empty_segment"
    if count.matured == 0:
        return "window_not_complete"
    return "too_few_users" if count.matured < config.minimum_sample_size else None


def _active(metric: str, count: RetentionCount) -> int:
    return count.active_in_window if metric == IN_WINDOW else count.active_in_or_after
