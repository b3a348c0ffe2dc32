"""When a logistic regression has no finite answer, and the penalized ones that always have."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, linprog
from scipy.special import chdtrc, chdtri, expit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.glm import inverse, rank_deficient
from include.tidemark.statistics.logistic import (
    BinaryTable,
    LogisticFit,
    information,
    log_likelihood,
    maximize,
)

Floats = NDArray[np.float64]

_MAX_STEPS = 200
_SCORE_BELOW = 1e-9
_FLAT = 1e-11
# Millions of users can leave the score's own rounding above its limit; no step changes a digit then.
_ROUNDING = 1e-15
_FURTHEST = 60.0


def separated_features(table: BinaryTable) -> list[str]:
    """The coefficients that run off to infinity because some direction separates the outcomes; empty where
    none does.

    A direction b separates if x'b >= 0 for every success and <= 0 for every failure, and not always 0; the
    linear programme finds the widest one. Source: Konis 2007.

    >>> rows = [{"x": 0, "n": 9, "successes": 4}, {"x": 1, "n": 3, "successes": 3}]
    >>> separated_features(BinaryTable.from_rows(rows, ["x"]))
    ['x']
    """
    scale = np.abs(table.design).max(axis=0)
    design = table.design / np.where(scale > 0, scale, 1.0)
    won, lost = design[table.successes > 0], design[table.successes < table.n]
    limits = np.vstack([-won, lost])
    if len(limits) == 0:
        return []
    found = linprog(
        limits.sum(axis=0), A_ub=limits, b_ub=np.zeros(len(limits)), bounds=(-1, 1), method="highs"
    )
    if not found.success or found.fun > -1e-7:
        return []
    return [name for name, value in zip(table.names, found.x, strict=True) if abs(value) > 1e-7]


def why_not(table: BinaryTable) -> str | None:
    """Why maximum likelihood has no unique finite answer here: ``no_variation``, ``collinear``,
    ``separation``, or None."""
    won = float(table.successes.sum())
    if table.size == 0 or won in (0.0, float(table.n.sum())):
        return "no_variation"
    if rank_deficient(table.design, table.n):
        return "collinear"
    return "separation" if separated_features(table) else None


def fit_firth(table: BinaryTable) -> LogisticFit | None:
    """Firth's (1993) fit: the likelihood times the root of the information's determinant; finite for any
    outcomes.

    Returns:
        The fit, with the inverse information as covariance, or None for a design without full rank.
    """
    beta = _maximize_penalized(table, np.zeros(table.design.shape[1]), None)
    if beta is None:
        return None
    covariance = inverse(information(table.design, table.n, expit(table.design @ beta)))
    if covariance is None:
        return None
    value = penalized_log_likelihood(table, beta)
    return LogisticFit(table.names, beta, covariance, value, math.inf, "firth_profile")


@dataclass(frozen=True)
class Profile:
    """Profile-likelihood interval and likelihood-ratio p-value of one coefficient. Ends may be infinite."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float


def firth_profile(table: BinaryTable, fit: LogisticFit, name: str, confidence_level: float) -> Profile:
    """The values of one coefficient that a penalized likelihood-ratio test does not reject (Heinze and
    Schemper 2002).

    Wald intervals are useless here: under separation the penalized likelihood is far from symmetric.

    >>> rows = [{"x": 0, "n": 20, "successes": 8}, {"x": 1, "n": 5, "successes": 5}]
    >>> table = BinaryTable.from_rows(rows, ["x"])
    >>> found = firth_profile(table, fit_firth(table), "x", 0.95)
    >>> [round(value, 2) for value in (found.estimate, found.ci_low, found.ci_high, found.p_value)]
    [2.78, 0.41, 7.71, 0.02]
    """
    place = fit.names.index(name)
    drop = float(chdtri(1, 1 - check_level(confidence_level))) / 2
    centre, error = float(fit.coefficients[place]), float(fit.errors[place])

    def lack(value: float) -> float:
        start = fit.coefficients.copy()
        start[place] = value
        beta = _maximize_penalized(table, start, place)
        return math.inf if beta is None else fit.log_likelihood - penalized_log_likelihood(table, beta)

    ends = []
    for side in (-1.0, 1.0):
        far = 1.0
        while far < _FURTHEST and lack(centre + side * far * error) < drop:
            far *= 1.5
        if far >= _FURTHEST:
            ends.append(side * math.inf)
            continue
        far = brentq(lambda step, side=side: lack(centre + side * step * error) - drop, 0.0, far, xtol=1e-10)
        ends.append(centre + side * far * error)
    return Profile(centre, ends[0], ends[1], float(chdtrc(1, max(2 * lack(0.0), 0.0))))


