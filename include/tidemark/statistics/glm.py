"""Generalized linear models on users summed by equal covariates, fitted by statsmodels.

statsmodels and what it imports (pandas, scipy.stats) take 1.2 s and 105 MB, so it is imported when something
is fitted: the DAG's parse, the gates and the reports never load it.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Coefficients that move by less than this are there: Newton's steps square the distance.
_STILL = {"tol_criterion": "params", "tol": 1e-12, "rtol": 1e-9, "maxiter": 100}
# A rate of zero has no finite coefficient; the rest of the model is found all the same when the deviance
# stands still.
_FLAT = 1e-13


def fit_glm(
    family: Literal["Binomial", "Poisson"],
    design: Floats,
    outcome: Floats,
    users: Floats,
    *,
    start: Floats | None = None,
    **covariance: Any,
) -> Any | None:
    """Maximum likelihood with the canonical link, each row counting for its users.

    Args:
        family: of the outcome.
        design: (rows, columns).
        outcome: 0 or 1 (Binomial), or the mean amount of the row's users (Poisson).
        users: above 0 in each row.
        start: coefficients to start from.
        covariance: ``cov_type`` and ``cov_kwds`` of statsmodels; the scores of a row are those of its users.

    Returns:
        statsmodels' result, or None without full rank or where the steps come to no end.
    """
    if rank_deficient(design, users):
        return None
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():
        # It warns of separation, which the caller looks for, and of weights with a robust covariance, which
        # the tests check.
        warnings.simplefilter("ignore")
        model = GLM(outcome, design, family=getattr(families, family)(), freq_weights=users)
        try:
            result = model.fit(start_params=start, **_STILL, **covariance)
        except (np.linalg.LinAlgError, ValueError):
            return None
    before, last = result.fit_history["deviance"][-2:]
    found = result.converged or abs(before - last) <= _FLAT * float(users @ outcome)
    return result if found and np.isfinite(result.params).all() else None


def rank_deficient(design: Floats, users: Floats) -> bool:
    """Whether some columns determine another one, or nearly so."""
    return inverse((design * users[:, None]).T @ design) is None


def inverse(matrix: Floats) -> Floats | None:
    """Inverse of a symmetric positive definite matrix, or None where it has none in floating point."""
    scale = np.sqrt(np.diag(matrix))
    if not np.isfinite(scale).all() or (scale <= 0).any():
        return None
    scaled = matrix / np.outer(scale, scale)
    if np.linalg.cond(scaled) > 1e13:
        return None
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale))
