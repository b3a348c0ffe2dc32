"""A mean's percentile interval: cells against scipy.stats.bootstrap, arch and a Poisson bootstrap in numba,
speed and accuracy side by side.

Every method gets the same amounts in memory and the same number of replicates; scipy gets its best batch size
(its default needs users x replicates of memory and is ten times slower). The clock of "cells" starts at the
array of users, so it includes putting them into cells; a run gets its cells from the warehouse, and "from
cells" starts there. "normal" is the mean and 1.96 standard errors: what it is off by is the skewness that it
leaves out. The Poisson bootstrap weighs each user by an independent Poisson number for each replicate, which
needs neither indices nor a second pass (compiled before the clock starts). `off` is the distance of the worse
end to the interval of infinitely many replicates (saddlepoint, within 0.001 of the exact convolution), in
standard errors: Monte Carlo noise alone is about 0.084 at 1,000 replicates and 0.027 at 10,000. Rounds are
interleaved; the median counts. Times are the processor's: no method uses a second thread, and by elapsed time
other work on the machine would slow down the long calls most. A competitor that would take longer than the
limit (a minute) is timed at as many replicates as fit into a tenth of it (at least four) and multiplied up:
its cost per replicate does not depend on their number. Such a row says "extrapolated" and has no interval to
compare.

    PYTHONPATH=. python benchmarks/bench_statistics_means.py    # all: 70 s of the processor, 5 minutes on a busy machine
    PYTHONPATH=. python benchmarks/bench_statistics_means.py --sizes 1e5 --replicates 1000    # seconds
    PYTHONPATH=. python benchmarks/bench_statistics_means.py --sizes 1e7 --limit 4000         # without extrapolation
"""  # noqa: W505

import argparse
import math
import statistics
import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import arch.bootstrap
import numba
import numpy as np
from scipy import stats

from include.tidemark.cli.started import run_whole
from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.means import bootstrap_interval
from include.tidemark.statistics.streams import stream
from tests.statistics.users import cells_of

LEVEL = 0.95
COMPETITORS = ("scipy", "arch", "numba")
BATCH_ELEMENTS = 4_000_000
Ends = tuple[float, float]


def amounts(n: int) -> np.ndarray:
    """Heavy-tailed cents: 22 % zeros, coefficient of variation about 3.5."""
    random = np.random.RandomState(20)
    spent = np.rint(np.exp(random.standard_normal(n) * 1.5 + 8)).astype(np.int64)
    return np.where(random.uniform(size=n) < 0.22, 0, spent)


def by_cells(users: np.ndarray, replicates: int) -> Ends:
    return bootstrap_interval(
        cells_of(users, max_distinct=0), stream("2026-11-01", "bench"), replicates, LEVEL
    )


def from_cells(users: np.ndarray, replicates: int) -> Ends:
    return bootstrap_interval(kept_cells(len(users)), stream("2026-11-01", "bench"), replicates, LEVEL)


@cache
def kept_cells(size: int) -> Cells:
    """The cells of the users of this size, as a run reads them."""
    return cells_of(amounts(size), max_distinct=0)


def without_replicates(users: np.ndarray, replicates: int) -> Ends:
    return saddlepoint.percentile_interval(cells_of(users, max_distinct=0), LEVEL)