def fit_log_f(table: BinaryTable) -> LogisticFit | None:
    """The fit with a log-F(1,1) prior on each coefficient but the intercept: one pseudo-user a feature, half
    a success.

    The simplest fall-back under separation: ordinary maximum likelihood on added rows (Rahman and Sultana
    2017).

    Returns:
        The fit, or None for a design without full rank, or where every outcome is the same.
    """
    k = table.design.shape[1]
    design = np.vstack([table.design, np.eye(k)[1:]])
    n = np.concatenate([table.n, np.ones(k - 1)])
    successes = np.concatenate([table.successes, np.full(k - 1, 0.5)])
    found = maximize(design, n, successes)
    if found is None:
        return None
    beta = np.asarray(found.params)
    covariance = inverse(information(design, n, expit(design @ beta)))
    if covariance is None:
        return None
    return LogisticFit(table.names, beta, covariance, float(found.llf), math.inf, "logit_log_f")


def penalized_log_likelihood(table: BinaryTable, beta: Floats) -> float:
    """Log likelihood plus half the log determinant of the information (Jeffreys' prior)."""
    matrix = information(table.design, table.n, expit(table.design @ beta))
    sign, determinant = np.linalg.slogdet(matrix)
    if sign <= 0:
        return -math.inf
    return log_likelihood(table.design, table.n, table.successes, beta) + float(determinant) / 2


def _maximize_penalized(table: BinaryTable, start: Floats, fixed: int | None) -> Floats | None:
    """Newton steps on Firth's score X'(y - np + h (1/2 - p)), with one coefficient held where ``fixed`` says
    so.

    They go on until the score is below 1e-9, and then for as long as it still shrinks: 12 digits are
    published.
    """
    free = [place for place in range(len(start)) if place != fixed]
    beta = start.astype(np.float64)
    value = penalized_log_likelihood(table, beta)
    last = math.inf
    for _ in range(_MAX_STEPS):
        p = expit(table.design @ beta)
        full = inverse(information(table.design, table.n, p))
        if full is None:
            return None
        if not free:
            return beta
        leverage = table.n * p * (1 - p) * np.einsum("ij,jk,ik->i", table.design, full, table.design)
        score = (table.design.T @ (table.successes - table.n * p + leverage * (0.5 - p)))[free]
        largest = float(np.abs(score).max())
        if last < _SCORE_BELOW and largest >= last:
            return beta
        # The score is that of n + h users. With the curvature of n, steps would overshoot where few users
        # hold a feature (h near n), and swing around the top without end.
        curvature = information(table.design, table.n + leverage, p)[np.ix_(free, free)]
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(curvature, score)
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        for _ in range(40):
            candidate = penalized_log_likelihood(table, beta + step)
            # Near its top the likelihood is flat to the last digit, while the score still tells where the top
            # is.
            if candidate >= value - _FLAT * abs(value):
                break
            step = step / 2
        beta, value, last = beta + step, candidate, largest
        if float(np.abs(step).max()) <= _ROUNDING * max(float(np.abs(beta).max()), 1.0):
            return beta
    return beta
