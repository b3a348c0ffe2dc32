"""Two months of the same users with amounts of a known mean: how often does the interval of a mean's change
hold the truth, by flag, and that of the change given the earlier amounts?"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from include.tidemark.statistics import given_earlier
from include.tidemark.statistics.change_rows import METHOD
from include.tidemark.statistics.trust import Sample, Tail, flag
from tests.statistics.populations import POPULATIONS, REFERENCE_USERS, Random

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Floats = NDArray[np.float64]
Design = TypeVar("Design")
DESIGNS = ((0.8, 0.0), (0.8, 0.15), (0.0, 0.1))
"""The part of users who go on as before, half more or less; of the members, the part that comes and goes."""
GOING_ON = (0.3, 0.6)
"""The part of users who go on as before where the earlier amounts are given."""
SIZES = (50, 200, 1_000, 5_000, 20_000)


def verdicts(
    random: Random, name: str, design: tuple[float, float], n: int, samples: int
) -> Iterator[tuple[str, bool]]:
    """Of each sample the flag and whether the interval holds 0, which is what the mean of the population
    changes by."""
    reference = next(_tails(_influence(random, name, design, REFERENCE_USERS, 1)[1]))
    left = samples
    while left > 0:
        part = min(left, max(1_000_000 // n, 1))
        change, influence = _influence(random, name, design, n, part)
        users = influence.shape[1]
        error = np.sqrt((influence**2).sum(axis=1) * users / (users - 1))
        holds = np.abs(change) <= stdtrit(users - 1, 0.975) * error
        for hit, tail in zip(holds.tolist(), _tails(influence), strict=True):
            yield flag(METHOD, Sample(tail, reference))[0], hit
        left -= part


def verdicts_given_earlier(
    random: Random, name: str, kept: float, n: int, samples: int
) -> Iterator[tuple[str, bool]]:
    """Of each sample whose interval is narrow enough to be published, the flag and whether it holds what
    *these* users were to change by, having had what they had."""
    truth = POPULATIONS[name][1]
    design = (kept, 0.0)
    reference = next(_tails(_given(*_two_months(random, name, design, REFERENCE_USERS, 1)[:2])[0]))
    left = samples
    while left > 0:
        part = min(left, max(1_000_000 // n, 1))
        then, today = _two_months(random, name, design, n, part)[:2]
        expected = (1 - kept) * (truth - then.mean(axis=1))
        influence, of_pairs = _given(then, today)
        error = np.sqrt((influence**2).sum(axis=1) * n / (n - 2))
        narrow = error <= given_earlier.NARROWER * np.sqrt((of_pairs**2).sum(axis=1) * n / (n - 1))
        change = today.mean(axis=1) - then.mean(axis=1)
        holds = np.abs(change - expected) <= stdtrit(n - 2, 0.975) * error
        for there, hit, tail in zip(narrow.tolist(), holds.tolist(), _tails(influence), strict=True):
            if there:
                yield flag(given_earlier.METHOD, Sample(tail, reference))[0], hit
        left -= part


def everywhere(
    of_samples: Callable[[Random, str, Design, int, int], Iterator[tuple[str, bool]]],
    designs: Sequence[Design],
    repeats: int,
) -> Iterator[tuple[str, int, Design, str, bool]]:
    """The verdicts of every population, size and design, in front of each which ones it is of."""
    for place, name in enumerate(POPULATIONS):
        for n in SIZES:
            random = np.random.RandomState(place)
            samples = max(repeats // (10 if n > 5_000 else 2), 1)
            for design in designs:
                for trust, hit in of_samples(random, name, design, n, samples):
                    yield name, n, design, trust, hit


def _given(then: Floats, today: Floats) -> tuple[Floats, Floats]:
    """Each user's influence on the change of the mean, given the earlier amounts and on pairs."""
    before, after = (month - month.mean(axis=1, keepdims=True) for month in (then, today))
    spread = np.maximum((before**2).sum(axis=1, keepdims=True), 1e-300)
    slope = (before * after).sum(axis=1, keepdims=True) / spread
    n = then.shape[1]
    return (after - slope * before) / n, (after - before) / n


def _influence(
    random: Random, name: str, design: tuple[float, float], n: int, samples: int
) -> tuple[Floats, Floats]:
    """The change of the mean, and each user's influence on it: of who stays, who leaves and who joins."""
    then, stays, joins = _two_months(random, name, design, n, samples)
    gone = joins.shape[1]
    r0 = then.mean(axis=1)
    r1 = (stays.sum(axis=1) + joins.sum(axis=1)) / n
    before, after = then - r0[:, None], stays - r1[:, None]
    parts = [after - before[:, gone:], -before[:, :gone], joins - r1[:, None]]
    return r1 - r0, np.concatenate(parts, axis=1) / n


def _two_months(
    random: Random, name: str, design: tuple[float, float], n: int, samples: int
) -> tuple[Floats, Floats, Floats]:
    """Amounts of n users then, and now of who stays (all but the first ones) and of who joins."""
    kept, moving = design
    gone = round(n * moving)
    then = _amounts(random, name, samples, n)
    noise = np.exp(0.5 * random.standard_normal((samples, n - gone)) - 0.125)
    goes_on = random.uniform(size=(samples, n - gone)) < kept
    stays = np.where(goes_on, then[:, gone:] * noise, _amounts(random, name, samples, n - gone))
    return then, stays, _amounts(random, name, samples, gone)


def _amounts(random: Random, name: str, samples: int, n: int) -> Floats:
    return POPULATIONS[name][0](random, samples * n).reshape(samples, n) if n else np.zeros((samples, 0))


def _tails(influence: Floats) -> Iterator[Tail]:
    users = influence.shape[1]
    spread = np.maximum(np.sqrt((influence**2).mean(axis=1)), 1e-300)
    skewness = np.abs((influence**3).mean(axis=1)) / spread**3
    weight = (np.abs(influence) ** 3).mean(axis=1) / spread**3
    for k, w in zip(skewness.tolist(), weight.tolist(), strict=True):
        yield Tail(users, k, max(k, w))
