"""Populations of amounts per user with a known mean, beside those of `populations`, and the sums of many
samples of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from include.tidemark.statistics.trust import Tail

Random = np.random.RandomState
Floats = NDArray[np.float64]
Draw = Callable[[Random, tuple[int, ...]], Floats]


def _lognormal(sigma: float) -> Draw:
    return lambda r, shape: np.exp(sigma * r.standard_normal(shape))


def _some(part: float, draw: Draw, factor: float) -> Draw:
    """A part of the users have ``factor`` times what they would have."""
    return lambda r, shape: draw(r, shape) * np.where(r.uniform(size=shape) < part, factor, 1)


def _rate(p: float) -> Draw:
    return lambda r, shape: (r.uniform(size=shape) < p).astype(float)


def _ends(low: float, high: float) -> Draw:
    """Scores between 0 and 1, of which many are 0 and many are 1."""

    def draw(r: Random, shape: tuple[int, ...]) -> Floats:
        u = r.uniform(size=shape)
        return np.where(u < low, 0.0, np.where(u < low + high, 1.0, r.beta(2, 2, shape)))

    return draw


def _gamma(k: float) -> Draw:
    return lambda r, shape: r.gamma(k, 1.0, shape)


def _weibull(k: float) -> Draw:
    return lambda r, shape: r.weibull(k, shape)


def _pareto(a: float) -> Draw:
    return lambda r, shape: 1 + r.pareto(a, shape)


def _poisson(mean: float) -> Draw:
    return lambda r, shape: r.poisson(mean, shape).astype(float)


def _counts(k: float, mean: float) -> Draw:
    return lambda r, shape: r.negative_binomial(k, k / (k + mean), shape).astype(float)


CHOSEN_ON: dict[str, tuple[Draw, float]] = {
    "Pareto 2.2": (_pareto(2.2), 2.2 / 1.2),
    "Pareto 3, 40 % zeros": (_some(0.4, _pareto(3.0), 0), 0.9),
    "Pareto 4.5": (_pareto(4.5), 4.5 / 3.5),
    "Pareto 6": (_pareto(6.0), 1.2),
    "gamma 0.5, 60 % zeros": (_some(0.6, _gamma(0.5), 0), 0.2),
    "gamma 2, 80 % zeros": (_some(0.8, _gamma(2.0), 0), 0.4),
    "gamma 0.3": (_gamma(0.3), 0.3),
    "gamma 3": (_gamma(3.0), 3.0),
    "Weibull 0.5": (_weibull(0.5), 2.0),
    "Weibull 0.7": (_weibull(0.7), gamma(1 + 1 / 0.7)),
    "Weibull 0.8, 50 % zeros": (_some(0.5, _weibull(0.8), 0), 0.5 * gamma(2.25)),
    "counts of mean 1": (_counts(0.2, 1.0), 1.0),
    "counts of mean 3": (_counts(1.0, 3.0), 3.0),
    "counts of mean 0.3": (_counts(0.5, 0.3), 0.3),
    "0.5 % have 10 times": (_some(0.005, _gamma(2.0), 10), 2.09),
    "0.5 % have 30 times": (_some(0.005, _gamma(2.0), 30), 2.29),
    "0.5 % have 100 times": (_some(0.005, _lognormal(0.8), 100), 1.495 * np.exp(0.32)),
    "5 % refunds": (_some(0.05, _gamma(1.5), -1), 1.35),
    "12 % refunds": (_some(0.12, _lognormal(0.8), -1), 0.76 * np.exp(0.32)),
    "20 % refunds": (_some(0.2, _gamma(1.0), -1), 0.6),
    "1 % large refunds": (_some(0.01, _gamma(2.0), -20), 1.58),
    "scores, half at the ends": (_ends(0.3, 0.2), 0.45),
    "scores, most at an end": (_ends(0.02, 0.95), 0.965),
    "rate of 0.5 %": (_rate(0.005), 0.005),
    "rate of 1 %": (_rate(0.01), 0.01),
    "rate of 2 %": (_rate(0.02), 0.02),
    "lognormal 0.8": (_lognormal(0.8), np.exp(0.32)),
    "lognormal 1.2, 30 % zeros": (_some(0.3, _lognormal(1.2), 0), 0.7 * np.exp(0.72)),
    "lognormal 1.4": (_lognormal(1.4), np.exp(0.98)),
    "t with 4 degrees": (lambda r, shape: 5 + r.standard_t(4, shape), 5.0),
    "inverse Gaussian": (lambda r, shape: r.wald(1.0, 1.0, shape), 1.0),
    "uneven inverse Gaussian, 50 % zeros": (_some(0.5, lambda r, shape: r.wald(1.0, 0.3, shape), 0), 0.5),
    "log-logistic 4": (lambda r, shape: np.exp(r.logistic(0.0, 0.25, shape)), np.pi / 4 / np.sin(np.pi / 4)),
    "Poisson of lognormal": (
        lambda r, shape: r.poisson(np.exp(0.9 * r.standard_normal(shape))).astype(float),
        np.exp(0.405),
    ),
    "Weibull 0.6, 70 % zeros": (_some(0.7, _weibull(0.6), 0), 0.3 * gamma(1 + 1 / 0.6)),
    "chi-squared 1": (lambda r, shape: r.chisquare(1, shape), 1.0),
    "0.5 % have 15 times": (_some(0.005, _lognormal(0.6), 15), 1.07 * np.exp(0.18)),
    "8 % refunds, 40 % zeros": (_some(0.4, _some(0.08, _lognormal(1.0), -1), 0), 0.6 * 0.84 * np.exp(0.5)),
    "scores towards the ends": (lambda r, shape: r.beta(0.4, 0.6, shape), 0.4),
    "rate of 1.5 %": (_rate(0.015), 0.015),
    "Pareto 3.7, 20 % zeros": (_some(0.2, _pareto(3.7), 0), 0.8 * 3.7 / 2.7),
    "t with 6 degrees": (lambda r, shape: 5 + r.standard_t(6, shape), 5.0),
}
"""Name -> draws and their mean, of the populations that the limits of `trust` were chosen on, with those of
`populations`."""

UNSEEN: dict[str, tuple[Draw, float]] = {
    "inverse Gaussian 0.6": (lambda r, shape: r.wald(1.0, 0.6, shape), 1.0),
    "Weibull 0.75, 20 % zeros": (_some(0.2, _weibull(0.75), 0), 0.8 * gamma(1 + 1 / 0.75)),
    "Pareto 3": (_pareto(3.0), 1.5),
    "Poisson of mean 4, 75 % zeros": (_some(0.75, _poisson(4.0), 0), 1.0),
    "Poisson of mean 0.05": (_poisson(0.05), 0.05),
    "beta 0.5, 3": (lambda r, shape: r.beta(0.5, 3, shape), 1 / 7),
    "beta 8, 0.5": (lambda r, shape: r.beta(8, 0.5, shape), 8 / 8.5),
    "lognormal 1.1, 60 % zeros": (_some(0.6, _lognormal(1.1), 0), 0.4 * np.exp(0.605)),
    "lognormal 0.9": (_lognormal(0.9), np.exp(0.405)),
    "3 % refunds of gamma 0.7": (_some(0.03, _gamma(0.7), -1), 0.94 * 0.7),
    "15 % refunds of lognormal 1.1": (_some(0.15, _lognormal(1.1), -1), 0.7 * np.exp(0.605)),
    "1 % have 12 times": (_some(0.01, _gamma(1.5), 12), 1.5 * 1.11),
    "rate of 0.8 %": (_rate(0.008), 0.008),
    "rate of 3 %": (_rate(0.03), 0.03),
    "t with 5 degrees": (lambda r, shape: 5 + r.standard_t(5, shape), 5.0),
}
"""The same, drawn for the first time when the limits stood: they judge the promise."""

POPULATIONS = CHOSEN_ON | UNSEEN


class Sums(NamedTuple):
    """Of each sample: users, mean, central moments 2 to 4, absolute third, and whether a month would publish
    its mean."""

    users: int
    mean: Floats
    second: Floats
    third: Floats
    absolute: Floats
    fourth: Floats
    published: NDArray[np.bool_]

    @classmethod
    def of(cls, x: Floats) -> Sums:
        mean = x.mean(axis=-1)
        away = x - mean[..., None]
        squares = away * away
        cubes = squares * away
        with np.errstate(invalid="ignore", divide="ignore"):
            effective = x.sum(axis=-1) ** 2 / (x * x).sum(axis=-1)
        enough = ((x != 0).sum(axis=-1) >= 10) & (effective >= 10) & (squares.sum(axis=-1) > 0)
        second, third, absolute, fourth = (
            each.mean(axis=-1) for each in (squares, cubes, np.abs(cubes), squares * squares)
        )
        return cls(x.shape[-1], mean, second, third, absolute, fourth, enough)

    def pick(self, places: NDArray[np.int64]) -> Sums:
        return Sums(self.users, *(each[places] for each in self[1:]))

    def tails(self, users: int | None = None) -> list[Tail]:
        size = np.maximum(self.second, 1e-300) ** 1.5
        with np.errstate(invalid="ignore"):
            skewness = np.abs(self.third) / size
            weight = np.maximum(skewness, self.absolute / size)
        return [
            Tail(users or self.users, k, w) for k, w in zip(skewness.tolist(), weight.tolist(), strict=True)
        ]

    def merged(self, other: Sums) -> Sums:
        """Both together; their means hardly differ."""
        n, m = self.users, other.users
        parts = zip(self[1:6], other[1:6], strict=True)
        mean, second, third, absolute, fourth = ((n * a + m * b) / (n + m) for a, b in parts)
        return Sums(n + m, mean, second, third, absolute, fourth, self.published)


def pool(random: Random, name: str, users: int, samples: int) -> Sums:
    """Samples of a population."""
    draw, step = POPULATIONS[name][0], max(300_000 // users, 1)
    parts = [Sums.of(draw(random, (min(step, samples - done), users))) for done in range(0, samples, step)]
    return Sums(users, *(np.concatenate(each) for each in zip(*(part[1:] for part in parts), strict=True)))
