"""Fees, weeks and features: what is set by the week, and regressions."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.simulations.line import CONFIG, Line, holds
from include.tidemark.statistics.drivers import drivers
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.few_clusters import PeriodFit, fit_periods, jackknife_effect
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.wild_bootstrap import WildTest, random_draws, sign_draws
from tests.statistics.shocks import FEES, alarms, alarms_of_a_fee, every_design
from tests.statistics.users import period_sums_of, table_of, volume_cells_of


def shocks(repeats: int) -> Iterator[Line]:
    """Weeks and days with shocks of their own and no effect: alarms of the rows that are `ok`, and of users
    as if independent."""
    for shock in (0.0, 0.1, 0.2):
        random = np.random.RandomState(round(100 * shock))
        for name, verdicts in every_design(random, shock, 4 * repeats):
            found = alarms(verdicts)
            if len(found):
                yield Line(f"A/A with shocks of {shock:g}, {name}", 5, found, (3, 7))
                naive = alarms(verdicts, by_users=True)
                yield Line("the same, users as if independent", 5, naive, None)


def spells(repeats: int) -> Iterator[Line]:
    """A fee without an effect where the shocks of weeks last (AR 0.6): weeks and spells of the fee as the
    periods."""
    for place, name in enumerate(FEES):
        found = alarms_of_a_fee(np.random.RandomState(place), name, repeats)
        yield Line(f"A/A with AR(0.6), {name}, weeks as periods", 5, found[:, 0], None)
        yield Line(f"A/A with AR(0.6), {name}, spells as periods", 5, found[:, 1], (0, 6))


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
            alarms.append(
                [
                    usual,
                    jackknife_effect(fit, "fee", 0.95).p_value <= 0.05,
                    WildTest.of(fit, "fee", signs).p_value(0.0) <= 0.05,
                ]
            )
        found = np.array(alarms)
        for place, (method, documented) in enumerate(
            [("usual clustered, normal", (9, 21)), ("jackknife, t", (5, 7)), ("wild bootstrap", (4.4, 5.8))]
        ):
            yield Line(f"A/A of a fee, {method}, {g} periods", 5, found[:, place], documented)


def volume(repeats: int) -> Iterator[Line]:
    """A planted elasticity of two segments with 10 periods, shocks of their own and no zeros: does it come
    back?"""
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


SIMULATIONS = (shocks, spells, periods, volume, staying, features)
