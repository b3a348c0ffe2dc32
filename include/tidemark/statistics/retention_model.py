"""The retention model's rows: what a fee that is 5 bps higher does to the probability of staying."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import (
    MINIMUM_PERIODS,
    PeriodEffect,
    effect_from_error,
    jackknife_error,
)
from include.tidemark.statistics.logistic import (
    BinaryTable,
    average_contrast,
    coefficient_interval,
    fit_logistic,
)
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.separation import why_not
from include.tidemark.statistics.spells import lag_one, level_of, spells_of
from include.tidemark.statistics.trust import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPELLS = "retention_fee_spells"
AUTOCORRELATION = "retention_week_autocorrelation"
_MANY_PERIODS = 60
_EVEN_ENOUGH = 2 / 3
"""The effective number of periods over their number below which the intervals hold in 91.5 to 93 % of
samples."""
_FEWEST_OF_AN_OUTCOME = 20
"""Users with the outcome, and without it, below which the jackknife's intervals hold in 97 to 99.9 % of
samples."""


def retention_model(
    table: BinaryTable,
    config: StatisticsConfig,
    *,
    feature: str = "fee_bps",
    step: float = 5.0,
    horizon: str | None = None,
) -> list[ResultRow]:
    """Average change of the retention probability, and the odds ratio, for ``step`` more of ``feature``.

    Args:
        table: users by equal covariates; its clusters are the periods in which the fee was set, numbered in
            the order of time. Without clusters users count as independent.
        config: the run's settings.
        feature: the column to move.
        step: by how much.
        horizon: the retention's window, for the rows.

    Returns:
        ``retention_change_5bps`` (forward contrast, mean over users of p(x + 5) - p(x)) and
        ``odds_ratio_5bps``, each by ``logit_clustered`` and, by leaving out one period at a time,
        ``logit_jackknife``; without clusters by ``logit_robust`` alone. With fewer than six periods no
        p-value. Null with a reason where there is no fit. The clusters are spells of the feature where it had
        six or more of them; with fewer they are the periods, the rows are ``unreliable`` (``few_spells``),
        and none has a p-value. With clusters also ``retention_fee_spells`` and
        ``retention_week_autocorrelation``.

    >>> rows = [{"fee_bps": 5, "n": 100, "successes": 60}, {"fee_bps": 10, "n": 100, "successes": 50}]
    >>> found = retention_model(BinaryTable.from_rows(rows, ["fee_bps"]), StatisticsConfig("2026-11-01"))
    >>> [(row.metric, round(row.estimate, 6), row.method) for row in found]
    [('retention_change_5bps', -0.1, 'logit_robust'), ('odds_ratio_5bps', 0.666667, 'logit_robust')]
    """
    names = (f"retention_change_{step:g}bps", f"odds_ratio_{step:g}bps")
    known: dict[str, Any] = {
        "horizon": horizon,
        "n": table.size,
        "confidence_level": config.confidence_level,
    }
    described: list[ResultRow] = []
    few_spells = False
    clustered = table.clusters is not None
    if table.clusters is not None:
        spells = _spells(table, feature)
        few_spells = len(np.unique(spells)) < MINIMUM_PERIODS
        described = _description(table, spells, known)
        if not few_spells:
            table = replace(table, clusters=spells)
    # The last one is primary: with few periods the clustered error rejects too often.
    methods = ("logit_clustered", "logit_jackknife") if clustered else ("logit_robust",)
    fit = None if table.size < config.minimum_sample_size else fit_logistic(table)
    if fit is None:
        reason = _reason(table, config, feature)
        return [
            null_row(name, method, reason, is_primary=method == methods[-1], **known)
            for name in names
            for method in methods
        ] + described
    level = config.confidence_level
    change = average_contrast(fit, table, feature, step, level)
    odds = coefficient_interval(fit, feature, level)
    groups = 0 if table.clusters is None else int(table.clusters.max()) + 1
    withheld = few_spells or (clustered and groups < MINIMUM_PERIODS)
    p_values = (None, None) if withheld else (change.p_value, odds.p_value)
    found: list[tuple[str, PeriodEffect | None]] = [
        (names[0], PeriodEffect(change.estimate, change.ci_low, change.ci_high, p_values[0], fit.method)),
        (
            names[1],
            PeriodEffect(
                step * odds.estimate, step * odds.ci_low, step * odds.ci_high, p_values[1], fit.method
            ),
        ),
    ]
    if clustered:
        found += list(zip(names, _jackknife(table, feature, step, level), strict=True))
    rows = []
    for name in names:
        for method, effect in zip(
            methods, (effect for metric, effect in found if metric == name), strict=True
        ):
            is_primary = method == methods[-1]
            if effect is None:
                rows.append(null_row(name, method, "too_few_periods", is_primary=is_primary, **known))
                continue
            trust, warning = (None, None) if effect.reason else _trust(method, table, few_spells=few_spells)
            ends = [effect.estimate, effect.ci_low, effect.ci_high]
            if name == names[1]:
                ends = [math.exp(min(end, 700.0)) for end in ends]
            rows.append(
                ResultRow(
                    name,
                    ends[0],
                    method,
                    ci_low=ends[1],
                    ci_high=ends[2],
                    p_value=None if withheld else effect.p_value,
                    trust=trust,
                    reason=effect.reason or warning,
                    is_primary=is_primary,
                    **known,
                )
            )
    return rows + described


def _spells(table: BinaryTable, feature: str) -> NDArray[np.int64]:
    """The spell of each row of the table, by the values of the feature in its period."""
    clusters = np.zeros(0, np.int64) if table.clusters is None else table.clusters
    value = table.design[:, table.names.index(feature)]
    periods = range(int(clusters.max(initial=-1)) + 1)
    levels = [level_of(value[clusters == period].tolist(), period) for period in periods]
    return spells_of(levels)[clusters]


def _description(table: BinaryTable, spells: NDArray[np.int64], known: dict[str, Any]) -> list[ResultRow]:
    """How many spells there were, and how alike neighbouring periods are beyond what the model explains."""
    known = {name: known[name] for name in ("horizon", "n")}
    if not table.size:
        return [
            null_row(metric, method, "empty_segment", **known)
            for metric, method in ((SPELLS, "count"), (AUTOCORRELATION, "lag_1"))
        ]
    rows = [ResultRow(SPELLS, len(np.unique(spells)), "count", reason="descriptive", **known)]
    fit = fit_logistic(table) if table.size else None
    found = None
    if fit is not None and table.clusters is not None:
        missed = table.successes - table.n * expit(table.design @ fit.coefficients)
        found = lag_one(np.bincount(table.clusters, missed) / np.bincount(table.clusters, table.n))
    if found is None:
        return [*rows, null_row(AUTOCORRELATION, "lag_1", "too_few_periods", **known)]
    return [*rows, ResultRow(AUTOCORRELATION, found, "lag_1", reason="descriptive", **known)]


def _reason(table: BinaryTable, config: StatisticsConfig, feature: str) -> str:
    if table.size == 0:
        return "empty_segment"
    if table.size < config.minimum_sample_size:
        return "too_few_users"
    levels = table.design[:, table.names.index(feature)]
    if levels.min() == levels.max():
        return "one_fee_level"
    return why_not(table) or "too_few_clusters"


def _jackknife(
    table: BinaryTable, feature: str, step: float, confidence_level: float
) -> tuple[PeriodEffect | None, PeriodEffect | None]:
    """The same two effects refitted without each period; None where leaving one out leaves no fit."""

    def effects(rows: np.ndarray) -> tuple[float, float] | None:
        part = BinaryTable(table.names, table.design[rows], table.n[rows], table.successes[rows])
        fit = fit_logistic(part) if part.size else None
        if fit is None:
            return None
        # Averaged over all users, so that only the coefficients move.
        change = average_contrast(fit, table, feature, step, confidence_level).estimate
        return change, step * float(fit.coefficients[fit.names.index(feature)])

    clusters = np.zeros(0) if table.clusters is None else table.clusters
    groups = len(np.unique(clusters))
    full = effects(np.ones(len(table.n), bool))
    left_out = [found for k in np.unique(clusters) if (found := effects(clusters != k)) is not None]
    if full is None or len(left_out) < groups:
        return None, None
    errors = jackknife_error(full, left_out)
    one, two = (
        effect_from_error(value, float(error), groups, confidence_level, "logit_jackknife")
        for value, error in zip(full, errors, strict=True)
    )
    return one, two


def _trust(method: str, table: BinaryTable, *, few_spells: bool) -> Flag:
    """The clustered error rejects in 8 to 15 % of cases with 8 to 12 periods, the jackknife's in 5 to 7 %."""
    if table.clusters is None:
        return "ok", None
    users, successes = np.bincount(table.clusters, table.n), table.successes.sum()
    groups = len(users)
    if groups < MINIMUM_PERIODS or few_spells:
        return "unreliable", "few_spells" if groups >= MINIMUM_PERIODS else "few_periods"
    if method == "logit_clustered" and groups < _MANY_PERIODS:
        return "caution", "clustered_error"
    if users.sum() ** 2 / (users**2).sum() < _EVEN_ENOUGH * groups:
        return "caution", "few_periods"
    few = min(successes, users.sum() - successes) < _FEWEST_OF_AN_OUTCOME
    return ("caution", "few_successes") if few else ("ok", None)
