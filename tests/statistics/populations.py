"""Populations of amounts per user with a known mean, and how often a row maker's intervals hold the truth, by
flag."""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from include.tidemark.statistics.lifetime_value import lifetime_value
from include.tidemark.statistics.retention import RetentionCount, retention
from include.tidemark.statistics.retention_differences import retention_differences
from include.tidemark.statistics.shares import share_rows, tails
from tests.statistics.customers import segment_backtest
from tests.statistics.users import cells_of, ratio_cells_of, units_of, weekly_sums_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from include.tidemark.statistics.cells import Cells
    from include.tidemark.statistics.ratio_cells import RatioCells
    from include.tidemark.statistics.results import ResultRow

Random = np.random.RandomState
Amounts = NDArray[np.int64]
Judged = tuple[str, str | None, bool]
"""Method, flag, and whether the interval holds the truth."""

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
UNITS = 1000
REFERENCE_USERS = 20_000
GROUPS = 5
WEEKS = 12
SIZES = (50, 200, 1000, 5000, 20_000)
RATES = (0.002, 0.01, 0.05, 0.3)


def _lognormal(sigma: float, zeros: float = 0.0) -> Callable[[Random, int], NDArray[np.float64]]:
    return lambda r, n: np.exp(r.standard_normal(n) * sigma) * (r.uniform(size=n) >= zeros)


def _whales(r: Random, n: int) -> NDArray[np.float64]:
    # 1 % of the users hold 80 % of the sum.
    return np.exp(r.standard_normal(n) * 0.5) * np.where(r.uniform(size=n) < 0.01, 396, 1)


def _refunds(part: float) -> Callable[[Random, int], NDArray[np.float64]]:
    return lambda r, n: _lognormal(1.0)(r, n) * np.where(r.uniform(size=n) < part, -1, 1)


POPULATIONS: dict[str, tuple[Callable[[Random, int], NDArray[np.float64]], float]] = {
    "refunds": (_refunds(0.1), 0.8 * np.exp(0.5)),
    "few refunds": (_refunds(0.05), 0.9 * np.exp(0.5)),
    "many refunds": (_refunds(0.2), 0.6 * np.exp(0.5)),
    "whales": (_whales, 4.95 * np.exp(0.125)),
    "lognormal": (_lognormal(1.0), np.exp(0.5)),
    "heavy lognormal": (_lognormal(1.6), np.exp(1.28)),
    "lognormal with zeros": (_lognormal(1.0, 0.45), 0.55 * np.exp(0.5)),
    "light lognormal": (_lognormal(0.5), np.exp(0.125)),
    "gamma": (lambda r, n: r.gamma(1.0, 1.0, n), 1.0),
    "gamma with zeros": (lambda r, n: r.gamma(1.0, 1.0, n) * (r.uniform(size=n) < 0.3), 0.3),
    "counts": (lambda r, n: r.poisson(3.0, n).astype(float), 3.0),
    "uneven counts": (lambda r, n: r.negative_binomial(0.3, 0.3 / 2.3, n).astype(float), 2.0),
    "rare events": (lambda r, n: (r.uniform(size=n) < 0.02).astype(float), 0.02),
    "bounded scores": (lambda r, n: r.beta(2.0, 5.0, n), 2 / 7),
    "Pareto 2.5": (lambda r, n: 1 + r.pareto(2.5, n), 2.5 / 1.5),
    "Pareto 3.5": (lambda r, n: 1 + r.pareto(3.5, n), 3.5 / 2.5),
    "mixture": (
        lambda r, n: r.gamma(2.0, 1.0, n) * np.where(r.uniform(size=n) < 0.03, 10, 1),
        2 * 0.97 + 20 * 0.03,
    ),
    "normal": (lambda r, n: r.standard_normal(n) + 5, 5.0),
}
"""Name -> draws and their mean."""


def draw(random: Random, name: str, n: int) -> Amounts:
    """Whole amounts of ``n`` users, in thousandths."""
    return np.rint(POPULATIONS[name][0](random, n) * UNITS).astype(np.int64)


@cache
def others(name: str, which: int) -> Amounts:
    """The amounts of 20,000 other users of the population, one of a few such groups."""
    return draw(Random(1000 + which), name, REFERENCE_USERS)


@cache
def cells_of_others(name: str, which: int) -> Cells:
    """Those users in cells."""
    return cells_of(others(name, which), max_distinct=0)


@cache
def later_of_others(name: str, which: int) -> RatioCells:
    """Those users in cells of what they spent before and later."""
    prior = others(name, which)
    return ratio_cells_of(prior, _later(Random(2000 + which), prior))


