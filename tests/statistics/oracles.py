"""Second ways to the same numbers, which no run needs."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit, ndtri

from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.ratios import standard_error


def exact_bootstrap_rate_interval(successes: int, n: int, confidence_level: float) -> tuple[float, float]:
    """The binomial bootstrap of a rate with infinitely many replicates: binomial quantiles, no seed."""
    tail = (1 - confidence_level) / 2
    low, high = stats.binom.ppf([tail, 1 - tail], n, successes / n) / n
    return float(low), float(high)


def logit_delta_interval(cells: RatioCells, confidence_level: float) -> tuple[float, float]:
    """Delta-method interval of a share (y is part of x for each user) on the logit scale."""
    share = cells.ratio
    half = (
        stats.t.ppf(0.5 + confidence_level / 2, cells.size - 1)
        * standard_error(cells)
        / (share * (1 - share))
    )
    return float(expit(logit(share) - half)), float(expit(logit(share) + half))


@dataclass(frozen=True)
class SurvivalPoint:
    """The Kaplan-Meier estimate just after one time: survival and its interval (log-log scale, Greenwood's variance)."""

    time: float
    survival: float
    ci_low: float
    ci_high: float


def kaplan_meier(
    times: Sequence[float], exits: Sequence[int], censored: Sequence[int], confidence_level: float
) -> list[SurvivalPoint]:
    """Kaplan-Meier survival: uses unfinished users for as long as they were seen, so it checks the matured-only rates.

    Args:
        times: distinct times, ascending.
        exits: users who left at each time.
        censored: users last seen at each time who had not left.
        confidence_level: nominal coverage of each point's interval.

    Returns:
        A point for each time with an exit. Where survival is 0, the interval is [0, 0] by convention.

    >>> [(p.time, round(p.survival, 4)) for p in kaplan_meier([1, 2, 4], [1, 1, 1], [0, 1, 0], 0.95)]
    [(1, 0.75), (2, 0.5), (4, 0.0)]
    """
    if not len(times) == len(exits) == len(censored):
        raise ValueError("times, exits and censored must have one entry per time.")
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise ValueError("times must be distinct and ascending.")
    z = float(ndtri(0.5 + confidence_level / 2))
    at_risk = int(np.sum(exits) + np.sum(censored))
    survival, greenwood = 1.0, 0.0
    points = []
    for time, left, lost in zip(times, exits, censored, strict=True):
        if left:
            survival *= 1 - left / at_risk
            greenwood += left / (at_risk * (at_risk - left)) if left < at_risk else math.inf
            points.append(SurvivalPoint(time, survival, *_log_log_interval(survival, greenwood, z)))
        at_risk -= left + lost
    return points


def _log_log_interval(survival: float, greenwood: float, z: float) -> tuple[float, float]:
    if survival <= 0:
        return 0.0, 0.0
    scale = math.log(-math.log(survival))
    half = z * math.sqrt(greenwood) / -math.log(survival)
    return math.exp(-math.exp(scale + half)), math.exp(-math.exp(scale - half))
