"""Logistic regression on unique covariate rows: robust or clustered errors, and average effects on the
probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, stdtr, stdtrit

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.glm import fit_glm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Floats = NDArray[np.float64]

INTERCEPT = "intercept"
# Log odds of 30 are one in 1e13: no data of users say that, it is a coefficient on its way to infinity.
_RUNAWAY = 30.0


@dataclass(frozen=True)
class BinaryTable:
    """Users summed by equal covariates: a million users are a few hundred or thousand rows, and the fit is
    the same.

    Attributes:
        names: the columns of the design; the first is the intercept.
        design: (rows, columns).
        n: users of each row.
        successes: those of them with the outcome.
        clusters: cluster number of each row, or None; users of one cluster are not independent.
    """

    names: tuple[str, ...]
    design: Floats
    n: Floats
    successes: Floats
    clusters: NDArray[np.int64] | None = None

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any]], features: Sequence[str], *, cluster: str | None = None
    ) -> BinaryTable:
        """From the records of a GROUP BY over the features (and the cluster) with the counts ``n`` and
        ``successes``.

        Raises:
            ValueError: for missing columns, values that are not finite, or successes outside 0 to n.

        >>> rows = [{"fee": 10, "n": 5, "successes": 3}, {"fee": 20, "n": 5, "successes": 1}]
        >>> BinaryTable.from_rows(rows, ["fee"]).design.tolist()
        [[1.0, 10.0], [1.0, 20.0]]
        """
        held = [row for row in rows if row["n"]]
        missing = [name for name in (*features, "successes") if held and name not in held[0]]
        if missing:
            raise ValueError(f"column {missing[0]!r} is missing; the rows have {sorted(held[0])}.")
        values = [[float(row[name]) for name in (*features, "n", "successes")] for row in held]
        table = np.array(values, dtype=np.float64).reshape(-1, len(features) + 2)
        labels = None if cluster is None else [row[cluster] for row in held]
        return cls._of(table[:, :-2], table[:, -2], table[:, -1], features, labels)

    @classmethod
    def _of(
        cls, x: Floats, n: Floats, successes: Floats, features: Sequence[str], labels: Sequence[Any] | None
    ) -> BinaryTable:
        if not (np.isfinite(x).all() and np.isfinite(n).all() and np.isfinite(successes).all()):
            raise ValueError("covariates and counts must be finite.")
        if ((successes < 0) | (successes > n)).any():
            raise ValueError("successes must lie between 0 and n in each row.")
        clusters = (
            None if labels is None else np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
        )
        design = np.column_stack([np.ones(len(n)), x])
        return cls((INTERCEPT, *features), design, n, successes, clusters)

    @property
    def size(self) -> int:
        """Users."""
        return round(float(self.n.sum()))


@dataclass(frozen=True)
class LogisticFit:
    """A fitted model.

    Attributes:
        names: of the coefficients; the first is the intercept.
        coefficients: log odds per unit.
        covariance: of the coefficients.
        log_likelihood: at the maximum.
        freedom: degrees of freedom of the t quantiles: clusters minus one, infinite without clusters.
        method: ``logit_robust`` or ``logit_clustered``, or a penalized method's name.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    freedom: float
    method: str

    @property
    def errors(self) -> Floats:
        """Standard errors of the coefficients."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0.0)))


@dataclass(frozen=True)
class Effect:
    """An average effect on the probability, by the delta method: estimate, standard error, interval and
    p-value."""

    estimate: float
    error: float
    ci_low: float
    ci_high: float
    p_value: float


def fit_logistic(table: BinaryTable) -> LogisticFit | None:
    """Maximum likelihood by statsmodels, with the sandwich covariance.

    Without clusters the covariance is White's HC0; with G clusters it is multiplied by G/(G-1) (N-1)/(N-k), N
    being users (statsmodels counts rows), and quantiles come from t with G - 1 degrees of freedom, because
    few periods otherwise reject far too often.

    Returns:
        The fit, or None where there is no finite maximum (see `separation.why_not`) or only one cluster.

    >>> rows = [{"fee": 0, "n": 90, "successes": 60}, {"fee": 1, "n": 90, "successes": 30}]
    >>> fit = fit_logistic(BinaryTable.from_rows(rows, ["fee"]))
    >>> [round(math.exp(b), 9) for b in fit.coefficients], fit.method
    ([2.0, 0.25], 'logit_robust')
    """
    factor, freedom, method = 1.0, math.inf, "logit_robust"
    if table.clusters is not None:
        groups, k = int(table.clusters.max(initial=0)) + 1, table.design.shape[1]
        if groups < 2 or table.size <= k:
            return None
        factor = groups / (groups - 1) * (table.size - 1) / (table.size - k)
        freedom, method = float(groups - 1), "logit_clustered"
    found = maximize(table.design, table.n, table.successes, table.clusters)
    if found is None:
        return None
    covariance = np.asarray(found.cov_params()) * factor
    return LogisticFit(table.names, np.asarray(found.params), covariance, float(found.llf), freedom, method)


def average_contrast(
    fit: LogisticFit, table: BinaryTable, feature: str, step: float, confidence_level: float
) -> Effect:
    """Mean over users of p(x + step) - p(x): what adding ``step`` to one feature does to the probability.

    The forward contrast, not the derivative: "+5 bps" means five more than today, for each user.

    Args:
        fit: a fit on ``table``.
        table: the users to average over.
        feature: the column to move.
        step: by how much, in the feature's unit.
        confidence_level: nominal coverage.

    >>> rows = [{"fee": 0, "n": 90, "successes": 60}, {"fee": 1, "n": 90, "successes": 30}]
    >>> table = BinaryTable.from_rows(rows, ["fee"])
    >>> found = average_contrast(fit_logistic(table), table, "fee", 1.0, 0.95)
    >>> round(found.estimate, 9)  # from 2/3 to 1/3, and from 1/3 to 1/9
    -0.277777778
    """
    share = table.n / table.n.sum()
    moved = table.design.copy()
    moved[:, fit.names.index(feature)] += step
    now, then = (expit(design @ fit.coefficients) for design in (table.design, moved))
    gradient = (share * then * (1 - then)) @ moved - (share * now * (1 - now)) @ table.design
    return _delta(float(share @ (then - now)), gradient, fit, confidence_level)


def coefficient_interval(fit: LogisticFit, name: str, confidence_level: float) -> Effect:
    """Wald interval and p-value of one coefficient (log odds); exponentiate the ends for odds ratios."""
    place = fit.names.index(name)
    gradient = np.eye(len(fit.names))[place]
    return _delta(float(fit.coefficients[place]), gradient, fit, confidence_level)


def _delta(estimate: float, gradient: Floats, fit: LogisticFit, confidence_level: float) -> Effect:
    alpha = 1.0 - check_level(confidence_level)
    error = math.sqrt(max(float(gradient @ fit.covariance @ gradient), 0.0))
    freedom = min(fit.freedom, 1e9)
    half = error * float(stdtrit(freedom, 1 - alpha / 2))
    p_value = 2 * float(stdtr(freedom, -abs(estimate) / error)) if error > 0 else 1.0
    return Effect(estimate, error, estimate - half, estimate + half, p_value)


def maximize(
    design: Floats, n: Floats, successes: Floats, clusters: NDArray[np.int64] | None = None
) -> Any | None:
    """statsmodels' result at the maximum of the likelihood, with HC0 or clustered errors; None where there is
    none."""
    users = np.concatenate([successes, n - successes])
    held = users > 0
    outcome = np.repeat([1.0, 0.0], len(n))[held]
    errors: dict[str, Any] = {"cov_type": "HC0"}
    if clusters is not None:
        groups = np.tile(clusters, 2)[held]
        errors = {"cov_type": "cluster", "cov_kwds": {"groups": groups, "use_correction": False}}
    found = fit_glm("Binomial", np.tile(design, (2, 1))[held], outcome, users[held], **errors)
    return None if found is None or float(np.abs(design @ found.params).max()) > _RUNAWAY else found


def log_likelihood(design: Floats, n: Floats, successes: Floats, beta: Floats) -> float:
    """Bernoulli log likelihood of grouped outcomes."""
    eta = design @ beta
    return float((successes * log_expit(eta) + (n - successes) * log_expit(-eta)).sum())


def information(design: Floats, n: Floats, p: Floats) -> Floats:
    """Fisher information of the coefficients."""
    return np.asarray((design * (n * p * (1 - p))[:, None]).T @ design)
