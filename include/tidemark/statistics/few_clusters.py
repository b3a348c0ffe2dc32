"""Linear regression whose errors are shared within periods, when there are few periods. Needs only sums per period."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.logistic import inverse
from include.tidemark.statistics.streams import Stream

Floats = NDArray[np.float64]

ENUMERATE_UP_TO = 12
MINIMUM_PERIODS = 6
_WEBB = np.array([-math.sqrt(1.5), -1.0, -math.sqrt(0.5), math.sqrt(0.5), 1.0, math.sqrt(1.5)])
_TIE = 1 - 1e-10


@dataclass(frozen=True)
class PeriodSums:
    """Cross products of each period: all that the regression and its inference need, from a GROUP BY or from rows.

    Attributes:
        names: the columns of the design.
        n: rows of each period, shape (periods,).
        xx: X'X of each period, (periods, columns, columns).
        xy: X'y of each period, (periods, columns).
    """

    names: tuple[str, ...]
    n: Floats
    xx: Floats
    xy: Floats

    @classmethod
    def from_rows(
        cls, design: ArrayLike, outcome: ArrayLike, periods: ArrayLike, names: Sequence[str]
    ) -> PeriodSums:
        """From one row an observation: design (rows, columns), outcome (rows,), period label of each row.

        >>> sums = PeriodSums.from_rows([[1, 0], [1, 1], [1, 2]], [1, 2, 4], ["a", "b", "b"], ["intercept", "x"])
        >>> sums.n.tolist(), sums.xy.tolist()
        ([1.0, 2.0], [[1.0, 0.0], [6.0, 10.0]])
        """
        x = np.asarray(design, dtype=np.float64).reshape(-1, len(names))
        y = np.asarray(outcome, dtype=np.float64)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise ValueError("design and outcome must be finite.")
        labels = np.unique(np.asarray(periods), return_inverse=True)[1]
        parts = [labels == label for label in range(int(labels.max()) + 1 if len(labels) else 0)]
        xx = np.array([x[part].T @ x[part] for part in parts]).reshape(-1, len(names), len(names))
        xy = np.array([x[part].T @ y[part] for part in parts]).reshape(-1, len(names))
        return cls(tuple(names), np.array([float(part.sum()) for part in parts]), xx, xy)

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return len(self.n)


@dataclass(frozen=True)
class PeriodFit:
    """Ordinary least squares with cluster-robust covariances.

    Attributes:
        sums: the data.
        coefficients: of each column.
        bread: inverse of X'X.
        scores: X'(y - Xb) of each period, (periods, columns).
        cr1: the usual clustered covariance, times G/(G-1) (N-1)/(N-k).
        cr3: the jackknife's, (G-1)/G times the squared changes when a period is left out; None where leaving one out
            makes a coefficient unknowable.
        left_out: coefficients with each period left out, (periods, columns), or None.
    """

    sums: PeriodSums
    coefficients: Floats
    bread: Floats
    scores: Floats
    cr1: Floats
    cr3: Floats | None
    left_out: Floats | None

    def place(self, name: str) -> int:
        """Index of a column."""
        return self.sums.names.index(name)


def fit_periods(sums: PeriodSums) -> PeriodFit | None:
    """Least squares from the sums of all periods; None without full rank, with one period, or without spare rows."""
    rows, k, g = float(sums.n.sum()), len(sums.names), sums.periods
    bread = inverse(sums.xx.sum(axis=0)) if g > 1 and rows > k else None
    if bread is None:
        return None
    beta = bread @ sums.xy.sum(axis=0)
    scores = sums.xy - sums.xx @ beta
    cr1 = bread @ (scores.T @ scores) @ bread * (g / (g - 1) * (rows - 1) / (rows - k))
    rest = [inverse(sums.xx.sum(axis=0) - part) for part in sums.xx]
    if any(part is None for part in rest):
        return PeriodFit(sums, beta, bread, scores, cr1, None, None)
    left_out = np.array([
        part @ (sums.xy.sum(axis=0) - own) for part, own in zip(rest, sums.xy, strict=True) if part is not None
    ])  # fmt: skip
    away = left_out - beta
    return PeriodFit(sums, beta, bread, scores, cr1, away.T @ away * ((g - 1) / g), left_out)


@dataclass(frozen=True)
class PeriodEffect:
    """A coefficient with its interval (ends may be infinite) and p-value (null where none is justified)."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float | None
    method: str


