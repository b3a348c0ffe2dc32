"""Rates and shares of users: Wilson, Newcombe for differences, and the exact binomial bootstrap beside
them."""

from __future__ import annotations

import math

from scipy.special import ndtri

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.resampling import percentile_interval
from include.tidemark.statistics.streams import Stream

Interval = tuple[float, float]


def wilson_interval(successes: int, n: int, confidence_level: float) -> Interval:
    """Wilson's score interval of a rate: the rates that a score test at the same level does not reject.

    Keeps its coverage for small n and rates near 0 or 1 (Brown, Cai and DasGupta 2001); at 0 of n its upper
    end is positive, at n of n its lower end is below 1.

    Raises:
        ValueError: unless 0 <= successes <= n and n >= 1.

    >>> low, high = wilson_interval(0, 20, 0.95)
    >>> low, round(high, 6)
    (0.0, 0.161125)
    """
    _check_counts(successes, n)
    return score_interval(successes, n, float(ndtri(0.5 + check_level(confidence_level) / 2)))


def newcombe_interval(
    successes_1: int, n_1: int, successes_2: int, n_2: int, confidence_level: float
) -> Interval:
    """Newcombe's hybrid score interval of the difference rate 1 - rate 2 of two independent groups.

    Each end combines the distances of the two rates to the ends of their Wilson intervals (Newcombe 1998,
    method 10).

    >>> [round(end, 6) for end in newcombe_interval(56, 70, 48, 80, 0.95)]
    [0.052431, 0.333873]
    """
    _check_counts(successes_1, n_1)
    _check_counts(successes_2, n_2)
    z = float(ndtri(0.5 + check_level(confidence_level) / 2))
    return hybrid_score_interval(successes_1, n_1, successes_2, n_2, z)


def bootstrap_rate_interval(
    successes: int, n: int, stream: Stream, n_resamples: int, confidence_level: float
) -> Interval:
    """Percentile bootstrap interval of a rate: drawing n users with replacement makes the successes binomial.

    Given only beside Wilson's, for those who ask for a bootstrap: at n = 50 and rates of 1 to 5 % it covers
    73 % at a nominal 95 %, and at 0 of n it returns [0, 0].
    """
    _check_counts(successes, n)
    drawn = stream.replicates(
        n_resamples, lambda generator, size: generator.binomial(n, successes / n, size) / n
    )
    return percentile_interval(drawn, confidence_level)


def score_interval(successes: int, n: int, z: float) -> Interval:
    """Wilson's interval at the normal quantile ``z`` instead of a level."""
    rate = successes / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else max(centre - half, 0.0)
    high = 1.0 if successes == n else min(centre + half, 1.0)
    return low, high


def hybrid_score_interval(successes_1: int, n_1: int, successes_2: int, n_2: int, z: float) -> Interval:
    """Newcombe's interval at the normal quantile ``z`` instead of a level."""
    low_1, high_1 = score_interval(successes_1, n_1, z)
    low_2, high_2 = score_interval(successes_2, n_2, z)
    rate_1, rate_2 = successes_1 / n_1, successes_2 / n_2
    difference = rate_1 - rate_2
    return (
        difference - math.hypot(rate_1 - low_1, high_2 - rate_2),
        difference + math.hypot(high_1 - rate_1, rate_2 - low_2),
    )


def _check_counts(successes: int, n: int) -> None:
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n, and n be 1 or more; got {successes} of {n}.")
