"""Poisson pseudo-maximum likelihood: the effect on the mean itself, in whatever unit the amounts are counted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.logistic import inverse

Floats = NDArray[np.float64]

_MAX_STEPS = 100


def fit_poisson(design: Floats, n: Floats, total: Floats, start: Floats | None = None) -> Floats | None:
    """Coefficients of E[amount] = exp(x'b) from the users and the total amount of each design row.

    Only the mean has to be right: amounts need not be counts, zeros are allowed, and another unit moves the intercept
    only. Source: Gourieroux, Monfort and Trognon 1984; Santos Silva and Tenreyro 2006.

    Args:
        design: (rows, columns), with a column or a sum of columns that is constant.
        n: users of each row.
        total: sum of their amounts, 0 or more.
        start: coefficients to start from.

    Returns:
        The coefficients, or None where there is no finite maximum or no full rank.

    >>> beta = fit_poisson(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([2.0, 2.0]), np.array([10.0, 20.0]))
    >>> [round(float(np.exp(b)), 9) for b in beta]
    [5.0, 2.0]
    """
    if total.sum() <= 0:
        return None
    level = math.log(total.sum() / n.sum())
    beta = np.linalg.lstsq(design, np.full(len(n), level), rcond=None)[0] if start is None else start.copy()

    def value(candidate: Floats) -> float:
        eta = design @ candidate
        return float(total @ eta - n @ np.exp(np.minimum(eta, 700.0)))

    now = value(beta)
    for _ in range(_MAX_STEPS):
        mu = n * np.exp(np.minimum(design @ beta, 700.0))
        bread = inverse((design * mu[:, None]).T @ design)
        if bread is None:
            return None
        score = design.T @ (total - mu)
        step = bread @ score
        for _ in range(40):
            then = value(beta + step)
            if then >= now - 1e-12 * abs(now):
                break
            step = step / 2
        beta, now = beta + step, then
        if float(score @ step) <= 1e-18 * max(abs(now), 1.0):
            return np.asarray(beta)
    return None
