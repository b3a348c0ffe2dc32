"""Two months of the same users with amounts of a known mean: how often does the interval of a mean's change
hold the truth, by flag?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from include.tidemark.statistics.change_rows import METHOD
from include.tidemark.statistics.trust import Sample, Tail, flag
from tests.statistics.populations import POPULATIONS, REFERENCE_USERS, Random

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = NDArray[np.float64]
DESIGNS = ((0.8, 0.0), (0.8, 0.15), (0.0, 0.1))
"""The part of users who go on as before, half more or less; of the members, the part that comes and goes."""
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


def _influence(
    random: Random, name: str, design: tuple[float, float], n: int, samples: int
) -> tuple[Floats, Floats]:
    """The change of the mean, and each user's influence on it: of who stays, who leaves and who joins."""
    kept, moving = design
    gone = round(n * moving)
    then = _amounts(random, name, samples, n)
    noise = np.exp(0.5 * random.standard_normal((samples, n - gone)) - 0.125)
    goes_on = random.uniform(size=(samples, n - gone)) < kept
    stays = np.where(goes_on, then[:, gone:] * noise, _amounts(random, name, samples, n - gone))
    joins = _amounts(random, name, samples, gone)
    r0 = then.mean(axis=1)
    r1 = (stays.sum(axis=1) + joins.sum(axis=1)) / n
    before, after = then - r0[:, None], stays - r1[:, None]
    parts = [after - before[:, gone:], -before[:, :gone], joins - r1[:, None]]
    return r1 - r0, np.concatenate(parts, axis=1) / n


def _amounts(random: Random, name: str, samples: int, n: int) -> Floats:
    return POPULATIONS[name][0](random, samples * n).reshape(samples, n) if n else np.zeros((samples, 0))


def _tails(influence: Floats) -> Iterator[Tail]:
    users = influence.shape[1]
    spread = np.maximum(np.sqrt((influence**2).mean(axis=1)), 1e-300)
    skewness = np.abs((influence**3).mean(axis=1)) / spread**3
    weight = (np.abs(influence) ** 3).mean(axis=1) / spread**3
    for k, w in zip(skewness.tolist(), weight.tolist(), strict=True):
        yield Tail(users, k, max(k, w))
