"""Which early behaviour goes with an outcome: odds ratios, adjusted and alone, and how far the model can be
believed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.cross_validation import validate
from include.tidemark.statistics.features import (
    INFLATED_ABOVE,
    SPARSE_BELOW,
    Screening,
    canonical,
    only,
    screen,
)
from include.tidemark.statistics.logistic import BinaryTable, LogisticFit, coefficient_interval, fit_logistic
from include.tidemark.statistics.multiplicity import adjust, selected_level
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.separation import (
    Profile,
    firth_profile,
    fit_firth,
    fit_log_f,
    separated_features,
    why_not,
)
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Flag

IMPACT_THRESHOLD = 1.2
EVENTS_A_PARAMETER = 10
# Numbers that one penalized fit may touch, and a whole profile: beyond them a simpler method gives an answer
# in seconds.
_FIRTH_LIMIT = 1_000_000
_PROFILE_LIMIT = 2_000_000


@dataclass(frozen=True)
class Model:
    """A fitted model of the outcome; `fit_model` chooses the method."""

    table: BinaryTable
    fit: LogisticFit
    profiled: tuple[str, ...]

    def odds(self, feature: str, confidence_level: float) -> tuple[Profile, str]:
        """Log odds per unit with interval and p-value, and the name of the method."""
        if feature in self.profiled:
            return firth_profile(self.table, self.fit, feature, confidence_level), "firth_profile"
        wald = coefficient_interval(self.fit, feature, confidence_level)
        method = "firth_wald" if self.fit.method == "firth_profile" else self.fit.method
        return Profile(wald.estimate, wald.ci_low, wald.ci_high, wald.p_value), method


def fit_model(table: BinaryTable) -> Model | None:
    """Maximum likelihood; or, where features separate the outcomes or there are under ten events a parameter,
    Firth's fit.

    Firth's fit has profile-likelihood intervals (for features that separate, and for all where that is quick;
    otherwise Wald's). A design too large for it gets the log-F(1,1) prior. None without any finite answer.
    """
    k = table.design.shape[1]
    won = float(table.successes.sum())
    reason = why_not(table)
    if reason in ("no_variation", "collinear"):
        return None
    plain = fit_logistic(table) if reason is None else None
    if plain is not None and min(won, table.size - won) >= EVENTS_A_PARAMETER * (k - 1):
        return Model(table, plain, ())
    if table.design.size * k > _FIRTH_LIMIT:
        shrunk = fit_log_f(table)
        return None if shrunk is None else Model(table, shrunk, ())
    firth = fit_firth(table)
    if firth is None:
        return None
    quick = table.design.size * k * k <= _PROFILE_LIMIT
    return Model(table, firth, tuple(table.names[1:] if quick else separated_features(table)))


def drivers(
    table: BinaryTable,
    config: StatisticsConfig,
    *,
    impact_threshold: float = IMPACT_THRESHOLD,
    horizon: str | None = None,
) -> list[ResultRow]:
    """Odds ratios of every feature, and the model's discrimination and calibration.

    Args:
        table: users by equal features, with the outcome.
        config: the run's settings.
        impact_threshold: a feature is listed as impactful when its adjusted odds ratio is at least this, or
            at most one over it, its adjusted p-value is at most alpha, and it is not sparse.
        horizon: the outcome's window, for the rows.

    Returns:
        For each feature (``segment``): ``odds_ratio`` in the model of all features, with p-values adjusted
        over the features; ``odds_ratio_univariate`` alone; ``odds_ratio_impactful``, the first again at the
        level for selected intervals, or null; ``variance_inflation``; ``smallest_cell``. Then ``auc``,
        ``calibration_slope`` and ``calibration_in_the_large`` by cross-validation. A feature that is constant
        (``no_variation``) or determined by others (``collinear``, ``segment_to`` names the likest) has null
        odds ratios in the model.

    Raises:
        ValueError: for a threshold below 1.

    >>> counts = [(0, 0, 200, 40), (0, 1, 100, 20), (1, 0, 100, 50), (1, 1, 50, 25)]
    >>> rows = [{"saves": s, "mobile": m, "n": n, "successes": k} for s, m, n, k in counts]
    >>> found = drivers(BinaryTable.from_rows(rows, ["saves", "mobile"]), StatisticsConfig("2026-11-01"))
    >>> [(row.segment, row.estimate, row.method) for row in found if row.metric == "odds_ratio"]
    [('saves', 4.0, 'logit_robust'), ('mobile', 1.0, 'logit_robust')]
    >>> [row.segment for row in found if row.metric == "odds_ratio_impactful" and row.estimate]
    ['saves']
    """
    if not impact_threshold >= 1:
        raise ValueError(f"impact_threshold must be at least 1, got {impact_threshold!r}.")
    users = canonical(replace(table, clusters=None))
    found = screen(users)
    features = list(users.names[1:])
    known: dict[str, Any] = {
        "n": users.size,
        "horizon": horizon,
        "confidence_level": config.confidence_level,
    }
    kept = only(users, found.kept)
    reason = _withheld(kept, config)
    model = None if reason or not found.kept else fit_model(kept)
    reason = reason or ("no_variation" if not found.kept else why_not(kept) or "separation")
    alone = {name: None if _withheld(users, config) else fit_model(only(users, [name])) for name in features}
    ratios = adjust(
        _odds_row("odds_ratio", name, model, found, {**known, "reason": reason}) for name in features
    )
    by_itself = replace(found, collinear={}, inflation={})
    single = adjust(
        _odds_row("odds_ratio_univariate", name, alone[name], by_itself, {**known, "reason": reason})
        for name in features
    )
    impactful = _impactful(ratios, model, config, impact_threshold)
    notes = [row for name in features for row in _notes(name, found, known)]
    return [*ratios, *single, *impactful, *notes, *_validation_rows(kept, model, reason, config, known)]


def _withheld(table: BinaryTable, config: StatisticsConfig) -> str | None:
    if table.size == 0:
        return "empty_segment"
    if table.size < config.minimum_sample_size:
        return "too_few_users"
    return "no_variation" if float(table.successes.sum()) in (0.0, float(table.size)) else None


def _odds_row(
    metric: str, name: str, model: Model | None, found: Screening, known: dict[str, Any]
) -> ResultRow:
    """``known`` holds the reason for which there is no model."""
    known = {**known, "segment": name}
    reason = known.pop("reason")
    if name in found.constant:
        return null_row(metric, "logit_robust", "no_variation", **known)
    if name in found.collinear:
        return null_row(metric, "logit_robust", "collinear", segment_to=found.collinear[name], **known)
    if model is None:
        return null_row(metric, "logit_robust", reason, **known)
    odds, method = model.odds(name, known["confidence_level"])
    trust, warning = _trust(name, method, found)
    return ResultRow(
        metric,
        _exp(odds.estimate),
        method,
        ci_low=_exp(odds.ci_low),
        ci_high=_exp(odds.ci_high),
        p_value=odds.p_value,
        trust=trust,
        reason=warning,
        **known,
    )


def _trust(name: str, method: str, found: Screening) -> Flag:
    if found.smallest_cell[name] < SPARSE_BELOW:
        return "unreliable", "sparse"
    if found.inflation.get(name, 1.0) > INFLATED_ABOVE:
        return "caution", "inflated"
    return ("ok", None) if method == "logit_robust" else ("caution", "penalized")


def _impactful(
    ratios: list[ResultRow], model: Model | None, config: StatisticsConfig, threshold: float
) -> list[ResultRow]:
    alpha = 1 - config.confidence_level
    chosen = {
        row.segment
        for row in ratios
        if row.estimate is not None
        and row.p_adjusted is not None
        and row.p_adjusted <= alpha
        and row.trust != "unreliable"
        and max(row.estimate, 1 / max(row.estimate, 1e-300)) >= threshold
    }
    rows = []
    for row in ratios:
        same = {"segment": row.segment, "segment_to": row.segment_to, "horizon": row.horizon, "n": row.n}
        if row.segment not in chosen or model is None or row.segment is None:
            there = None not in (row.estimate, row.ci_low, row.ci_high)
            reason = "not_impactful" if there else row.reason or "not_impactful"
            rows.append(null_row("odds_ratio_impactful", row.method, reason, **same))
            continue
        level = selected_level(len(chosen), row.family_size or 1, config.confidence_level)
        odds, _ = model.odds(row.segment, level)
        low, high = _exp(odds.ci_low), _exp(odds.ci_high)
        rows.append(
            replace(row, metric="odds_ratio_impactful", ci_low=low, ci_high=high, confidence_level=level)
        )
    return rows


def _notes(name: str, found: Screening, known: dict[str, Any]) -> list[ResultRow]:
    same = {**known, "confidence_level": None, "segment": name}
    cell = found.smallest_cell[name]
    sparse = "sparse" if cell < SPARSE_BELOW else "descriptive"
    rows = [ResultRow("smallest_cell", cell, "count", reason=sparse, **same)]
    if name in found.inflation:
        value = found.inflation[name]
        reason = "collinear" if value > INFLATED_ABOVE else "descriptive"
        return [ResultRow("variance_inflation", value, "vif", reason=reason, **same), *rows]
    reason = "no_variation" if name in found.constant else "collinear"
    other = found.collinear.get(name)
    return [null_row("variance_inflation", "vif", reason, segment_to=other, **same), *rows]


def _validation_rows(
    table: BinaryTable, model: Model | None, reason: str, config: StatisticsConfig, known: dict[str, Any]
) -> list[ResultRow]:
    metrics = ("auc", "calibration_slope", "calibration_in_the_large")
    source = stream(config.as_of_date, "cross_validation", None, known["horizon"])
    found = None if model is None else validate(table, source, config.confidence_level)
    if found is None:
        reason = reason if model is None else "too_few_users"
        return [null_row(metric, "cross_validated", reason, **known) for metric in metrics]
    method = "cross_validated"
    # Folds share training users, which these intervals leave out: without any effect DeLong's covers 83 to 86
    # %.
    known = {**known, "trust": "caution"}
    shared = "shared_users"
    rows = [
        ResultRow(
            "auc",
            found.auc,
            method,
            ci_low=found.auc_low,
            ci_high=found.auc_high,
            reason="separation" if found.auc_low is None else shared,
            **known,
        )
    ]
    if found.slope is None:
        rows.append(null_row("calibration_slope", method, "no_variation", **{**known, "trust": None}))
    else:
        slope, low, high = found.slope.estimate, found.slope.ci_low, found.slope.ci_high
        rows.append(
            ResultRow("calibration_slope", slope, method, ci_low=low, ci_high=high, reason=shared, **known)
        )
    value, low, high = found.excess
    rows.append(
        ResultRow("calibration_in_the_large", value, method, ci_low=low, ci_high=high, reason=shared, **known)
    )
    return rows


def _exp(log_odds: float) -> float:
    return float(np.exp(min(log_odds, 709.0))) if log_odds < math.inf else math.inf
