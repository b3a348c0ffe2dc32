"""LTV grid, logistic models and the wild cluster bootstrap beside scipy, statsmodels and wildboottest.

Speed and accuracy side by side, from one run; the median of three interleaved rounds counts. The grid is 4
tiers x 5 horizons x 3 discount rates. scipy's bootstrap of it is timed on one of the 60 means at a bounded
number of replicates, with a tuned batch size, and multiplied up ("extrapolated"): its cost is the same for
each. The clock of the grid starts at the weekly fees of the users, that of the logistic models at one row per
user, that of the wild bootstrap at the rows.

wildboottest is no dependency (it brings a compiler along). WILDBOOTTEST_PYTHON names the interpreter of an
environment that has it; it then runs there, in turns with ours, and gives its own seconds (without starting
and compiling). Without the variable its time is left out, and the p-value is compared with the one recorded
from its version 0.3.2 for the same panel.

    python3.12 -m venv /somewhere && /somewhere/bin/pip install wildboottest
    PYTHONPATH=. WILDBOOTTEST_PYTHON=/somewhere/bin/python python benchmarks/bench_statistics_models.py   # 1e5 users, 20 s
    PYTHONPATH=. python benchmarks/bench_statistics_models.py --users 1e6        # minutes
    PYTHONPATH=. python benchmarks/bench_statistics_models.py --users 1e7 --only ltv    # minutes, 6 GB
"""  # noqa: W505

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import statsmodels.api as sm
from include.tidemark.statistics.projections import number_in
from scipy import stats

from include.tidemark.cli.started import run_whole
from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import fit_periods
from include.tidemark.statistics.lifetime_value import UNITS_A_DOLLAR, discount_factors, lifetime_value
from include.tidemark.statistics.logistic import fit_logistic
from include.tidemark.statistics.wild_bootstrap import WildTest, sign_draws, wild_effect
from tests.statistics.users import cells_of_users, period_sums_of, table_of

ROUNDS = 3
REPLICATES = 1000
BATCH_ELEMENTS = 4_000_000
CONFIG = StatisticsConfig("2026-11-01", n_resamples=REPLICATES)
# Of the panel of 12 periods below, recorded from wildboottest 0.3.2 with all signs, bootstrap_type "11".
RECORDED_P_VALUE = 0.45751953125

# Reads the panel from the first line, then answers each further line with the seconds and the p-value of one
# test.
PEER = """
import json, sys, time, warnings
import numpy as np, pandas as pd, statsmodels.api as sm
from wildboottest.wildboottest import wildboottest

warnings.simplefilter("ignore")
panel = json.loads(sys.stdin.readline())
model = sm.OLS(np.array(panel["y"]), pd.DataFrame(panel["x"], columns=panel["names"]))
cluster = pd.Series(panel["period"])

def test():
    started = time.perf_counter()
    found = wildboottest(
        model, param="fee", cluster=cluster, B=9999, weights_type="rademacher", bootstrap_type="11", seed=1, show=False
    )
    return time.perf_counter() - started, float(found["p-value"].iloc[0])

test()
for line in sys.stdin:
    print(json.dumps(test()), flush=True)
"""


