"""Poisson pseudo-maximum likelihood: the effect on the mean itself, in whatever unit the amounts are
counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.glm import fit_glm

Floats = NDArray[np.float64]


def fit_poisson(design: Floats, n: Floats, total: Floats, start: Floats | None = None) -> Floats | None:
    """Coefficients of E[amount] = exp(x'b) from the users and the total amount of each design row.

    Only the mean has to be right: amounts need not be counts, zeros are allowed, and another unit moves the
    intercept only. Source: Gourieroux, Monfort and Trognon 1984; Santos Silva and Tenreyro 2006.

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
    found = fit_glm("Poisson", design, total / n, n, start=start)
    if found is None:
        return None
    # statsmodels solves for the coefficients anew in each step. One step by the score alone rounds less, so
    # that the jackknife's p-values have the same twelve digits on every processor.
    hessian, score = found.model.hessian(found.params), found.model.score(found.params)
    return np.asarray(found.params - np.linalg.lstsq(hessian, score, rcond=None)[0])
