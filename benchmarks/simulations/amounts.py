"""Means, rates, shares and lifetime values of one month, and many of them compared."""

import math
from collections.abc import Iterator

import numpy as np
from scipy import stats

from benchmarks.simulations.line import Line, heavy, holds
from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.groups import log_ratio, newcombe_difference
from include.tidemark.statistics.lifetime_value import weighted_value
from include.tidemark.statistics.means import hall_interval
from include.tidemark.statistics.multiplicity import selected_level
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.shares import share_rows
from tests.statistics.oracles import exact_bootstrap_rate_interval
from tests.statistics.users import cells_of, weekly_sums_of


def mean(repeats: int) -> Iterator[Line]:
    """Means of heavy tails with zeros: percentile with infinitely many replicates, Hall's t."""
    documented = {
        (200, 0.45, 1.0): (93.0, 94.2),
        (200, 0.45, 1.6): (84.8, 91.4),
        (200, 0.70, 2.0): (73.4, 89.2),
        (5000, 0.70, 2.0): (89.9, 93.1),
    }
    makers = (saddlepoint.percentile_interval, hall_interval)
    for (n, zeros, sigma), figures in documented.items():
        random, truth = np.random.RandomState(n), (1 - zeros) * math.exp(sigma**2 / 2) * 10_000
        hits = np.zeros((repeats, 2), dtype=bool)
        for row in hits:
            cells = heavy(random, n, zeros, sigma)
            row[:] = [holds(make(cells, 0.95), truth) for make in makers]
        for place, method in enumerate(("percentile", "Hall")):
            name = f"mean, {method}, n = {n}, {zeros:.0%} zeros, sigma {sigma:g}"
            yield Line(name, 95, hits[:, place], (figures[place], figures[place]))


def rate(repeats: int) -> Iterator[Line]:
    """Rates of 1 to 5 % among 50 users, and differences of 50 and 500."""
    random = np.random.RandomState(1)
    p = random.uniform(0.01, 0.05, size=20 * repeats)
    k = random.binomial(50, p)
    ends = [(wilson_interval(x, 50, 0.95), exact_bootstrap_rate_interval(x, 50, 0.95)) for x in range(51)]
    hits = np.array([[holds(end, truth) for end in ends[x]] for x, truth in zip(k, p, strict=True)])
    yield Line("rate, Wilson, n = 50, 1 to 5 %", 95, hits[:, 0], (95.7, 95.7))
    yield Line("rate, binomial bootstrap, the same", 95, hits[:, 1], (73.4, 73.4))
    p, q = random.uniform(0.01, 0.1, size=(2, 2 * repeats))
    counts = zip(
        random.binomial(50, p).tolist(), random.binomial(500, q).tolist(), (p - q).tolist(), strict=True
    )
    found = []
    for a, b, truth in counts:
        comparison = newcombe_difference(a, 50, b, 500, 0.95)
        found.append(holds((comparison.ci_low, comparison.ci_high), truth))
    yield Line("difference of rates, Newcombe, 50 and 500 users", 95, np.array(found), (95.8, 95.8))


def alike(repeats: int) -> Iterator[Line]:
    """A/A comparisons: alarms where there is no difference."""
    random = np.random.RandomState(2)
    for n, m, documented in ((100, 100, (4.3, 4.3)), (100, 1000, (7.3, 10.5))):
        alarms = [
            log_ratio(heavy(random, n, 0.45, 1.2), heavy(random, m, 0.45, 1.2), 0.95).p_value < 0.05
            for _ in range(repeats)
        ]
        yield Line(
            f"A/A of means, ratio on the log scale, {n} and {m} users, heavy tail",
            5,
            np.array(alarms),
            documented,
        )
    counts = random.binomial(400, 0.3, size=(2 * repeats, 2)).tolist()
    alarms = [newcombe_difference(a, 400, b, 400, 0.95).p_value < 0.05 for a, b in counts]
    yield Line("A/A of rates, Newcombe, 400 and 400 users", 5, np.array(alarms), (5, 5))


def share(repeats: int) -> Iterator[Line]:
    """The share of a small segment in a sum, 10 % of 200 users inside."""
    random, hits = np.random.RandomState(3), []
    for _ in range(repeats):
        amounts = np.rint(np.exp(random.standard_normal(200)) * 10_000).astype(np.int64)
        amounts[random.uniform(size=200) < 0.3] = 0
        inside = random.uniform(size=200) < 0.1
        cells = {str(name): cells_of(amounts[inside == name]) for name in (True, False)}
        rows = share_rows("s", cells, StatisticsConfig("2026-11-01", 0.95, 1000, 1, 1, 1.0))
        hits.append([row.ci_low is not None and holds((row.ci_low, row.ci_high), 0.1) for row in rows[:2]])
    found = np.array(hits)
    yield Line("share of a sum, logit, 10 % of 200 users", 95, found[:, 0], (89.6, 92))
    yield Line("share of a sum, percentile, the same", 95, found[:, 1], (86.7, 89))


def lifetime(repeats: int) -> Iterator[Line]:
    """Twelve weeks of fees; users have been seen for eight to twelve of them."""
    truth, hits = sum(0.85**week * 3 for week in range(12)), []
    for seed in range(repeats):
        random = np.random.RandomState(seed)
        left = random.geometric(0.15, size=400)
        fees = random.exponential(3, size=(400, 12)) * (np.arange(12) < left[:, None])
        observed = random.randint(8, 13, size=400)
        estimate = weighted_value(weekly_sums_of(fees, observed), 12, 0.0, 0.95)
        complete = cells_of(np.rint(100 * fees[observed == 12].sum(axis=1)).astype(np.int64))
        hits.append([holds(estimate[1:3], truth), holds(hall_interval(complete, 0.95), 100 * truth)])
    found = np.array(hits)
    yield Line("lifetime value, weighted by retention, 400 users", 95, found[:, 0], (94, 96))
    yield Line("lifetime value, Hall, users seen for the whole horizon", 95, found[:, 1], (94, 96))


def many(repeats: int) -> Iterator[Line]:
    """Families of 100 comparisons: discoveries among nulls, false ones among discoveries, misses among the
    shown."""
    random = np.random.RandomState(4)
    nulls = [
        min(stats.false_discovery_control(p)) <= 0.05 for p in random.uniform(size=(repeats, 100)).tolist()
    ]
    yield Line("BH, any discovery among 100 nulls", 5, np.array(nulls), (5, 5))
    false, missed = [], []
    truth = np.where(np.arange(100) < 10, 2.5, 0.0)
    for seen in truth + random.standard_normal((repeats, 100)):
        p_values = (2 * stats.norm.sf(np.abs(seen))).tolist()
        chosen = [k for k, p in enumerate(stats.false_discovery_control(p_values)) if p <= 0.05]
        false.append(np.mean([k >= 10 for k in chosen]) if chosen else 0.0)
        z = stats.norm.ppf(0.5 + selected_level(max(len(chosen), 1), 100, 0.95) / 2)
        missed.append((np.abs(seen - truth)[chosen] > z).mean() if chosen else 0.0)
    yield Line("BH, false discoveries, 10 effects among 100", 4.5, np.array(false), (4.5, 4.5))
    yield Line("FCR, misses among selected intervals, the same", 5, np.array(missed), (0, 5))


SIMULATIONS = (mean, rate, alike, share, lifetime, many)
