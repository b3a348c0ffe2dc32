"""Planted effects of a fee and of features: how often the intervals of the models hold them, by flag."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.drivers import _odds_row, fit_model
from include.tidemark.statistics.elasticity import _Segment
from include.tidemark.statistics.elasticity_checks import ModelOfPeriods, huber_effects, poisson_effects
from include.tidemark.statistics.features import canonical, only, screen
from include.tidemark.statistics.logistic import BinaryTable, average_contrast, fit_logistic
from include.tidemark.statistics.retention_model import retention_model
from tests.statistics.users import table_of, volume_cells_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from include.tidemark.statistics.results import ResultRow

Random = np.random.RandomState
Floats = NDArray[np.float64]
Judged = tuple[str, str | None, bool]
"""Metric and method, flag, and whether the interval holds the truth."""

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
FEES = np.array([5.0, 10.0, 15.0, 20.0])


def _normal(random: Random, size: int) -> Floats:
    return np.asarray(random.standard_normal(size))


def _skewed(random: Random, size: int) -> Floats:
    return random.exponential(1.0, size) - 1


def _far(random: Random, size: int) -> Floats:
    return random.standard_t(4, size) / math.sqrt(2)


class Weeks(NamedTuple):
    """Weeks with a fee each, and shocks of their own.

    Attributes:
        weeks: how many.
        shock: the law of the shocks, of variance 1.
        uneven: whether the number of users differs by week.
        users: users of a week, about.
        rate: of retention: the users who are back at the lowest fee.
    """

    weeks: int
    shock: Callable[[Random, int], Floats] = _normal
    uneven: bool = False
    users: int = 60
    rate: float = 0.4

    def sizes(self, random: Random) -> NDArray[np.int64]:
        spread = np.exp(0.4 * random.standard_normal(self.weeks)) if self.uneven else np.ones(self.weeks)
        return np.maximum(np.rint(self.users * spread), 12).astype(np.int64)


VOLUMES = {
    "8 weeks": Weeks(8),
    "13 weeks": Weeks(13),
    "16 weeks of unlike size": Weeks(16, uneven=True),
    "16 weeks, skewed shocks": Weeks(16, _skewed),
    "26 weeks, shocks of a heavy tail": Weeks(26, _far),
    "40 weeks of few users": Weeks(40, users=15),
}
VOLUME_SLOPE, VOLUME_SHOCK = -0.02, 0.2


def of_volume(random: Random, design: str, *, slow: bool = False) -> Iterator[Judged]:
    """A planted elasticity: least squares by two methods; where ``slow``, Huber's and Poisson's, too."""
    held = VOLUMES[design]
    week = np.repeat(np.arange(held.weeks), held.sizes(random))
    fee = FEES[random.permutation(np.arange(held.weeks) % 4)][week]
    shock = VOLUME_SHOCK * held.shock(random, held.weeks)[week]
    volume = np.exp(8 + VOLUME_SLOPE * fee + shock + random.standard_normal(len(week)))
    cells = volume_cells_of([f"w{place:02}" for place in week], np.full(len(week), "all"), fee, volume)
    model = ModelOfPeriods.of(cells, ["all"])
    assert model is not None
    segment = _Segment("all", cells, model, CONFIG, 5.0, few_spells=False)
    rows = segment.log_rows(huber_effects(model, 0.95).get("all") if slow else None, 1000)
    if slow:
        rows.append(segment.mean_row(poisson_effects(model, 0.95).get("all")))
    return _judged(
        (row for row in rows if row.method != "leave_one_period_out"), lambda _: math.expm1(5 * VOLUME_SLOPE)
    )


STAYING = {
    "8 weeks": Weeks(8, users=150),
    "12 weeks of unlike size": Weeks(12, uneven=True, users=100),
    "20 weeks, skewed shocks": Weeks(20, _skewed, users=60),
    "20 weeks, few are back": Weeks(20, users=60, rate=0.06),
    "64 weeks": Weeks(64, users=30),
}
STAYING_SLOPE, STAYING_SHOCK = -0.04, 0.3


def of_staying(random: Random, design: str) -> Iterator[Judged]:
    """A planted effect of the fee on retention: the odds ratio and the average change of the probability."""
    held = STAYING[design]
    week = np.repeat(np.arange(held.weeks), held.sizes(random))
    fees = FEES[random.permutation(np.arange(held.weeks) % 4)]
    eta = math.log(held.rate / (1 - held.rate)) + STAYING_SLOPE * (fees - FEES[0])
    shock = STAYING_SHOCK * held.shock(random, held.weeks)
    back = random.uniform(size=len(week)) < expit(eta + shock)[week]
    rows = retention_model(table_of(fees[week][:, None], back, ["fee_bps"], clusters=week), CONFIG)
    truths = _truths_of_staying(held)
    return _judged((row for row in rows if row.metric in truths), lambda row: truths[row.metric])


@cache
def _truths_of_staying(held: Weeks) -> dict[str, float]:
    """Both numbers where every fee has many weeks: the shocks draw them towards nothing by a little."""
    shock = STAYING_SHOCK * held.shock(Random(1), 20_000)
    eta = math.log(held.rate / (1 - held.rate)) + STAYING_SLOPE * (FEES - FEES[0])
    rates = expit(eta[:, None] + shock).mean(axis=1)
    table = BinaryTable._of(FEES[:, None], np.full(4, 1e6), 1e6 * rates, ["fee_bps"], None)
    fit = fit_logistic(table)
    assert fit is not None
    slope = float(fit.coefficients[1])
    change = average_contrast(fit, table, "fee_bps", 5.0, 0.95).estimate
    return {"odds_ratio_5bps": math.exp(5 * slope), "retention_change_5bps": change}


class Features(NamedTuple):
    """Users with three features of their first week, and an outcome.

    Attributes:
        users: how many.
        base: the log odds of a user without any.
        uses: the mean number of uses of the first feature; a second one says whether there was any.
        rare: the part of users with the third.
    """

    users: int
    base: float
    uses: float
    rare: float


FEATURES = {
    "150 users": Features(150, -0.5, 1.0, 0.4),
    "400 users, some rare": Features(400, -1.0, 1.5, 0.08),
    "1,000 users, one in eight is back": Features(1_000, -2.2, 0.7, 0.3),
    "4,000 users, one in thirty is back": Features(4_000, -3.8, 1.0, 0.2),
    "6,000 users": Features(6_000, 0.3, 2.0, 0.05),
}
SLOPES = np.array([0.3, 0.4, -0.5])
NAMES = ("cnt", "has", "web")


def of_features(random: Random, design: str) -> Iterator[Judged]:
    """Odds ratios of features that go along with each other, together and each alone."""
    held = FEATURES[design]
    x = _features(random, held, held.users)
    stayed = random.uniform(size=len(x)) < expit(held.base + x @ SLOPES)
    users = canonical(table_of(x, stayed, NAMES))
    found = screen(users)
    known = {"n": users.size, "confidence_level": 0.95, "reason": "separation"}
    model = fit_model(only(users, found.kept))
    rows = [_odds_row("odds_ratio", name, model, found, known) for name in found.kept]
    alone = replace(found, collinear={}, inflation={})
    for name in found.kept:
        one = fit_model(only(users, [name]))
        rows.append(_odds_row("odds_ratio_univariate", name, one, alone, known))
    truths = _truths_of_features(held)
    return _judged(rows, lambda row: truths[row.metric, str(row.segment)])


def _features(random: Random, held: Features, users: int) -> Floats:
    # Who is on the web uses it half as often.
    web = random.uniform(size=users) < held.rare
    uses = np.minimum(random.poisson(held.uses * np.where(web, 0.5, 1.0)), 20)
    return np.column_stack([uses, uses > 0, web]).astype(float)


@cache
def _truths_of_features(held: Features) -> dict[tuple[str, str], float]:
    """The odds ratios of very many users, whose outcomes are as expected."""
    x = _features(Random(1), held, 400_000)
    unique, n = np.unique(x, axis=0, return_counts=True)
    expected = n * expit(held.base + unique @ SLOPES)
    found = {}
    for place, name in enumerate(NAMES):
        fit = fit_logistic(BinaryTable._of(unique[:, [place]], 1.0 * n, expected, [name], None))
        assert fit is not None
        found["odds_ratio", name] = math.exp(SLOPES[place])
        found["odds_ratio_univariate", name] = math.exp(fit.coefficients[1])
    return found


def _judged(rows: Iterable[ResultRow], truth: Callable[[ResultRow], float]) -> Iterator[Judged]:
    for row in rows:
        ends = row.ci_low, row.ci_high
        if ends != (None, None):
            low, high = (end if end is not None else far for end, far in zip(ends, (-1, 1e9), strict=True))
            yield f"{row.metric}, {row.method}", row.trust, low <= truth(row) <= high
