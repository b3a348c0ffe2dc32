"""What is beside the elasticity's least squares: Poisson and Huber fits, and how heavy the residuals' tails
are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.few_clusters import (
    MINIMUM_PERIODS,
    PeriodEffect,
    PeriodFit,
    PeriodSums,
    effect_from_error,
    fit_periods,
    jackknife_error,
)
from include.tidemark.statistics.huber import fit_huber, robust_scale
from include.tidemark.statistics.poisson import fit_poisson
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.spells import lag_one
from include.tidemark.statistics.volume_cells import VolumeCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Floats = NDArray[np.float64]

RESIDUALS = ("residual_skewness", "residual_excess_kurtosis", "residual_outlier_share")
SPELLS = "volume_fee_spells"
AUTOCORRELATION = "volume_week_autocorrelation"
OUTLIER_SCALES = 3.0
MANY_OUTLIERS = 0.01


@dataclass(frozen=True)
class ModelOfPeriods:
    """The joint model of some segments: its cells, its design and its least-squares fit."""

    cells: VolumeCells
    segments: tuple[str, ...]
    periods: tuple[str, ...]
    design: Floats
    fit: PeriodFit

    @classmethod
    def of(cls, cells: VolumeCells, segments: Sequence[str]) -> ModelOfPeriods | None:
        """Fit it; None where there is nothing to fit, or no full rank."""
        held = cells.only(np.isin(cells.segment, list(segments)))
        if len(held.n) == 0:
            return None
        design, names = held.design(segments)
        periods, place = np.unique(held.period, return_inverse=True)
        parts = [place == k for k in range(len(periods))]
        weighted = design * held.n[:, None]
        sums = PeriodSums(
            names,
            np.array([held.n[part].sum() for part in parts]),
            np.array([weighted[part].T @ design[part] for part in parts]),
            np.array([design[part].T @ held.log_sum[part] for part in parts]),
        )
        fit = fit_periods(sums)
        return None if fit is None else cls(held, tuple(segments), tuple(periods.tolist()), design, fit)

    @cached_property
    def residual(self) -> Floats:
        """Mean residual of each cell."""
        return np.asarray(self.cells.log_sum / self.cells.n - self.design @ self.fit.coefficients)

    @cached_property
    def scale(self) -> float:
        """Robust standard deviation of the residuals."""
        return robust_scale(self.residual, self.cells.n)

    def without(self, period: str) -> NDArray[np.bool_]:
        """Which cells are of another period."""
        return np.asarray(self.cells.period != period)


def poisson_effects(model: ModelOfPeriods, confidence_level: float) -> dict[str, PeriodEffect | str]:
    """Slopes of Poisson pseudo-maximum likelihood with jackknife errors over periods; a reason where there is
    none."""
    cells = model.cells
    volume = {name: float(cells.volume_usd[cells.segment == name].sum()) for name in model.segments}
    kept = [name for name in model.segments if volume[name] > 0]
    found: dict[str, PeriodEffect | str] = {
        name: "zero_denominator" for name in model.segments if name not in kept
    }
    if not kept:
        return found
    held = cells.only(np.isin(cells.segment, kept))
    design, names = held.design(kept)
    keys, place = np.unique(
        np.column_stack([design, np.unique(held.period, return_inverse=True)[1]]), axis=0, return_inverse=True
    )
    n, total = (np.bincount(place, weights=part) for part in (held.n, held.volume_usd))
    labels = keys[:, -1]

    def fit(out: int | None, start: Floats | None) -> Floats | None:
        part = labels != out
        return fit_poisson(keys[part, :-1], n[part], total[part], start)

    seen = {name: held.periods_of(name) for name in kept}
    effects = _jackknifed(fit, len(np.unique(labels)), names, seen) or {}
    for name in kept:
        found[name] = (
            effects[name].effect(confidence_level, "ppml_jackknife") if effects else "too_few_periods"
        )
    return found


def huber_effects(model: ModelOfPeriods, confidence_level: float) -> dict[str, PeriodEffect]:
    """Slopes of Huber's robust regression with jackknife errors over periods; empty where there are none."""
    mean = model.cells.log_sum / model.cells.n

    def fit(out: int | None, start: Floats | None) -> Floats | None:
        part = np.ones(len(mean), bool) if out is None else model.without(model.periods[out])
        return fit_huber(model.design[part], model.cells.n[part], mean[part], start)

    seen = {name: model.cells.periods_of(name) for name in model.segments}
    found = _jackknifed(fit, len(model.periods), model.fit.sums.names, seen) or {}
    return {name: slope.effect(confidence_level, "huber_jackknife") for name, slope in found.items()}


@dataclass(frozen=True)
class _Slope:
    """A slope with its jackknife error and the periods that its segment was seen in."""

    estimate: float
    error: float
    periods: int

    def effect(self, confidence_level: float, method: str) -> PeriodEffect:
        return effect_from_error(self.estimate, self.error, self.periods, confidence_level, method)


def _jackknifed(
    fit: Callable[[int | None, Floats | None], Floats | None],
    periods: int,
    names: Sequence[str],
    seen: Mapping[str, int],
) -> dict[str, _Slope] | None:
    full = fit(None, None)
    refits = [] if full is None else [fit(out, full) for out in range(periods)]
    left_out = [beta for beta in refits if beta is not None]
    if full is None or len(left_out) < max(periods, 2):
        return None
    errors = jackknife_error(full, np.array(left_out))
    places = {name: list(names).index(f"fee:{name}") for name in seen}
    return {name: _Slope(float(full[k]), float(errors[k]), seen[name]) for name, k in places.items()}


