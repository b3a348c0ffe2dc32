"""Second ways to the same numbers, which no run needs."""

from scipy import stats
from scipy.special import expit, logit

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
