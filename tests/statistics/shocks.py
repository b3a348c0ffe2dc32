"""Weeks and days with a shock of their own: how often is a group called different from the rest without an
effect, and how often is a planted difference found, and held by its interval?"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, ndtr

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import fit_periods, jackknife_effect
from include.tidemark.statistics.groups import newcombe_difference
from include.tidemark.statistics.retention import RetentionCount
from include.tidemark.statistics.retention_differences import retention_differences, unit_rate_flag
from include.tidemark.statistics.spells import spells_of
from include.tidemark.statistics.units import (
    Units,
    against_units_flag,
    rate_against_units,
    units_difference,
    units_flag,
)
from tests.statistics.users import period_sums_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from include.tidemark.statistics.results import ResultRow

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
Random = np.random.RandomState
Verdict = tuple[str | None, bool, bool]
"""Of one comparison: its flag, whether its p-value is at most 5 %, and whether one that counts users would
be."""

DESIGNS: dict[str, tuple[int, int, bool]] = {
    "6 and 6 weeks": (6, 6, False),
    "6 and 18 weeks": (6, 18, False),
    "12 and 36 weeks of unlike size": (12, 36, True),
}
"""Weeks of a tier and of the rest, and whether weeks differ in their users."""


RATES = {"35 and 43 %": (0.35, 0.43), "4 and 7 %": (0.04, 0.07)}
"""Who is back of the others, and of the group that is looked at."""


FEES: dict[str, NDArray[np.float64]] = {
    "20 weeks, one change": np.repeat([5.0, 10.0], 10),
    "6 spells of 4 weeks": np.repeat([5.0, 10.0, 20.0, 5.0, 15.0, 10.0], 4),
    "8 spells of 3 weeks": np.repeat([5.0, 10.0, 20.0, 5.0, 15.0, 10.0, 5.0, 20.0], 3),
    "12 spells of 4 weeks": np.repeat([5.0, 10.0, 20.0, 5.0, 15.0, 10.0] * 2, 4),
    "10 spells of 2 weeks": np.repeat([5.0, 10.0, 20.0, 5.0, 15.0, 10.0, 5.0, 20.0, 10.0, 15.0], 2),
    "20 weeks, another fee each": np.array([5.0, 10.0, 15.0, 20.0] * 5),
}
"""The fee of each week."""


def sizes(random: Random, units: int, mean: float, *, uneven: bool) -> NDArray[np.int64]:
    """Users of each unit."""
    spread = np.exp(0.5 * random.standard_normal(units)) if uneven else np.ones(units)
    return np.maximum(np.rint(mean * spread), 30).astype(np.int64)


def retention_of_tiers(random: Random, shock: float, design: str) -> Verdict:
    """A tier and the rest, 35 % of whose users are back; each week moves the log odds by a shock of its
    own."""
    own, rest, uneven = DESIGNS[design]
    n = sizes(random, own + rest, 150, uneven=uneven)
    k = random.binomial(n, expit(-0.6 + shock * random.standard_normal(own + rest)))
    first, second = Units(1.0 * n[:own], 1.0 * k[:own]), Units(1.0 * n[own:], 1.0 * k[own:])
    naive = newcombe_difference(
        int(k[:own].sum()), int(n[:own].sum()), int(k[own:].sum()), int(n[own:].sum()), 0.95
    )
    return _judged(first, second, naive.p_value)


def value_of_tiers(random: Random, shock: float, design: str) -> Verdict:
    """A tier and the rest, whose users pay amounts of a gamma distribution; each week multiplies them by a
    shock of its own."""
    own, rest, uneven = DESIGNS[design]
    n = sizes(random, own + rest, 150, uneven=uneven)
    # The sum of n such amounts is one draw.
    total = np.exp(shock * random.standard_normal(own + rest)) * random.gamma(2.0 * n, 10.0)
    first, second = Units(1.0 * n[:own], total[:own]), Units(1.0 * n[own:], total[own:])
    error = math.sqrt(200 / n[:own].sum() + 200 / n[own:].sum())
    return _judged(first, second, 2 * float(ndtr(-abs(first.mean - second.mean) / error)))


def retention_of_days(random: Random, shock: float, days: int) -> Verdict:
    """A day's cohort and the cohorts of the other days, 35 % of whose users are back."""
    n = sizes(random, days, 150, uneven=True)
    k = random.binomial(n, expit(-0.6 + shock * random.standard_normal(days)))
    rest = Units(1.0 * n[1:], 1.0 * k[1:])
    found = rate_against_units(int(k[0]), int(n[0]), rest, 0.95)
    assert found is not None and found.p_value is not None
    naive = newcombe_difference(int(k[0]), int(n[0]), int(k[1:].sum()), int(n[1:].sum()), 0.95).p_value
    assert naive is not None
    return against_units_flag(rest)[0], found.p_value <= 0.05, naive <= 0.05


