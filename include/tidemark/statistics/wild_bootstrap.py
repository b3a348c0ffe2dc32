"""The wild cluster restricted bootstrap from cross products: tests, and intervals by inverting them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS, PeriodEffect, PeriodFit
from include.tidemark.statistics.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]

ENUMERATE_UP_TO = 12
N_DRAWS = 99_999
_WEBB = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])
_TIE = 1 - 1e-10
_BLOCK = 8_192
_FURTHEST = 2.0**12


def sign_draws(periods: int) -> Floats:
    """All patterns of signs for the periods, up to a common factor: 2^(periods - 1) rows, no seed.

    >>> sign_draws(2).tolist()
    [[1.0, 1.0], [1.0, -1.0]]
    """
    patterns = itertools.product((1.0, -1.0), repeat=periods - 1)
    return np.array([(1.0, *signs) for signs in patterns])


def random_draws(periods: int, stream: Stream, n_resamples: int, *, webb: bool = False) -> Floats:
    """Rademacher signs, or Webb's six values, for each period: (n_resamples, periods)."""
    values = _WEBB if webb else np.array([-1.0, 1.0])
    return stream.replicates(
        n_resamples, lambda generator, size: values[generator.randint(0, len(values), size=(size, periods))]
    )


def wild_methods(periods: int) -> tuple[str, ...]:
    """Which draws fit the number of periods: all signs and Webb's up to 12 (below 6 none is used), random
    signs above."""
    return ("wild_enumerated", "wild_webb") if periods <= ENUMERATE_UP_TO else ("wild_rademacher",)


def wild_draws(periods: int, stream: Stream, n_resamples: int = N_DRAWS) -> dict[str, Floats]:
    """The draws of `wild_methods`; none below six periods, where no pattern of signs could reject at 5 %."""
    if periods < MINIMUM_PERIODS:
        return {}
    make = {
        "wild_enumerated": lambda: sign_draws(periods),
        "wild_webb": lambda: random_draws(periods, stream, n_resamples, webb=True),
        "wild_rademacher": lambda: random_draws(periods, stream, n_resamples),
    }
    return {method: make[method]() for method in wild_methods(periods)}


@dataclass(frozen=True)
class WildTest:
    """The test of one coefficient for one set of draws, prepared once and then cheap for any hypothetical
    value.

    Restricted residuals, and with them each draw's estimate and its scores, are linear in the hypothetical
    value. So a draw is five numbers: its estimate p0 - d p1 and its squared spread q0 - 2 d q1 + d^2 q2 at a
    distance d from the real estimate.

    Attributes:
        estimate: the real coefficient.
        spread: root of the sum of its squared period scores.
        lines: p0, p1, q0, q1, q2 of each draw, shape (5, draws).
        complete: whether the draws are all patterns of signs.
    """

    estimate: float
    spread: float
    lines: Floats
    complete: bool

    @classmethod
    def of(cls, fit: PeriodFit, name: str, draws: Floats) -> WildTest:
        """Prepare the test of "the coefficient ``name`` equals some value"."""
        place, sums = fit.place(name), fit.sums
        total = sums.xx.sum(axis=0)
        others = [k for k in range(len(sums.names)) if k != place]
        change = np.zeros(len(sums.names))
        change[place] = 1.0
        if others:
            change[others] = -np.linalg.solve(total[np.ix_(others, others)], total[others, place])
        direction = fit.bread[place]
        link = (sums.xx @ direction) @ fit.bread
        centre, slope = fit.scores, sums.xx @ change
        own = (centre @ direction, slope @ direction)
        shared = (link @ centre.T, link @ slope.T)
        parts = []
        for start in range(0, len(draws), _BLOCK):
            block = draws[start : start + _BLOCK]
            e0, e1 = (block * own[k] - block @ shared[k].T for k in (0, 1))
            squares = [np.einsum("bg,bg->b", a, b) for a, b in ((e0, e0), (e0, e1), (e1, e1))]
            parts.append(np.stack([block @ own[0], block @ own[1], *squares]))
        spread = math.sqrt(float((own[0] ** 2).sum()))
        complete = len(draws) == 2 ** (sums.periods - 1)
        return cls(float(fit.coefficients[place]), spread, np.concatenate(parts, axis=1), complete)

    def p_value(self, value: float) -> float:
        """Share of draws at least as far out as the real estimate is from ``value``. Ties count against
        rejection."""
        d = value - self.estimate
        p0, p1, q0, q1, q2 = self.lines
        spread = np.sqrt(np.maximum(q0 + d * (d * q2 - 2 * q1), 0.0))
        extreme = np.abs(p0 - d * p1) * self.spread >= abs(d) * spread * _TIE
        if self.complete:
            return float(extreme.mean())
        return float((1 + extreme.sum()) / (1 + len(extreme)))

    def end(self, side: float, unit: float, alpha: float) -> float:
        """The first value on one side of the estimate that is rejected at ``alpha``; infinite where none
        is."""

        def rejected(steps: float) -> bool:
            return self.p_value(self.estimate + side * steps * unit) <= alpha

        far = 2.0
        while not rejected(far):
            far *= 2
            if far > _FURTHEST:
                return side * math.inf
        near = 0.0
        for _ in range(50):
            middle = (near + far) / 2
            near, far = (near, middle) if rejected(middle) else (middle, far)
        return self.estimate + side * far * unit


def wild_effect(
    fit: PeriodFit, name: str, confidence_level: float, draws: Mapping[str, Floats]
) -> dict[str, PeriodEffect]:
    """The wild bootstrap's interval, by inverting the test, and its p-value of "no effect", for each set of
    draws.

    Args:
        fit: a fit.
        name: the column.
        confidence_level: nominal coverage.
        draws: method name -> draws, for example from `wild_draws`.

    Returns:
        Method name -> effect. An end is infinite where no value on that side is rejected. Nothing where the
        data fit the model without any error.
    """
    alpha = 1.0 - check_level(confidence_level)
    place = fit.place(name)
    unit = math.sqrt(max(float(fit.cr1[place, place]), 0.0))
    found = {}
    for method, patterns in draws.items() if unit > 0 else ():
        test = WildTest.of(fit, name, patterns)
        low, high = (test.end(side, unit, alpha) for side in (-1.0, 1.0))
        found[method] = PeriodEffect(test.estimate, low, high, test.p_value(0.0), method)
    return found
