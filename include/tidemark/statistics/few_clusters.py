"""Linear regression whose errors are shared within periods, when there are few periods. Needs only sums per
period."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.glm import inverse

Floats = NDArray[np.float64]

MINIMUM_PERIODS = 6
_ROUNDING = 1e-12


@dataclass(frozen=True)
class PeriodSums:
    """Cross products of each period: all that the regression and its inference need, from a GROUP BY.

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
        cr3: the jackknife's, (G-1)/G times the squared changes when a period is left out; None where leaving
            one out makes a coefficient unknowable.
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
    """Least squares from the sums of all periods; None without full rank, with one period, or without spare
    rows.

    >>> xx, xy = np.array([[[2.0, 1.0], [1.0, 1.0]]] * 3), np.array([[4.0, 3.0], [6.0, 4.0], [8.0, 5.0]])
    >>> fit = fit_periods(PeriodSums(("intercept", "x"), np.full(3, 2.0), xx, xy))
    >>> fit.coefficients.round(9).tolist(), fit.cr3.diagonal().round(9).tolist()
    ([2.0, 2.0], [0.333333333, 0.0])
    """
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
    left_out = np.array(
        [
            part @ (sums.xy.sum(axis=0) - own)
            for part, own in zip(rest, sums.xy, strict=True)
            if part is not None
        ]
    )
    away = left_out - beta
    return PeriodFit(sums, beta, bread, scores, cr1, away.T @ away * ((g - 1) / g), left_out)


@dataclass(frozen=True)
class PeriodEffect:
    """A coefficient with its interval (ends may be infinite) and p-value (null where none is justified).

    Where the data say nothing about its uncertainty, ``reason`` says why and the ends are NaN.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float | None
    method: str
    reason: str | None = None


def jackknife_effect(
    fit: PeriodFit, name: str, confidence_level: float, periods: int | None = None
) -> PeriodEffect | None:
    """CR3 interval with t quantiles of G - 1 degrees of freedom: 5 to 7 % rejections at 5 % with 8 to 40
    periods.

    With fewer than six periods no p-value is given. None where CR3 does not exist.

    Args:
        fit: a fit.
        name: the column.
        confidence_level: nominal coverage.
        periods: G, the periods that the column was seen in; all of the fit unless given.
    """
    if fit.cr3 is None:
        return None
    place = fit.place(name)
    error = math.sqrt(max(float(fit.cr3[place, place]), 0.0))
    seen = fit.sums.periods if periods is None else periods
    return effect_from_error(float(fit.coefficients[place]), error, seen, confidence_level, "cr3_t")


def effect_from_error(
    estimate: float, error: float, periods: int, confidence_level: float, method: str
) -> PeriodEffect:
    """Interval and p-value from t quantiles of periods - 1 degrees of freedom; no p-value below six periods.

    An error that is nothing beside the estimate is that of periods which all say the same: ``no_variation``.

    >>> effect_from_error(2.0, 0.5, 8, 0.95, "cr3_t").p_value < 0.01, effect_from_error(2.0, 0.0, 8, 0.95, "cr3_t").reason
    (True, 'no_variation')
    """  # noqa: W505
    alpha = 1.0 - check_level(confidence_level)
    if error <= _ROUNDING * abs(estimate) and estimate != 0:
        return PeriodEffect(estimate, math.nan, math.nan, None, method, "no_variation")
    freedom = periods - 1
    half = error * float(stdtrit(freedom, 1 - alpha / 2))
    p_value = None
    if periods >= MINIMUM_PERIODS:
        p_value = 2 * float(stdtr(freedom, -abs(estimate) / error)) if error > 0 else 1.0
    return PeriodEffect(estimate, estimate - half, estimate + half, p_value, method)


def jackknife_error(estimate: ArrayLike, left_out: ArrayLike) -> Floats:
    """Standard errors from estimates with each period left out: sqrt((G-1)/G sum of squared changes).

    Args:
        estimate: with all periods, any shape.
        left_out: with each period left out, periods along the first axis.

    >>> float(jackknife_error(2.0, [1.0, 3.0]))
    1.0
    """
    away = np.asarray(left_out, dtype=np.float64) - np.asarray(estimate, dtype=np.float64)
    return np.asarray(np.sqrt((away**2).sum(axis=0) * (len(away) - 1) / len(away)))
