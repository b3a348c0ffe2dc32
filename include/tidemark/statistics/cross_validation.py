"""How well a logistic model tells users apart whom it has not seen, and whether its probabilities are
right."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from include.tidemark.statistics.config import check_level
from include.tidemark.statistics.logistic import (
    INTERCEPT,
    BinaryTable,
    Effect,
    coefficient_interval,
    fit_logistic,
    maximize,
)
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.separation import fit_log_f
from include.tidemark.statistics.streams import Stream

Floats = NDArray[np.float64]

FOLDS = 5


@dataclass(frozen=True)
class Validation:
    """What cross-validation found.

    Attributes:
        auc: probability that a user with the outcome is predicted higher than one without, ties half.
        auc_low: lower end, on the logit scale with DeLong's variance; None where the AUC is 0 or 1.
        auc_high: upper end.
        slope: of the outcome's log odds on the predicted log odds: 1 is right, below 1 the effects are
            overstated. None where predictions do not vary.
        excess: observed rate minus mean predicted probability, with Wilson's interval of the rate.
    """

    auc: float
    auc_low: float | None
    auc_high: float | None
    slope: Effect | None
    excess: tuple[float, float, float]


def split(table: BinaryTable, stream: Stream, folds: int = FOLDS) -> tuple[Floats, Floats]:
    """Users and successes of each row in each fold at random, shape (folds, rows) each; outcomes even over
    the folds.

    Users of one row and outcome are alike, so only their numbers matter: with sorted rows the folds do not
    depend on the order of the users. Dealing them out in turn instead would give each fold the same chance
    pattern, and noise would look like an effect (an area of 0.53 without any).

    >>> from include.tidemark.statistics.streams import stream
    >>> rows = [{"x": 0, "n": 4, "successes": 1}, {"x": 1, "n": 2, "successes": 1}]
    >>> split(BinaryTable.from_rows(rows, ["x"]), stream("2026-11-01", "folds"), 2)[0].sum(axis=0).tolist()
    [4.0, 2.0]
    """
    generator = next(stream.blocks(1))

    def dealt(counts: Floats) -> Floats:
        whole = np.rint(counts).astype(np.int64)
        labels = generator.permutation(np.arange(int(whole.sum())) % folds)
        place = labels * len(whole) + np.repeat(np.arange(len(whole)), whole)
        return np.bincount(place, minlength=folds * len(whole)).reshape(folds, -1).astype(np.float64)

    won = dealt(table.successes)
    return won + dealt(table.n - table.successes), won


def validate(
    table: BinaryTable, stream: Stream, confidence_level: float, folds: int = FOLDS
) -> Validation | None:
    """Cross-validated discrimination and calibration; None with fewer users of an outcome than folds.

    Each fold is predicted from the others, by maximum likelihood, or with a log-F(1,1) prior where that has
    no answer.

    Args:
        table: rows sorted, see `features.canonical`.
        stream: seed of the folds.
        confidence_level: nominal coverage.
        folds: how many.
    """
    won = float(table.successes.sum())
    if min(won, table.size - won) < folds:
        return None
    n, successes = split(table, stream, folds)
    predicted = np.zeros_like(n)
    for fold in range(folds):
        rest = BinaryTable(table.names, table.design, table.n - n[fold], table.successes - successes[fold])
        found = maximize(rest.design, rest.n, rest.successes)
        penalized = fit_log_f(rest) if found is None else None
        if found is not None:
            beta = found.params
        elif penalized is not None:
            beta = penalized.coefficients
        else:
            return None
        predicted[fold] = table.design @ beta
    held = [area(*parts) for parts in zip(predicted, successes, n - successes, strict=True)]
    pairs = successes.sum(axis=1) * (n - successes).sum(axis=1)
    weights = pairs / pairs.sum()
    auc = float(weights @ [value for value, _ in held])
    error = math.sqrt(float(weights**2 @ [variance for _, variance in held]))
    low, high = _logit_interval(auc, error, confidence_level)
    return Validation(auc, low, high, *_calibration(predicted, n, successes, confidence_level))


def area(score: Floats, won: Floats, lost: Floats) -> tuple[float, float]:
    """Area under the curve and DeLong's variance, from counts of each outcome by score.

    Source: DeLong, DeLong and Clarke-Pearson 1988.

    >>> area(np.array([0.2, 0.8]), np.array([1.0, 3.0]), np.array([3.0, 1.0]))
    (0.75, 0.03125)
    """
    levels, place = np.unique(score, return_inverse=True)
    s, f = (np.bincount(place, weights=part, minlength=len(levels)) for part in (won, lost))
    successes, failures = s.sum(), f.sum()
    above_failures = (np.cumsum(f) - f / 2) / failures
    below_successes = (successes - np.cumsum(s) + s / 2) / successes
    value = float(s @ above_failures / successes)
    spread = s @ (above_failures - value) ** 2 / max(successes - 1, 1) / successes
    return value, float(spread + f @ (below_successes - value) ** 2 / max(failures - 1, 1) / failures)


def _logit_interval(auc: float, error: float, confidence_level: float) -> tuple[float | None, float | None]:
    if not 0 < auc < 1:
        return None, None
    half = float(ndtri(0.5 + check_level(confidence_level) / 2)) * error / (auc * (1 - auc))
    centre = math.log(auc / (1 - auc))
    return float(expit(centre - half)), float(expit(centre + half))


def _calibration(
    predicted: Floats, n: Floats, successes: Floats, confidence_level: float
) -> tuple[Effect | None, tuple[float, float, float]]:
    eta = predicted.ravel()
    kept = n.ravel() > 0
    design = np.column_stack([np.ones(len(eta)), eta])[kept]
    outcome = BinaryTable((INTERCEPT, "predicted"), design, n.ravel()[kept], successes.ravel()[kept])
    # Predictions of users without any effect differ between folds by rounding only: no slope can be told from
    # that.
    varies = float(np.ptp(eta[kept])) > 1e-9
    fit = fit_logistic(outcome) if varies else None
    slope = None if fit is None else coefficient_interval(fit, "predicted", confidence_level)
    users, won = float(n.sum()), float(successes.sum())
    mean = float((n * expit(predicted)).sum() / users)
    low, high = wilson_interval(round(won), round(users), confidence_level)
    return slope, (won / users - mean, low - mean, high - mean)