def clock(call: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = call()
    return time.perf_counter() - started, found


def interleaved(**calls: Callable[[], Any]) -> dict[str, tuple[float, Any]]:
    """Median seconds and result of each call."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    found = {}
    for turn in range(ROUNDS):
        for name, call in calls.items():
            if turn and seconds[name][0] > 5:
                continue
            taken, found[name] = clock(call)
            seconds[name].append(taken)
    return {name: (statistics.median(seconds[name]), found[name]) for name in calls}


def line(what: str, ours: float, competitor: str, theirs: float | None, accuracy: str) -> None:
    other, ratio = (
        ("no interpreter given", "") if theirs is None else (f"{theirs:.4f}", f"{theirs / ours:.0f}")
    )
    print(f"| {what} | {ours:.4f} | {competitor} | {other} | {ratio} | {accuracy} |", flush=True)


def off(ends: Any, cells: Cells, unit: float) -> float:
    """Distance of the worse end to the interval of infinitely many replicates, in standard errors."""
    exact = saddlepoint.percentile_interval(cells, 0.95)
    error = np.sqrt(cells.variance / cells.size)
    return max(abs(unit * end - best) for end, best in zip(ends, exact, strict=True)) / error


def ltv_grid(n: int) -> None:
    """60 means with percentile and Hall intervals, tier against rest, all checked by saddlepoint."""
    random = np.random.RandomState(1)
    fees = random.standard_normal((n, 12))
    fees += random.standard_normal((n, 1))
    # In place: at ten million users each copy is a gigabyte.
    np.exp(fees, out=fees)
    fees *= 100
    np.rint(fees, out=fees)
    fees /= 100
    fees *= random.uniform(size=(n, 12)) < 0.3
    tiers = np.array(["5", "10", "20", "30"])[random.randint(0, 4, size=n)]
    seen = np.full(n, 12)
    counts = {tier: int((tiers == tier).sum()) for tier in ("5", "10", "20", "30")}
    value = fees[tiers == "5"] @ discount_factors(12, 0.1)
    replicates = int(max(20, min(REPLICATES, 4e7 // len(value))))

    def bootstrap(drawn: int) -> Any:
        batch = max(1, BATCH_ELEMENTS // len(value))
        return stats.bootstrap(
            (value,), np.mean, n_resamples=drawn, batch=batch, method="percentile", rng=1
        ).confidence_interval

    found = interleaved(
        ours=lambda: lifetime_value(cells_of_users(fees, seen, tiers), counts, CONFIG),
        scipy=lambda: bootstrap(replicates),
    )
    held = cells_of_users(fees, seen, tiers)
    ours = []
    for row in found["ours"][1]:
        if (row.metric, row.method) == ("ltv_mean", "percentile_bootstrap"):
            weeks, rate = (number_in(row.horizon, place) for place in (0, 1))
            cells = held[row.segment, int(weeks), rate / 100]
            ours.append(off((row.ci_low, row.ci_high), cells, UNITS_A_DOLLAR))
    theirs = off(found["scipy"][1], held["5", 12, 0.1], UNITS_A_DOLLAR)
    scale = 60 * REPLICATES / replicates
    line(
        f"LTV grid, {n:.0e} users, 60 means",
        found["ours"][0],
        f"scipy, extrapolated from 1 mean x {replicates} replicates",
        found["scipy"][0] * scale,
        f"off by {np.median(ours):.3f} SE (median of 60, worst {max(ours):.3f}); scipy {theirs:.3f}",
    )


def logistic(n: int) -> None:
    """Coefficients with robust errors, then average marginal effects of all features."""
    random = np.random.RandomState(2)
    x = np.column_stack([5.0 * random.randint(1, 7, size=n), random.randint(0, 4, size=(n, 4))]).astype(float)
    y = random.binomial(1, 1 / (1 + np.exp(-(x @ [-0.05, 0.3, 0.1, -0.2, 0.0] + 0.4)))).astype(float)
    names = ["fee_bps", "a", "b", "c", "d"]
    design = sm.add_constant(x)
    held: dict[str, Any] = {}

    def ours() -> Any:
        held["table"] = table_of(x, y, names)
        return fit_logistic(held["table"])

    fits = interleaved(ours=ours, theirs=lambda: sm.Logit(y, design).fit(disp=0, cov_type="HC0", tol=1e-12))
    (seconds, fit), (their_seconds, their_fit) = fits["ours"], fits["theirs"]
    apart = max(
        np.abs(fit.coefficients / their_fit.params - 1).max(), np.abs(fit.errors / their_fit.bse - 1).max()
    )
    line(
        f"logistic fit, {n:.0e} users",
        seconds,
        "statsmodels Logit, HC0",
        their_seconds,
        f"{apart:.0e} relative",
    )
    table = held["table"]
    fast = interleaved(fit=lambda: fit_logistic(table))["fit"][0]
    line(
        f"the same from {len(table.n)} unique rows",
        fast,
        "statsmodels Logit, HC0",
        their_seconds,
        "the same fit",
    )


@contextmanager
def peer(interpreter: str, panel: dict[str, Any]) -> Iterator[Callable[[], tuple[float, float]]]:
    """A process of another environment that tests one panel whenever it is asked."""
    process = subprocess.Popen(
        [interpreter, "-c", PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(panel) + "\n")

    def ask() -> tuple[float, float]:
        process.stdin.write("\n")
        process.stdin.flush()
        seconds, p_value = json.loads(process.stdout.readline())
        return seconds, p_value

    try:
        yield ask
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def wild() -> None:
    """The enumerated test of one coefficient with 12 periods; ours once more with the interval that the other
    has not."""
    random = np.random.RandomState(3)
    period = np.repeat(np.arange(12), 40)
    fee = random.standard_normal(12)[period] + 0.3 * random.standard_normal(480)
    price = random.standard_normal(480)
    shock = random.standard_normal(12)[period]
    y = 1 - 0.6 * fee + 0.5 * price + shock + random.standard_normal(480)
    x = np.column_stack([np.ones(480), fee, price])
    names = ["intercept", "fee", "price"]

    def fit() -> Any:
        return fit_periods(period_sums_of(x, y, period, names))

    calls = {
        "test": lambda: WildTest.of(fit(), "fee", sign_draws(12)).p_value(0.0),
        "interval": lambda: wild_effect(fit(), "fee", 0.95, {"wild_enumerated": sign_draws(12)}),
    }
    theirs, their_p = None, RECORDED_P_VALUE
    interpreter = os.environ.get("WILDBOOTTEST_PYTHON")
    if interpreter:
        with peer(
            interpreter, {"x": x.tolist(), "y": y.tolist(), "period": period.tolist(), "names": names}
        ) as ask:
            answers = []
            calls["theirs"] = lambda: answers.append(ask())
            found = interleaved(**calls)
        theirs, their_p = statistics.median(seconds for seconds, _ in answers), answers[0][1]
    else:
        found = interleaved(**calls)
    apart = abs(found["test"][1] - their_p)
    accuracy = f"p-values {apart:.5f} apart (ties: 2/2^12 = {2 / 4096:.5f})"
    line("wild cluster test, 12 periods, 480 rows", found["test"][0], "wildboottest", theirs, accuracy)
    line("the same with its interval", found["interval"][0], "wildboottest (has none)", theirs, accuracy)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=float, default=1e5)
    parser.add_argument("--only", nargs="+", choices=("ltv", "logistic", "wild"))
    options = parser.parse_args()
    print("| what | seconds | competitor | seconds | ratio | accuracy |")
    print("|---|---|---|---|---|---|")
    parts = {
        "ltv": lambda: ltv_grid(int(options.users)),
        "logistic": lambda: logistic(int(options.users)),
        "wild": wild,
    }
    for name in options.only or parts:
        parts[name]()


if __name__ == "__main__":
    run_whole(main)