def jackknife_effect(fit: PeriodFit, name: str, confidence_level: float) -> PeriodEffect | None:
    """CR3 interval with t quantiles of G - 1 degrees of freedom: 5 to 6 % rejections at 5 % with 8 to 40 periods.

    With fewer than six periods no p-value is given. None where CR3 does not exist.
    """
    if fit.cr3 is None:
        return None
    alpha = 1.0 - check_level(confidence_level)
    place, freedom = fit.place(name), fit.sums.periods - 1
    estimate, error = float(fit.coefficients[place]), math.sqrt(max(float(fit.cr3[place, place]), 0.0))
    half = error * float(stdtrit(freedom, 1 - alpha / 2))
    p_value = None
    if fit.sums.periods >= MINIMUM_PERIODS:
        p_value = 2 * float(stdtr(freedom, -abs(estimate) / error)) if error > 0 else 1.0
    return PeriodEffect(estimate, estimate - half, estimate + half, p_value, "cr3_t")


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


def wild_p_value(fit: PeriodFit, name: str, value: float, draws: Floats) -> float:
    """Wild cluster restricted bootstrap p-value of "the coefficient equals ``value``".

    Restricted residuals of each period get a random sign; the studentized estimates of such data are compared with the
    real one. From cross products one draw is one row of a periods x periods product. Ties count against rejection.
    Source: Cameron, Gelbach and Miller 2008; MacKinnon, Nielsen and Webb 2023.
    """
    place, sums = fit.place(name), fit.sums
    total_xx, total_xy = sums.xx.sum(axis=0), sums.xy.sum(axis=0)
    others = [k for k in range(len(sums.names)) if k != place]
    restricted = np.zeros(len(sums.names))
    restricted[place] = value
    if others:
        inside = total_xx[np.ix_(others, others)]
        restricted[others] = np.linalg.solve(inside, total_xy[others] - total_xx[others, place] * value)
    scores = sums.xy - sums.xx @ restricted
    direction = fit.bread[place]
    own = scores @ direction
    shared = (sums.xx @ direction) @ fit.bread @ scores.T
    estimates = draws @ own
    spread = np.sqrt((((draws * own) - draws @ shared.T) ** 2).sum(axis=1))
    real_spread = math.sqrt(float(((fit.scores @ direction) ** 2).sum()))
    real = abs(float(fit.coefficients[place]) - value)
    extreme = np.abs(estimates) * real_spread >= real * spread * _TIE
    if len(draws) == 2 ** (sums.periods - 1):
        return float(extreme.mean())
    return float((1 + extreme.sum()) / (1 + len(draws)))


def wild_effect(
    fit: PeriodFit, name: str, confidence_level: float, draws: Mapping[str, Floats]
) -> dict[str, PeriodEffect]:
    """The wild bootstrap's interval, by inverting the test, and its p-value of "no effect", for each set of draws.

    Args:
        fit: a fit.
        name: the column.
        confidence_level: nominal coverage.
        draws: method name -> draws, for example from `wild_draws`.

    Returns:
        Method name -> effect. An end is infinite where no value on that side is rejected.
    """
    alpha = 1.0 - check_level(confidence_level)
    estimate = float(fit.coefficients[fit.place(name)])
    unit = math.sqrt(max(float(fit.cr1[fit.place(name), fit.place(name)]), 0.0))

    def end(side: float, patterns: Floats) -> float:
        def rejected(steps: float) -> bool:
            return wild_p_value(fit, name, estimate + side * steps * unit, patterns) <= alpha

        far = 2.0
        while not rejected(far):
            far *= 2
            if far > 2**12:
                return side * math.inf
        near = 0.0
        for _ in range(50):
            middle = (near + far) / 2
            near, far = (near, middle) if rejected(middle) else (middle, far)
        return estimate + side * far * unit

    return {
        method: PeriodEffect(
            estimate, end(-1.0, patterns), end(1.0, patterns), wild_p_value(fit, name, 0.0, patterns), method
        )
        for method, patterns in draws.items()
        if unit > 0
    }


def wild_draws(periods: int, stream: Stream, n_resamples: int = 99_999) -> dict[str, Floats]:
    """Which draws fit the number of periods: none below 6; all signs and Webb's up to 12; random signs above."""
    if periods < MINIMUM_PERIODS:
        return {}
    if periods <= ENUMERATE_UP_TO:
        return {
            "wild_enumerated": sign_draws(periods),
            "wild_webb": random_draws(periods, stream, n_resamples, webb=True),
        }
    return {"wild_rademacher": random_draws(periods, stream, n_resamples)}
