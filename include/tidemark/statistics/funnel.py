"""A funnel: how many users reach each step, how many go on, how long it takes them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.groups import Comparison, newcombe_difference
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.proportions import proportion_row, rate_difference_flag
from include.tidemark.statistics.quantiles import quantile_ranks, ranks_flag
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.retention_differences import OF_ONE_UNIT, unit_rate_flag
from include.tidemark.statistics.trust import Flag
from include.tidemark.statistics.units import Units, rate_against_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

METRICS = ("funnel_reached", "funnel_conversion", "funnel_drop_off", "funnel_median_time")
AGAINST_REST = f"{METRICS[1]}_vs_rest"


@dataclass(frozen=True)
class FunnelStep:
    """One step of one group's funnel.

    Attributes:
        name: the step's name; the row's ``segment_to``.
        users: users who reached it, and all steps before it.
        times: time since the start (any unit) -> users who took that long.

    Raises:
        ValueError: for a negative count, or when ``times`` holds another number of users than reached the
            step.
    """

    name: str
    users: int
    times: Mapping[float, int]

    def __post_init__(self) -> None:
        if self.users < 0 or any(count < 0 for count in self.times.values()):
            raise ValueError(f"step {self.name!r} holds a negative number of users.")
        if self.times and sum(self.times.values()) != self.users:
            raise ValueError(
                f"times of step {self.name!r} hold {sum(self.times.values())} of {self.users} users."
            )


def funnel(
    groups: Mapping[str | None, Sequence[FunnelStep]],
    config: StatisticsConfig,
    *,
    each_is_a_unit: bool = False,
) -> list[ResultRow]:
    """The rows of each group's funnel.

    Args:
        groups: group (None: all users) -> its steps, the first being the start. Every group has the same
            steps.
        config: the run's settings.
        each_is_a_unit: each named group is one unit, as the sign-ups of a month are, whom the same things
            happened to: it is compared with how the others differ among themselves (``between_units_t``).

    Returns:
        For each group and step: ``funnel_reached`` (share of the start), ``funnel_conversion`` (share of the
        step before), ``funnel_drop_off`` (one minus it), each by Wilson; ``funnel_median_time`` with its
        distribution-free interval; and, where there are two or more named groups,
        ``funnel_conversion_vs_rest``, Newcombe's difference from the other named groups together, adjusted
        over groups and steps. Of units it has no p-value below six others. Users whose time is not over must
        be left out before.

    Raises:
        ValueError: when a step holds more users than the one before, or groups have different steps.

    >>> steps = [FunnelStep("install", 100, {}), FunnelStep("purchase", 25, {1.0: 20, 9.0: 5})]
    >>> rows = funnel({None: steps}, StatisticsConfig("2026-11-01"))
    >>> [(row.metric, row.estimate) for row in rows if row.segment_to == "purchase"][:3]
    [('funnel_reached', 0.25), ('funnel_conversion', 0.25), ('funnel_drop_off', 0.75)]
    """
    names = {tuple(step.name for step in steps) for steps in groups.values()}
    if len(names) > 1:
        raise ValueError(f"groups have different steps: {sorted(names)}.")
    for group, steps in groups.items():
        for before, step in itertools.pairwise(steps):
            if step.users > before.users:
                raise ValueError(
                    f"{step.name!r} of {group!r} holds more users than {before.name!r} before it."
                )
    rows: list[ResultRow] = []
    named = {group: steps for group, steps in groups.items() if group is not None}
    for group, steps in groups.items():
        for place, step in enumerate(steps):
            before = steps[max(place - 1, 0)]
            place_of = {"segment": group, "segment_to": step.name}
            rows += [
                proportion_row(metric, count, total, config, "empty_segment", **place_of)
                for metric, count, total in (
                    (METRICS[0], step.users, steps[0].users),
                    (METRICS[1], step.users, before.users),
                    (METRICS[2], before.users - step.users, before.users),
                )
            ]
            known: dict[str, Any] = {**place_of, "confidence_level": config.confidence_level}
            rows.append(_median(step, config, known))
            if group in named and len(named) > 1 and place:
                others = [other for name, other in named.items() if name != group]
                reached = Units.of((other[place - 1].users, other[place].users) for other in others)
                against = _unit_against_rest if each_is_a_unit else _against_rest
                rows.append(against((before.users, step.users), reached, config, known))
    return adjust(rows, lambda row: (row.metric,))


def median_interval(times: Mapping[float, int], confidence_level: float) -> tuple[float, float, float] | None:
    """Median and the order statistics around it that hold the true one at the level, whatever the
    distribution.

    The number of users below the true median is binomial(n, 1/2). None where n is too small for the level.

    >>> median_interval({1.0: 10, 2.0: 10, 3.0: 10}, 0.95)
    (2.0, 1.0, 3.0)
    """
    values = sorted(times)
    reached = np.cumsum([times[value] for value in values]) if values else np.zeros(1, dtype=np.int64)
    n = int(reached[-1])
    ranks = quantile_ranks(n, 50, confidence_level) if n else None
    if ranks is None or ranks.ends is None:
        return None

    def at(rank: int) -> float:
        return float(values[int(np.searchsorted(reached, rank))])

    low, high = ranks.middle
    return (at(low) + at(high)) / 2, at(ranks.ends[0]), at(ranks.ends[1])


def _median(step: FunnelStep, config: StatisticsConfig, known: dict[str, Any]) -> ResultRow:
    known = {**known, "n": step.users}
    if not step.users or not step.times:
        return null_row(METRICS[3], "order_statistics", "empty_segment", **known)
    found = median_interval(step.times, config.confidence_level)
    if found is None:
        return null_row(METRICS[3], "order_statistics", "too_few_users", **known)
    middle, low, high = found
    trust, reason = ranks_flag(step.users, 50, config.confidence_level)
    if step.users < config.minimum_sample_size:
        trust, reason = "caution", "few_users"
    return ResultRow(
        METRICS[3], middle, "order_statistics", ci_low=low, ci_high=high, trust=trust, reason=reason, **known
    )


def _against_rest(
    own: tuple[int, int], others: Units, config: StatisticsConfig, known: dict[str, Any]
) -> ResultRow:
    known, rest = {**known, "n": own[0]}, (round(others.n.sum()), round(others.total.sum()))
    reason = _too_few(own[0], rest[0], config)
    if reason:
        return null_row(AGAINST_REST, "newcombe", reason, **known)
    found = newcombe_difference(own[1], own[0], rest[1], rest[0], config.confidence_level)
    trust = rate_difference_flag((own[1], own[0]), (rest[1], rest[0]), config)
    return _difference_row("newcombe", found, trust, known)


def _unit_against_rest(
    own: tuple[int, int], others: Units, config: StatisticsConfig, known: dict[str, Any]
) -> ResultRow:
    known = {**known, "n": own[0]}
    reason = _too_few(own[0], round(others.n.sum()), config)
    if reason:
        return null_row(AGAINST_REST, OF_ONE_UNIT, reason, **known)
    found = rate_against_units(own[1], own[0], others, config.confidence_level)
    if found is None:
        reason = "too_few_periods" if others.count < 2 else "no_variation"
        return ResultRow(AGAINST_REST, own[1] / own[0] - others.mean, OF_ONE_UNIT, reason=reason, **known)
    # Rates differ by 1 at most.
    found = replace(found, ci_low=max(found.ci_low, -1.0), ci_high=min(found.ci_high, 1.0))
    return _difference_row(OF_ONE_UNIT, found, unit_rate_flag(own[0], others), known)


def _too_few(own: int, rest: int, config: StatisticsConfig) -> str | None:
    if min(own, rest) >= max(config.minimum_sample_size, 1):
        return None
    return "too_few_users" if own else "empty_segment"


def _difference_row(method: str, found: Comparison, trust: Flag, known: dict[str, Any]) -> ResultRow:
    return ResultRow(AGAINST_REST, method=method, trust=trust[0], reason=trust[1], **vars(found), **known)
