"""Retention of cohorts: two definitions, each of users who have all had as much time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.proportions import FEWEST_OF_AN_OUTCOME, rate_flag
from include.tidemark.statistics.rates import bootstrap_rate_interval, wilson_interval
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable

IN_WINDOW = "retention_in_window"
IN_OR_AFTER = "retention_in_or_after"
METRICS = (IN_WINDOW, IN_OR_AFTER)
_BOOTSTRAP_OK_FROM = 30


@dataclass(frozen=True)
class RetentionCount:
    """One cohort (or tier) in one window after its start, or a part of it.

    Attributes:
        group: the cohort's name, for example its install date.
        window: the window's name, for example ``7d`` or ``week 3``; written as the row's horizon.
        users: users of the cohort.
        matured: those of them whose window is over at the as-of date; the only ones in the denominator.
        active_in_window: matured users who were active in the window.
        active_in_or_after: followed users who were active in the window or the follow-up after it.
        unit: the part: the week or day that sets what these users have in common. A cohort without parts is
            one.
        followed: those of the matured whose follow-up is over, too: the denominator of "in the window or
            after". All of them unless given.
        left_out: why the group is compared with no other; null where it is.

    Raises:
        ValueError: unless active_in_window <= matured <= users and active_in_or_after <= followed <= matured,
            and, where all matured users are followed, active_in_window <= active_in_or_after.
    """

    group: str
    window: str
    users: int
    matured: int
    active_in_window: int
    active_in_or_after: int
    unit: str | None = None
    followed: int | None = None
    left_out: str | None = None

    def __post_init__(self) -> None:
        (active, matured), (later, followed) = self.outcome(IN_WINDOW), self.outcome(IN_OR_AFTER)
        fits = 0 <= active <= matured <= self.users and 0 <= later <= followed <= matured
        if not fits or (followed == matured and active > later):
            raise ValueError(
                f"retention of {self.group!r} in {self.window!r}: of {self.users} users {matured} have matured, {active} of them"
                f" active in the window, and {followed} been followed, {later} of them active in it or after: that can't be."
            )

    def outcome(self, metric: str) -> tuple[int, int]:
        """Users with the outcome, and users among whom they are."""
        if metric == IN_WINDOW:
            return self.active_in_window, self.matured
        return self.active_in_or_after, self.matured if self.followed is None else self.followed

    def known(self, metric: str, config: StatisticsConfig) -> dict[str, Any]:
        """What a row of it says whatever the estimate is."""
        n = self.outcome(metric)[1]
        return {
            "segment": self.group,
            "horizon": self.window,
            "n": n,
            "confidence_level": config.confidence_level,
            "is_mature": n > 0 or self.users == 0,
        }

    def withheld(self, metric: str, config: StatisticsConfig) -> str | None:
        """Why there is no number; None where there is one."""
        n = self.outcome(metric)[1]
        if self.users == 0:
            return "empty_segment"
        if n == 0:
            return "window_not_complete"
        return "too_few_users" if n < config.minimum_sample_size else None


def whole_groups(counts: Iterable[RetentionCount]) -> list[RetentionCount]:
    """Each group and window once, its parts together.

    Raises:
        ValueError: where a part is there twice.
    """
    held = list(counts)
    places = [(count.group, count.window, count.unit) for count in held]
    if len(set(places)) < len(places):
        raise ValueError("counts hold a group and window twice.")
    groups: dict[tuple[str, str], RetentionCount] = {}
    for count in held:
        place = (count.group, count.window)
        before = groups.get(place)
        whole = replace(count, unit=None, followed=count.outcome(IN_OR_AFTER)[1])
        groups[place] = whole if before is None else _sum(before, count)
    return list(groups.values())


def retention(counts: Iterable[RetentionCount], config: StatisticsConfig) -> list[ResultRow]:
    """Retention of each group in each window. How groups differ: `retention_differences`.

    "Active in window k" may rise with k (people come back). "In it or after" looks at the window and a
    follow-up of fixed length, and only at users who have had both: to no end, older users would have had more
    time to come back. Users whose window is not over are in neither numerator nor denominator: counting all
    gave 0.295 for a truth of 0.424.

    Args:
        counts: one entry per group and window, or per part of it.
        config: the run's settings.

    Returns:
        For each group, window and definition: a ``wilson`` and a ``binomial_bootstrap`` row of the rate. Null
        where nobody has matured (``window_not_complete``) or fewer have than the minimum sample size.

    >>> rows = retention([RetentionCount("a", "7d", 100, 100, 40, 50)], StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.metric, row.estimate) for row in rows if row.method == "wilson"]
    [('a', 'retention_in_window', 0.4), ('a', 'retention_in_or_after', 0.5)]
    """
    return [
        row
        for count in whole_groups(counts)
        for metric in METRICS
        for row in _rate_rows(metric, count, config)
    ]


def _sum(one: RetentionCount, other: RetentionCount) -> RetentionCount:
    names = ("users", "matured", "active_in_window", "active_in_or_after")
    sums = {name: getattr(one, name) + getattr(other, name) for name in names}
    return replace(one, **sums, followed=one.outcome(IN_OR_AFTER)[1] + other.outcome(IN_OR_AFTER)[1])


def _rate_rows(metric: str, count: RetentionCount, config: StatisticsConfig) -> list[ResultRow]:
    source = stream(config.as_of_date, metric, count.group, count.window)
    known = count.known(metric, config)
    drawn = {**known, "n_resamples": config.n_resamples, "seed": source.seed, "is_primary": False}
    reason = count.withheld(metric, config)
    if reason:
        methods = (("wilson", known), ("binomial_bootstrap", drawn))
        return [null_row(metric, method, reason, **fields) for method, fields in methods]
    active, n = count.outcome(metric)
    drawn_ends = bootstrap_rate_interval(active, n, source, config.n_resamples, config.confidence_level)
    made = (
        ("wilson", wilson_interval(active, n, config.confidence_level), rate_flag(active, n, config), known),
        ("binomial_bootstrap", drawn_ends, _bootstrap_flag(min(active, n - active)), drawn),
    )
    return [
        ResultRow(metric, active / n, method, ci_low=low, ci_high=high, trust=trust, reason=why, **fields)
        for method, (low, high), (trust, why), fields in made
    ]


def _bootstrap_flag(fewest: int) -> Flag:
    """The binomial bootstrap falls short of its level with few users of either outcome, and at 0 has no width
    at all."""
    if fewest >= _BOOTSTRAP_OK_FROM:
        return "ok", None
    return ("caution" if fewest >= FEWEST_OF_AN_OUTCOME else "unreliable"), "few_successes"