def by_scipy(users: np.ndarray, replicates: int) -> Ends:
    batch = max(1, BATCH_ELEMENTS // len(users))
    found = stats.bootstrap(
        (users,),
        np.mean,
        n_resamples=replicates,
        batch=batch,
        method="percentile",
        confidence_level=LEVEL,
        rng=1,
    )
    return tuple(found.confidence_interval)


def by_arch(users: np.ndarray, replicates: int) -> Ends:
    ends = arch.bootstrap.IIDBootstrap(users, seed=2).conf_int(
        np.mean, replicates, method="percentile", size=LEVEL
    )
    return float(ends[0, 0]), float(ends[1, 0])


_WEIGHTS = np.searchsorted(stats.poisson.cdf(np.arange(12), 1.0), (np.arange(2**16) + 0.5) / 2**16).astype(
    np.uint8
)
"""Poisson(1) weights by 16 random bits: probabilities are off by less than 1e-5."""


@numba.njit(fastmath=True)
def poisson_means(users: np.ndarray, replicates: int, weights: np.ndarray) -> np.ndarray:
    """Means under independent Poisson(1) weights; one number of xorshift* weighs four users."""
    means = np.empty(replicates)
    state = np.uint64(88172645463325252)
    low = np.uint64(0xFFFF)
    for b in range(replicates):
        weighted, weight = 0.0, 0
        for i in range(0, len(users) - 3, 4):
            state ^= state >> np.uint64(12)
            state ^= state << np.uint64(25)
            state ^= state >> np.uint64(27)
            bits = state * np.uint64(2685821657736338717)
            one, two = weights[bits & low], weights[(bits >> np.uint64(16)) & low]
            three, four = weights[(bits >> np.uint64(32)) & low], weights[bits >> np.uint64(48)]
            weighted += one * users[i] + two * users[i + 1] + three * users[i + 2] + four * users[i + 3]
            weight += one + two + three + four
        means[b] = weighted / weight
    return means


def by_numba(users: np.ndarray, replicates: int) -> Ends:
    low, high = np.quantile(poisson_means(users, replicates, _WEIGHTS), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def by_normal(users: np.ndarray, replicates: int) -> Ends:
    half = statistics.NormalDist().inv_cdf((1 + LEVEL) / 2) * users.std(ddof=1) / math.sqrt(len(users))
    return float(users.mean() - half), float(users.mean() + half)


METHODS: dict[str, Callable[[np.ndarray, int], Ends]] = {
    "cells": by_cells,
    "from cells": from_cells,
    "cells, B infinite": without_replicates,
    "scipy": by_scipy,
    "arch": by_arch,
    "numba": by_numba,
    "normal": by_normal,
}


class Timed(NamedTuple):
    """Median seconds of the processor, the interval (None if extrapolated), and the replicates that were
    really drawn."""

    seconds: float
    ends: Ends | None
    drawn: int


def clock(name: str, users: np.ndarray, replicates: int) -> tuple[float, Ends]:
    started = time.process_time()
    ends = METHODS[name](users, replicates)
    return time.process_time() - started, ends


def measure(users: np.ndarray, replicates: int, rounds: int, limit: float) -> dict[str, Timed]:
    """Each method's time and interval; competitors beyond the limit are extrapolated from fewer
    replicates."""
    drawn = {}
    for name in METHODS:
        clock(name, users[:10_000], 50)
        drawn[name] = replicates
        if name in COMPETITORS:
            each = clock(name, users, 4)[0] / 4
            if each * replicates > limit:
                drawn[name] = max(4, int(limit / 10 / each))
    seconds: dict[str, list[float]] = {name: [] for name in METHODS}
    found: dict[str, Ends] = {}
    for turn in range(rounds):
        for name in METHODS:
            if turn and seconds[name][0] > 2:
                continue
            taken, found[name] = clock(name, users, drawn[name])
            seconds[name].append(taken)
    return {
        name: Timed(
            statistics.median(seconds[name]) * replicates / drawn[name],
            found[name] if drawn[name] == replicates else None,
            drawn[name],
        )
        for name in METHODS
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", type=float, default=[1e5, 1e6, 1e7])
    parser.add_argument("--replicates", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--limit", type=float, default=60.0, help="seconds that one call of a competitor may take"
    )
    options = parser.parse_args()
    print("| users | replicates | method | processor s | x scipy | x arch | x numba | off (SE) |")
    print("|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        users = amounts(int(size))
        cells = cells_of(users, max_distinct=0)
        exact = saddlepoint.percentile_interval(cells, LEVEL)
        error = math.sqrt(cells.variance / cells.size)
        for replicates in options.replicates:
            rows = measure(users, replicates, options.rounds, options.limit)
            for name, (seconds, ends, drawn) in rows.items():
                accuracy = f"extrapolated from {drawn} replicates"
                if ends is not None:
                    off = max(abs(end - best) for end, best in zip(ends, exact, strict=True)) / error
                    accuracy = f"{off:.4f}" if off else "reference"
                ratios = " | ".join(f"{rows[other].seconds / seconds:.0f}" for other in COMPETITORS)
                print(
                    f"| {size:.0e} | {replicates} | {name} | {seconds:.4f} | {ratios} | {accuracy} |",
                    flush=True,
                )


if __name__ == "__main__":
    run_whole(main)
