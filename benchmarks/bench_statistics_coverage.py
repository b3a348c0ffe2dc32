"""Simulations: how often intervals hold the truth, how often tests raise a false alarm, what planted effects come back.

Each line gives the nominal and the found rate, its Monte Carlo error (one standard error) and what docs/methods.md says. A line
agrees when the found rate lies within four standard errors of what is documented; the documented figures come from simulations of
their own (1,500 samples where nothing else is said), whose error counts too. The exit code is 1 if a line does not agree. The tests hold a smaller
version of the same claims.

    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py                # an hour, most of it for the flags
    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py --scale 5      # errors less than half as large
    PYTHONPATH=. python benchmarks/bench_statistics_coverage.py --only mean rate
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import stats

from include.tidemark.cli.started import run_whole
from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.drivers import drivers
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.few_clusters import PeriodFit, fit_periods, jackknife_effect
from include.tidemark.statistics.groups import log_ratio, newcombe_difference
from include.tidemark.statistics.lifetime_value import weighted_value
from include.tidemark.statistics.means import hall_interval
from include.tidemark.statistics.multiplicity import selected_level
from include.tidemark.statistics.pairs import change_given_earlier
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.shares import share_rows
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.wild_bootstrap import WildTest, random_draws, sign_draws
from tests.statistics import arrivals as arriving
from tests.statistics import months, paired_means
from tests.statistics.oracles import exact_bootstrap_rate_interval
from tests.statistics.pairs import of_one_segment
from tests.statistics.populations import POPULATIONS, coverage_by_flag
from tests.statistics.shocks import FEES, alarms, alarms_of_a_fee, every_design
from tests.statistics.users import cells_of, period_sums_of, table_of, volume_cells_of, weekly_sums_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
DOCUMENTED_SAMPLES = 1_500


class Line(NamedTuple):
    """One rate: name, nominal %, hits (one entry per sample), and the documented % as a range; None where none is claimed."""

    what: str
    nominal: float
    hits: np.ndarray
    documented: tuple[float, float] | None


def holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def heavy(random: np.random.RandomState, n: int, zeros: float, sigma: float) -> Cells:
    amounts = np.rint(np.exp(random.standard_normal(n) * sigma) * 10_000).astype(np.int64)
    return cells_of(np.where(random.uniform(size=n) < zeros, 0, amounts), max_distinct=0)


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


def shocks(repeats: int) -> Iterator[Line]:
    """Weeks and days with shocks of their own and no effect: alarms of the rows that are `ok`, and of users as if independent."""
    for shock in (0.0, 0.1, 0.2):
        random = np.random.RandomState(round(100 * shock))
        for name, verdicts in every_design(random, shock, 4 * repeats):
            found = alarms(verdicts)
            if len(found):
                yield Line(f"A/A with shocks of {shock:g}, {name}", 5, found, (3, 7))
                naive = alarms(verdicts, by_users=True)
                yield Line("the same, users as if independent", 5, naive, None)


def spells(repeats: int) -> Iterator[Line]:
    """A fee without an effect where the shocks of weeks last (AR 0.6): weeks and spells of the fee as the periods."""
    for place, name in enumerate(FEES):
        found = alarms_of_a_fee(np.random.RandomState(place), name, repeats)
        yield Line(f"A/A with AR(0.6), {name}, weeks as periods", 5, found[:, 0], None)
        yield Line(f"A/A with AR(0.6), {name}, spells as periods", 5, found[:, 1], (0, 6))


def arrivals(repeats: int) -> Iterator[Line]:
    """Months of weeks or days with shocks of their own and no effect: alarms of the change between them, and of their trend."""
    for shock in (0.0, 0.1, 0.2):
        for place, (name, design) in enumerate(arriving.DESIGNS.items()):
            found = arriving.alarms(np.random.RandomState(place), shock, design, 3 * repeats)
            # With few weeks that do not differ by themselves it alarms too seldom.
            yield Line(f"A/A with shocks of {shock:g}, change of {name}", 5, found, (0, 6))


def trend(repeats: int) -> Iterator[Line]:
    """Six overlapping months without a trend: the slope of users, and a line through the six numbers."""
    for name, number, line in (("share", months.SHARE, 15.7), ("mean", months.MEAN, 27.4)):
        found = months.alarms(np.random.default_rng(10), number, 0.0, 2 * repeats)
        yield Line(f"A/A over six months, {name}, slope of users", 5, found[:, 0], (4, 6))
        yield Line("the same, a line through the months", 5, found[:, 1], (line, line))


def given_earlier(repeats: int) -> Iterator[Line]:
    """The change of a mean given what each of 6,000 users had in the earlier month, which is drawn 25 times as often as that."""
    for kept, documented in ((0.5, 94.9), (0.8, 95.6)):
        rng, hits = np.random.default_rng(11), []
        noise = 0.6 * math.sqrt(1 - kept**2)
        for _ in range(max(repeats // 25, 1)):
            then = rng.normal(0, 0.6, 6_000)
            truth = 100 * float(np.mean(np.exp(kept * then + noise**2 / 2) - np.exp(then)))
            for _ in range(25):
                world = of_one_segment(then, kept * then + rng.normal(0, noise, 6_000))
                change = change_given_earlier(world.cells(), "A", 100)
                hits.append(
                    change is not None
                    and abs((change.value or 0) - truth) <= 1.96 * (change.standard_error or 0)
                )
        yield Line(
            f"change given the earlier amounts, {kept:g} kept", 95, np.array(hits), (documented, documented)
        )


def paired(repeats: int) -> Iterator[Line]:
    """The change of a mean on pairs of users by flag, over populations, how much users go on as before, and sizes."""
    found: dict[str, list[bool]] = {}
    lowest: dict[tuple[str, int], list[bool]] = {}
    for place, name in enumerate(POPULATIONS):
        for n in paired_means.SIZES:
            random = np.random.RandomState(place)
            for design in paired_means.DESIGNS:
                samples = max(repeats // (10 if n > 5_000 else 2), 1)
                for flag, hit in paired_means.verdicts(random, name, design, n, samples):
                    found.setdefault(flag, []).append(hit)
                    if flag == "ok":
                        lowest.setdefault((name, n), []).append(hit)
    for flag, hits in sorted(found.items()):
        yield Line(
            f"change of a mean on pairs, where the flag is {flag}",
            95,
            np.array(hits),
            (93, 97) if flag == "ok" else None,
        )
    enough = {of: hits for of, hits in lowest.items() if len(hits) >= repeats // 2}
    for (name, n), hits in sorted(enough.items(), key=lambda held: np.mean(held[1]))[:3]:
        yield Line(f"the lowest where ok: {name}, {n} users", 95, np.array(hits), (93, 97))


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


def many(repeats: int) -> Iterator[Line]:
    """Families of 100 comparisons: discoveries among nulls, false ones among discoveries, misses among the shown."""
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


def panel(random: np.random.RandomState, periods: int) -> PeriodFit:
    """40 rows a period without an effect; errors and fee are shared within a period."""
    period = np.repeat(np.arange(periods), 40)
    fee = random.standard_normal(periods)[period] + 0.3 * random.standard_normal(len(period))
    price = random.standard_normal(len(period))
    y = 1 + 0.5 * price + random.standard_normal(periods)[period] + random.standard_normal(len(period))
    sums = period_sums_of(
        np.column_stack([np.ones(len(period)), fee, price]), y, period, ["i", "fee", "price"]
    )
    fit = fit_periods(sums)
    assert fit is not None
    return fit


def periods(repeats: int) -> Iterator[Line]:
    """A/A of a fee that is set per period: the usual clustered error, the jackknife's, the wild bootstrap."""
    for g in (8, 12, 20):
        random, alarms = np.random.RandomState(g), []
        signs = sign_draws(g) if g <= 12 else random_draws(g, stream("2026-11-01", "bench"), 1999)
        for _ in range(repeats):
            fit = panel(random, g)
            usual = abs(fit.coefficients[1]) > 1.959964 * math.sqrt(fit.cr1[1, 1])
            alarms.append([usual, jackknife_effect(fit, "fee", 0.95).p_value <= 0.05,
                           WildTest.of(fit, "fee", signs).p_value(0.0) <= 0.05])  # fmt: skip
        found = np.array(alarms)
        for place, (method, documented) in enumerate(
            [("usual clustered, normal", (9, 21)), ("jackknife, t", (5, 7)), ("wild bootstrap", (4.4, 5.8))]
        ):
            yield Line(f"A/A of a fee, {method}, {g} periods", 5, found[:, place], documented)


