"""Lifetime value by tier over horizons and discount rates: zeros for churned users, or weighted by observed
retention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from include.tidemark.statistics.cells import Cells, merge
from include.tidemark.statistics.config import StatisticsConfig, check_level
from include.tidemark.statistics.mean_rows import METHODS, mean_rows
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.retention_differences import of_one_spell
from include.tidemark.statistics.trust import Sample, flag, samples_of, tail_of
from include.tidemark.statistics.units import Units, units_difference, units_flag

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Floats = NDArray[np.float64]

HORIZONS = (8, 9, 10, 11, 12)
DISCOUNT_RATES = (0.0, 0.05, 0.10)
METRIC = "ltv_mean"
WEIGHTED = "retention_weighted"
OF_UNITS = "unit_jackknife_t"
WEEKS_A_YEAR = 365.25 / 7
# Cents are cut into hundredths so that rounding a discounted amount to a whole number moves a mean by no
# cent.
UNITS_A_DOLLAR = 10_000


def discount_factors(weeks: int, annual_rate: float) -> Floats:
    """What a dollar of week 0, 1, ... after the first is worth at the start: (1 + r)^(-week / 52.18).

    >>> [round(float(f), 6) for f in discount_factors(3, 0.10)]
    [1.0, 0.998175, 0.996353]
    """
    if not annual_rate > -1:
        raise ValueError(f"annual_rate must be above -1, got {annual_rate!r}.")
    return np.asarray((1 + annual_rate) ** (-np.arange(weeks) / WEEKS_A_YEAR))


def horizon_name(weeks: int, annual_rate: float) -> str:
    """The horizon of a row: weeks and discount rate.

    >>> horizon_name(8, 0.05)
    '8w at 5%'
    """
    return f"{weeks}w at {annual_rate * 100:g}%"


@dataclass(frozen=True)
class WeeklySums:
    """The users of one tier by weeks observed: their fees of each week and the products of those.

    Attributes:
        observed: complete weeks since the first of each entry, shape (entries,).
        n: users.
        s1: sum of the fees in each week, (entries, weeks), in dollars.
        s2: sums of products of two weeks, (entries, weeks, weeks).
    """

    observed: NDArray[np.int64]
    n: Floats
    s1: Floats
    s2: Floats


def weighted_value(
    sums: WeeklySums, weeks: int, annual_rate: float, confidence_level: float
) -> tuple[float, float, float, int] | None:
    """Discounted sum over weeks of the mean fee among users whose week is complete, with a delta-method
    interval.

    Its t quantiles have the degrees of freedom of the users who were seen in the last week, the fewest of all
    weeks.

    The mean fee of a week is retention times fee of the active, so this weighs what active users pay by the
    observed retention of each week. It uses users who are not yet through the whole horizon for the weeks
    they are through.

    Returns:
        Estimate, the two ends and the users seen in the last week; None where nobody was.

    >>> s1, s2 = [[6.0, 0.0], [6.0, 4.0]], [[[36.0, 0.0], [0.0, 0.0]], [[20.0, 14.0], [14.0, 10.0]]]
    >>> sums = WeeklySums(np.array([1, 2]), np.array([1.0, 2.0]), np.array(s1), np.array(s2))
    >>> estimate, low, high, users = weighted_value(sums, 2, 0.0, 0.95)
    >>> estimate, users  # 4 per user in the first week, 2 in the second among the two who are through it
    (6.0, 2)
    """
    seen = (sums.observed[:, None] > np.arange(weeks)) * sums.n[:, None]
    matured = seen.sum(axis=0)
    if sums.s1.shape[-1] < weeks or len(matured) == 0 or matured.min() < 1:
        return None
    factors = discount_factors(weeks, annual_rate)
    means = (sums.s1[:, :weeks] * (seen > 0)).sum(axis=0) / matured
    variance = 0.0
    for observed, n, s1, s2 in zip(sums.observed, sums.n, sums.s1, sums.s2, strict=True):
        inside = min(int(observed), weeks)
        weight = factors[:inside] / matured[:inside]
        squares = weight @ s2[:inside, :inside] @ weight
        middle = weight @ means[:inside]
        variance += max(float(squares - 2 * middle * (weight @ s1[:inside]) + n * middle**2), 0.0)
    users = float(sums.n.sum())
    estimate, error = float(factors @ means), math.sqrt(variance * users / max(users - 1, 1))
    last = round(float(matured[-1]))
    half = error * float(stdtrit(max(last - 1, 1), 0.5 + check_level(confidence_level) / 2))
    return estimate, estimate - half, estimate + half, last


def lifetime_value(
    cells: Mapping[tuple[str, int, float], Cells],
    users: Mapping[str, int],
    config: StatisticsConfig,
    *,
    weekly: Mapping[str, WeeklySums] | None = None,
    units: Mapping[tuple[str, int, float], Units] | None = None,
    horizons: Sequence[int] = HORIZONS,
    rates: Sequence[float] = DISCOUNT_RATES,
    units_a_dollar: int = UNITS_A_DOLLAR,
    one_spell: Collection[str] = (),
) -> list[ResultRow]:
    """Mean discounted fees per user in dollars, by acquisition tier, horizon and annual discount rate.

    Args:
        cells: (tier, weeks, rate) -> cells of the discounted fees of users whose horizon is complete, churned
            users as zeros, in whole units. What is left out holds nobody.
        users: tier -> all its users, complete or not.
        config: the run's settings.
        weekly: tier -> weekly sums, for the alternative weighted by observed retention; without it those rows
            are left out.
        units: (tier, weeks, rate) -> the weeks in which those users came, with the discounted fees in
            dollars: the observations where tiers are compared, since a fee holds for a week. Without it the
            comparisons are left out.
        horizons: weeks.
        rates: annual discount rates.
        units_a_dollar: whole units of the cells in one dollar.
        one_spell: tiers that are held against the others within one spell of weeks: ``unreliable`` and
            without a p-value.

    Returns:
        For each tier, horizon and rate the rows ``percentile_bootstrap`` and ``hall_skew_t`` of ``ltv_mean``
        (and ``retention_weighted``), and a ``unit_jackknife_t`` row of ``ltv_mean_vs_rest``, the difference
        from the other tiers together, adjusted within its horizon; below six weeks it has no p-value, with
        one no interval. A horizon that is over for nobody is null, ``window_not_complete``.

    >>> fees = [{"bin": v, "n": 25, "s1": 25 * v, "s2": 25 * v**2, "s3": 25 * v**3} for v in (0, 10_000, 20_000, 30_000)]
    >>> cells = {("10", 1, 0.05): Cells.from_rows(fees)}
    >>> rows = lifetime_value(cells, {"10": 100}, StatisticsConfig("2026-11-01"), horizons=[1, 2], rates=[0.05])
    >>> [(row.horizon, row.estimate, row.reason) for row in rows if row.method == "hall_skew_t"]
    [('1w at 5%', 1.5, 'no_reference'), ('2w at 5%', None, 'window_not_complete')]
    """  # noqa: W505
    rows: list[ResultRow] = []
    for tier in users:
        for weeks in horizons:
            for rate in rates:
                held = cells.get((tier, weeks, rate), merge([]))
                if held.size > users[tier]:
                    raise ValueError(f"tier {tier!r} has {held.size} complete of {users[tier]} users.")
                others = [cells.get((other, weeks, rate), merge([])) for other in users if other != tier]
                known: dict[str, Any] = {"segment": tier, "horizon": horizon_name(weeks, rate)}
                open_window = held.size == 0 and users[tier] > 0
                if open_window:
                    known |= {"n": 0, "confidence_level": config.confidence_level, "is_mature": False}
                    methods = [*METHODS, *([] if weekly is None else [WEIGHTED])]
                    rows += [
                        null_row(
                            METRIC, method, "window_not_complete", is_primary=method == METHODS[0], **known
                        )
                        for method in methods
                    ]
                    if units is not None:
                        rows.append(null_row(f"{METRIC}_vs_rest", OF_UNITS, "window_not_complete", **known))
                    continue
                everybody = merge([held, *others])
                rows += mean_rows(METRIC, held, config, unit=units_a_dollar, reference=everybody, **known)
                if weekly is not None:
                    sums = weekly.get(tier)
                    value = None
                    if sums is not None:
                        value = weighted_value(sums, weeks, rate, config.confidence_level)
                    rows.append(_weighted_row(value, held, everybody, config, known))
                if units is not None:
                    parts = [
                        _joined(units, [(other, weeks, rate) for other in tiers])
                        for tiers in ([tier], [other for other in users if other != tier])
                    ]
                    against = _against_rest((held, merge(others)), parts, config, units_a_dollar, known)
                    rows.append(of_one_spell(against) if tier in one_spell else against)
    return adjust(rows)


def _weighted_row(
    found: tuple[float, float, float, int] | None,
    held: Cells,
    everybody: Cells,
    config: StatisticsConfig,
    known: dict[str, Any],
) -> ResultRow:
    known = {**known, "confidence_level": config.confidence_level, "is_primary": False}
    reason = withheld(held, config)
    if found is None or reason:
        return null_row(METRIC, WEIGHTED, reason or "empty_segment", n=held.size, **known)
    estimate, low, high, n = found
    # Sums of squares cancel to a relative 1e-16, so what is left of equal fees is an error of 1e-8.
    if high - low <= 1e-7 * abs(estimate):
        return ResultRow(METRIC, estimate, WEIGHTED, n=n, reason="no_variation", **known)
    trust, reason = flag(WEIGHTED, Sample(tail_of(held), tail_of(everybody)))
    return ResultRow(
        METRIC, estimate, WEIGHTED, ci_low=low, ci_high=high, n=n, trust=trust, reason=reason, **known
    )


def _joined(units: Mapping[tuple[str, int, float], Units], keys: Sequence[tuple[str, int, float]]) -> Units:
    held = [units.get(key, Units.of([])) for key in keys]
    return Units(
        np.concatenate([np.zeros(0), *(part.n for part in held)]),
        np.concatenate([np.zeros(0), *(part.total for part in held)]),
    )


def _against_rest(
    cells: tuple[Cells, Cells],
    units: Sequence[Units],
    config: StatisticsConfig,
    unit: int,
    known: dict[str, Any],
) -> ResultRow:
    """A tier minus the rest: cells say whether users are enough and how uneven they are, weeks how groups
    differ by chance."""
    metric = f"{METRIC}_vs_rest"
    held, rest = cells
    if [round(float(part.n.sum())) for part in units] != [held.size, rest.size]:
        raise ValueError(
            f"the weeks of {known['segment']!r} at {known['horizon']!r} hold other users than its cells."
        )
    known = {**known, "n": held.size, "confidence_level": config.confidence_level}
    reason = withheld(held, config) or ("too_few_users" if withheld(rest, config) else None)
    if reason:
        return null_row(metric, OF_UNITS, reason, **known)
    found = units_difference(units[0], units[1], config.confidence_level)
    if found is None:
        reason = "too_few_periods" if min(part.count for part in units) < 2 else "no_variation"
        return ResultRow(metric, (held.mean - rest.mean) / unit, OF_UNITS, reason=reason, **known)
    trust, warning = units_flag(units[0], units[1])
    if warning is None:
        trust, warning = flag(OF_UNITS, *samples_of(held, rest))
    return ResultRow(
        metric,
        found.estimate,
        OF_UNITS,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        p_value=found.p_value,
        trust=trust,
        reason=warning,
        **known,
    )