def difference_of_tiers(
    random: Random, shock: float, design: str, rates: tuple[float, float]
) -> tuple[str | None, bool, bool]:
    """A tier whose users come back more often than those of the rest.

    Returns:
        The flag, whether the interval holds the difference of the rates, and whether it is found.
    """
    own, rest, uneven = DESIGNS[design]
    of_rest, of_own = (_log_odds(rate, shock) for rate in rates)
    n = sizes(random, own + rest, 150, uneven=uneven)
    eta = np.repeat([of_own, of_rest], [own, rest]) + shock * random.standard_normal(own + rest)
    counts = [
        RetentionCount("own" if place < own else "rest", "7d", users, users, back, back, str(place))
        for place, (users, back) in enumerate(
            zip(n.tolist(), random.binomial(n, expit(eta)).tolist(), strict=True)
        )
    ]
    return _held(retention_differences(counts, CONFIG)[0], rates)


def difference_of_a_day(
    random: Random, shock: float, days: int, rates: tuple[float, float]
) -> tuple[str | None, bool, bool]:
    """A day whose users come back more often than those of the others, which differ by their shocks."""
    of_rest, of_own = (_log_odds(rate, shock) for rate in rates)
    n = sizes(random, days, 150, uneven=True)
    eta = np.repeat([of_own, of_rest], [1, days - 1]) + shock * random.standard_normal(days)
    k = random.binomial(n, expit(eta))
    rest = Units(1.0 * n[1:], 1.0 * k[1:])
    found = rate_against_units(int(k[0]), int(n[0]), rest, 0.95)
    assert found is not None and found.p_value is not None
    truth = rates[1] - rates[0]
    return (
        unit_rate_flag(float(n[0]), rest)[0],
        found.ci_low <= truth <= found.ci_high,
        found.p_value <= 0.05,
    )


def every_difference(random: Random, shock: float, samples: int) -> Iterator[tuple[str, list]]:
    """Name of the comparison -> its samples, of a day four times as many."""
    for name, rates in RATES.items():
        for design in DESIGNS:
            yield (
                f"{name}, {design}",
                [difference_of_tiers(random, shock, design, rates) for _ in range(samples)],
            )
        yield (
            f"{name}, a day and 119 others",
            [difference_of_a_day(random, shock, 120, rates) for _ in range(4 * samples)],
        )


def _held(row: ResultRow, rates: tuple[float, float]) -> tuple[str | None, bool, bool]:
    assert row.ci_low is not None and row.ci_high is not None
    hit = row.ci_low <= rates[1] - rates[0] <= row.ci_high
    return row.trust, hit, row.p_value is not None and row.p_value <= 0.05


@cache
def _log_odds(rate: float, shock: float) -> float:
    """What gives the rate on average over the shocks."""
    far, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    return float(brentq(lambda eta: float(weights @ expit(eta + shock * far)) - rate, -9, 9))


def alarms(verdicts: Sequence[Verdict], *, by_users: bool = False) -> NDArray[np.bool_]:
    """Of the comparisons with the flag `ok`: which are called different?"""
    return np.array([naive if by_users else ours for trust, ours, naive in verdicts if trust == "ok"])


def every_design(random: Random, shock: float, samples: int) -> Iterator[tuple[str, list[Verdict]]]:
    """Name of the comparison -> its samples."""
    for design in DESIGNS:
        for name, of in (("retention", retention_of_tiers), ("lifetime value", value_of_tiers)):
            yield f"{name}, {design}", [of(random, shock, design) for _ in range(samples)]
    for days in (31, 120):
        yield (
            f"retention, a day and {days - 1} others",
            [retention_of_days(random, shock, days) for _ in range(samples)],
        )


def _judged(first: Units, second: Units, naive: float | None) -> Verdict:
    found = units_difference(first, second, 0.95)
    assert found is not None and found.p_value is not None and naive is not None
    return units_flag(first, second)[0], found.p_value <= 0.05, naive <= 0.05


def autocorrelated(random: Random, weeks: int, rho: float = 0.6) -> NDArray[np.float64]:
    """Shocks of weeks that last: AR(rho) of variance 1, from its steady state."""
    shock = [float(random.standard_normal())]
    for _ in range(weeks - 1):
        shock.append(rho * shock[-1] + math.sqrt(1 - rho**2) * float(random.standard_normal()))
    return np.array(shock)


def alarms_of_a_fee(random: Random, name: str, samples: int) -> NDArray[np.bool_]:
    """A fee without an effect where shocks last, by least squares: alarms with weeks and with spells as the
    periods.

    Returns:
        (samples, 2); where spells are too few for a p-value there is no alarm.
    """
    fee = FEES[name]
    weeks = len(fee)
    design = np.column_stack([np.ones(weeks), fee])
    found = []
    for _ in range(samples):
        # 60 users a week, each with a deviation of 1 of their own.
        y = 0.3 * autocorrelated(random, weeks) + random.standard_normal(weeks) / math.sqrt(60)
        fits = [
            fit_periods(period_sums_of(design, y, labels, ["intercept", "fee"]))
            for labels in (np.arange(weeks), spells_of(fee.tolist()))
        ]
        effects = [fit and jackknife_effect(fit, "fee", 0.95) for fit in fits]
        found.append([bool(e and e.p_value is not None and e.p_value <= 0.05) for e in effects])
    return np.array(found)