def volume(repeats: int) -> Iterator[Line]:
    """A planted elasticity of two segments with 10 periods, shocks of their own and no zeros: does it come back?"""
    truth = {"retail": -0.02, "whale": -0.05}
    methods = ("cr3_t", "wild_enumerated", "huber_jackknife", "ppml_jackknife")
    hits: dict[str, list[bool]] = {method: [] for method in methods}
    for seed in range(repeats // 5):
        random = np.random.RandomState(seed)
        period = np.repeat(np.arange(10), 60)
        fee = np.array([5.0, 10, 15, 20, 10, 5, 20, 15, 5, 20])[period]
        segment = np.where(np.arange(600) % 3 == 0, "whale", "retail")
        slope = np.where(segment == "whale", truth["whale"], truth["retail"])
        shock = 0.2 * random.standard_normal(10)[period]
        amount = np.exp(8 + slope * fee + shock + random.standard_normal(600))
        rows = elasticity(volume_cells_of(period, segment, fee, amount), CONFIG, n_draws=1000)
        for row in rows:
            if row.method in hits and row.segment is not None:
                low, high = (
                    end if end is not None else far for end, far in ((row.ci_low, -1), (row.ci_high, 9))
                )
                hits[row.method].append(holds((low, high), math.expm1(5 * truth[row.segment])))
    for method, found in hits.items():
        # The two segments of a panel share its shocks: its mean is one sample.
        yield Line(
            f"planted elasticity, {method}, 10 periods", 95, np.reshape(found, (-1, 2)).mean(axis=1), (94, 96)
        )


def staying(repeats: int) -> Iterator[Line]:
    """A planted effect of the fee on retention, the fee being set per period, with shocks of the periods."""
    for g in (8, 12):
        hits = []
        for seed in range(repeats // 2):
            random = np.random.RandomState(seed)
            period = random.randint(0, g, size=1200)
            fee = 5.0 * (1 + period % 4)
            eta = 0.5 - 0.04 * fee + (0.3 * random.standard_normal(g))[period]
            stayed = random.uniform(size=1200) < 1 / (1 + np.exp(-eta))
            table = table_of(fee[:, None], stayed, ["fee_bps"], clusters=period)
            rows = [
                *retention_model(table, CONFIG)[2:],
                retention_model(replace(table, clusters=None), CONFIG)[1],
            ]
            hits.append([holds((row.ci_low, row.ci_high), math.exp(-0.2)) for row in rows])
        found = np.array(hits)
        yield Line(f"planted odds ratio, clustered, {g} periods", 95, found[:, 0], (85, 92))
        yield Line(f"planted odds ratio, jackknife, {g} periods", 95, found[:, 1], (94, 96))
        yield Line(f"planted odds ratio, users as if independent, {g} periods", 95, found[:, 2], (46, 85))


def features(repeats: int) -> Iterator[Line]:
    """Five features without any effect: is one listed, and does the interval of the AUC hold one half?"""
    listed, half = [], []
    for seed in range(repeats // 4):
        random = np.random.RandomState(seed)
        x = random.poisson(1.5, size=(300, 5)).astype(float)
        table = table_of(x, random.randint(0, 2, size=300), list("abcde"))
        rows = drivers(table, CONFIG)
        listed.append(any(row.metric == "odds_ratio_impactful" and row.estimate is not None for row in rows))
        (auc,) = [row for row in rows if row.metric == "auc"]
        half.append(holds((auc.ci_low, auc.ci_high), 0.5))
    yield Line("A/A of drivers, any feature listed", 5, np.array(listed), (0, 5))
    yield Line("A/A of drivers, the AUC's interval holds 1/2", 95, np.array(half), (83, 86))


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


def flags(repeats: int) -> Iterator[Line]:
    """Coverage by flag of every row maker, over populations and sizes: `ok` promises 93 to 97 %."""
    found = coverage_by_flag(np.random.RandomState(11), max(repeats // 20, 1))
    for (method, flag), hits in sorted(found.items()):
        promised = (93, 97) if flag == "ok" else None
        yield Line(f"{method}, where the flag is {flag}", 95, np.array(hits), promised)


SIMULATIONS: dict[str, Callable[[int], Iterator[Line]]] = {
    made.__name__: made
    for made in (
        mean,
        rate,
        alike,
        shocks,
        spells,
        arrivals,
        trend,
        given_earlier,
        paired,
        share,
        many,
        periods,
        volume,
        staying,
        features,
        lifetime,
        flags,
    )
}


def agrees(line: Line, found: float, error: float) -> bool | None:
    if line.documented is None:
        return None
    low, high = line.documented
    theirs = 100 * math.sqrt(max(low * (100 - low), high * (100 - high)) / 1e4 / DOCUMENTED_SAMPLES)
    slack = 4 * math.hypot(error, theirs)
    return low - slack <= found <= high + slack


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", type=float, default=1.0, help="how many times 1,000 samples")
    parser.add_argument("--only", nargs="+", choices=SIMULATIONS, default=list(SIMULATIONS))
    options = parser.parse_args()
    print("| what | nominal % | found % | Monte Carlo error | samples | documented % | agrees | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    wrong = 0
    for name in options.only:
        started = time.perf_counter()
        for line in SIMULATIONS[name](int(1000 * options.scale)):
            found = 100 * float(line.hits.mean())
            error = 100 * float(line.hits.std(ddof=1)) / math.sqrt(len(line.hits))
            verdict = agrees(line, found, error)
            wrong += verdict is False
            documented = " to ".join(f"{figure:g}" for figure in dict.fromkeys(line.documented or ()))
            print(
                f"| {line.what} | {line.nominal:g} | {found:.1f} | {error:.1f} | {len(line.hits)} | {documented} "
                f"| {'' if verdict is None else 'yes' if verdict else 'NO'} | {time.perf_counter() - started:.0f} |",
                flush=True,
            )
            started = time.perf_counter()
    return int(wrong > 0)


if __name__ == "__main__":
    run_whole(main)