def heavy_tails(model: ModelOfPeriods) -> bool:
    """Whether more than 1 % of the residuals lie beyond three robust standard deviations (0.27 % if
    normal)."""
    return bool(_outliers(model).sum() > MANY_OUTLIERS * model.cells.n.sum())


def residual_rows(model: ModelOfPeriods | None, config: StatisticsConfig) -> list[ResultRow]:
    """Skewness, excess kurtosis and share of outliers of the residuals, with intervals by leaving out
    periods.

    Inside a cell users are taken as symmetric about its mean, with the cell's variance.
    """
    known: dict[str, Any] = {"confidence_level": config.confidence_level}
    if model is None:
        return [null_row(metric, "jackknife", "too_few_periods", n=0, **known) for metric in RESIDUALS]
    cells, r = model.cells, model.residual
    v = np.maximum(cells.log_squares / cells.n - (cells.log_sum / cells.n) ** 2, 0.0)
    columns = (np.ones(len(r)), r, r**2 + v, r**3 + 3 * r * v, r**4 + 6 * r**2 * v + v**2)
    powers = np.column_stack([*(cells.n * column for column in columns), _outliers(model)])
    parts = np.array([powers[cells.period == period].sum(axis=0) for period in model.periods])
    whole = parts.sum(axis=0)
    estimates = _shape(whole)
    known["n"] = round(float(cells.n.sum()))
    if estimates is None:
        return [null_row(metric, "jackknife", "no_variation", **known) for metric in RESIDUALS]
    others = [_shape(whole - part) for part in parts]
    left_out = [shape for shape in others if shape is not None]
    if len(left_out) < max(len(parts), 3):
        return [
            ResultRow(metric, value, "jackknife", reason="too_few_periods", **known)
            for metric, value in zip(RESIDUALS, estimates, strict=True)
        ]
    errors = jackknife_error(estimates, left_out)
    # A handful of the farthest residuals decides all three, however many periods there are.
    few = len(parts) < MINIMUM_PERIODS
    flag = ("unreliable", "few_periods") if few else ("caution", "far_residuals")
    rows = []
    for metric, value, error in zip(RESIDUALS, estimates, errors, strict=True):
        effect = effect_from_error(value, float(error), len(parts), config.confidence_level, "jackknife")
        low, high = effect.ci_low, effect.ci_high
        if metric == "residual_outlier_share" and effect.reason is None:
            low, high = max(low, 0.0), min(high, 1.0)
        trust, reason = (None, effect.reason) if effect.reason else flag
        rows.append(
            ResultRow(
                metric, value, "jackknife", ci_low=low, ci_high=high, trust=trust, reason=reason, **known
            )
        )
    return rows


def spell_rows(
    cells: VolumeCells, segments: Sequence[str], able: Sequence[str], spells: Mapping[str, str]
) -> list[ResultRow]:
    """How many spells of a fee each segment saw, and how alike neighbouring periods are beyond what the model
    explains.

    Args:
        cells: users of each period.
        segments: the segments of the rows.
        able: those of them that the model holds.
        spells: period -> the name of its spell, in the order of time.
    """
    model = ModelOfPeriods.of(cells, able)
    rows = []
    for name in segments:
        inside = cells.segment == name
        seen = set(cells.period[inside].tolist())
        known: dict[str, Any] = {"segment": name, "n": round(float(cells.n[inside].sum()))}
        spell_count = len({spell for period, spell in spells.items() if period in seen})
        rows.append(ResultRow(SPELLS, spell_count, "count", reason="descriptive", **known))
        found = None if model is None or name not in able else _lag_one_of(model, name, spells)
        if found is None:
            rows.append(null_row(AUTOCORRELATION, "lag_1", "too_few_periods", **known))
        else:
            rows.append(ResultRow(AUTOCORRELATION, found, "lag_1", reason="descriptive", **known))
    return rows


def _lag_one_of(model: ModelOfPeriods, segment: str, order: Iterable[str]) -> float | None:
    cells = model.cells
    parts = [(cells.segment == segment) & (cells.period == period) for period in order]
    held = [part for part in parts if part.any()]
    return lag_one([np.average(model.residual[part], weights=cells.n[part]) for part in held])


def _outliers(model: ModelOfPeriods) -> Floats:
    return np.where(np.abs(model.residual) > OUTLIER_SCALES * model.scale, model.cells.n, 0.0)


def _shape(powers: Floats) -> tuple[float, float, float] | None:
    """Skewness, excess kurtosis and share of outliers from sums of powers; None without variation."""
    n, first, second, third, fourth, outliers = (float(value) for value in powers)
    if n <= 0:
        return None
    mean = first / n
    variance = second / n - mean**2
    if variance <= 1e-14 * max(second / n, 1e-300):
        return None
    m3 = third / n - 3 * mean * second / n + 2 * mean**3
    m4 = fourth / n - 4 * mean * third / n + 6 * mean**2 * second / n - 3 * mean**4
    return m3 / math.pow(variance, 1.5), m4 / variance**2 - 3, outliers / n