def _later(random: Random, prior: Amounts) -> Amounts:
    # 70 % go on, with half more or less.
    kept = np.exp(0.5 * random.standard_normal(len(prior))) * (random.uniform(size=len(prior)) < 0.7)
    return np.rint(prior * kept).astype(np.int64)


def judged(rows: Sequence[ResultRow], truths: dict[str, float], segment: str | None) -> Iterator[Judged]:
    """Each interval of the segment: was it flagged, did it hold the truth of its metric?"""
    for row in rows:
        if row.segment == segment and row.metric in truths and row.ci_low is not None:
            high = np.inf if row.ci_high is None else row.ci_high
            yield f"{row.metric}, {row.method}", row.trust, row.ci_low <= truths[row.metric] <= high


def of_lifetime_values(random: Random, name: str, n: int) -> Iterator[Judged]:
    """A tier of n users among 20,000: its mean by three methods, and its difference from the rest."""
    own = draw(random, name, n)
    weeks = np.column_stack([own // 2, own - own // 2]) / UNITS
    which = random.randint(GROUPS)
    cells = {("own", 2, 0.0): cells_of(own, max_distinct=0), ("rest", 2, 0.0): cells_of_others(name, which)}
    users = {"own": own, "rest": others(name, which)}
    units = {(tier, 2, 0.0): units_of(x / UNITS, np.arange(len(x)) % WEEKS) for tier, x in users.items()}
    rows = lifetime_value(
        cells,
        {tier: held.size for (tier, _, _), held in cells.items()},
        CONFIG,
        weekly={"own": weekly_sums_of(weeks, np.full(n, 2))},
        units=units,
        horizons=[2],
        rates=[0.0],
        units_a_dollar=UNITS,
    )
    return judged(rows, {"ltv_mean": POPULATIONS[name][1], "ltv_mean_vs_rest": 0.0}, "own")


def of_ratios(random: Random, name: str, n: int) -> Iterator[Judged]:
    """A segment of n users among 20,000: what they spent later over what they had spent before."""
    prior = draw(random, name, n)
    own, rest = ratio_cells_of(prior, _later(random, prior)), later_of_others(name, random.randint(GROUPS))
    rows = segment_backtest({"Declining": own, "New & Growing": rest}, CONFIG)
    return judged(rows, {"backtest_spend_ratio": 0.7 * float(np.exp(0.125))}, "Declining")


def of_group_ratios(random: Random, name: str, n: int) -> Iterator[Judged]:
    """The mean of n users over the mean of 20,000 others."""
    first = cells_of(draw(random, name, n), max_distinct=0)
    rows = mean_ratio_rows(
        "ratio", first, _some_others(random, name), CONFIG, segment="own", segment_to="rest"
    )
    return judged(rows, {"ratio": 1.0}, "own")


def of_shares(random: Random, name: str, n: int) -> Iterator[Judged]:
    """The share of a fifth of n users in the sum, beside 20,000 users of a longer time."""

    def parts(x: Amounts) -> dict:
        inside = random.uniform(size=len(x)) < 0.2
        return {part: cells_of(x[inside == (part == "own")], max_distinct=0) for part in ("own", "rest")}

    longer = tails(parts(others(name, random.randint(GROUPS))))
    rows = share_rows("share", parts(draw(random, name, n)), CONFIG, reference=longer)
    return judged(rows, {"share": 0.2}, "own")


def of_rates(random: Random, rate: float, n: int) -> Iterator[Judged]:
    """A rate of n users, and its difference from 1,000 others of the same rate, both of twelve weeks."""
    counts = []
    for group, users in (("own", n), ("rest", 1000)):
        for week in range(WEEKS):
            of_week = users // WEEKS + (week < users % WEEKS)
            active = int(random.binomial(of_week, rate))
            counts.append(RetentionCount(group, "7d", of_week, of_week, active, active, str(week)))
    truths = {"retention_in_window": rate, "retention_in_window_vs_rest": 0.0}
    return judged([*retention(counts, CONFIG), *retention_differences(counts, CONFIG)], truths, "own")


def _some_others(random: Random, name: str) -> Cells:
    return cells_of_others(name, random.randint(GROUPS))


MAKERS = (of_lifetime_values, of_ratios, of_group_ratios, of_shares)


def coverage_by_flag(random: Random, samples: int) -> dict[tuple[str, str], list[bool]]:
    """(metric and method, flag) -> whether each interval holds the truth: of every row maker, population and
    size."""
    found: dict[tuple[str, str], list[bool]] = {}
    for n in SIZES:
        for _ in range(samples):
            made = [maker(random, name, n) for name in POPULATIONS for maker in MAKERS]
            made += [of_rates(random, rate, n) for rate in RATES]
            for method, flag, hit in chain.from_iterable(made):
                found.setdefault((method, str(flag)), []).append(hit)
    return found
