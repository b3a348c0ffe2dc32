"""What a higher fee does to volume, by segment: least squares on log(volume + 1) with few-period inference,
and checks.

Every row is the relative change of the volume for a fee that is 5 bps higher: exp(5 b) - 1, so -0.07 is 7 %
less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.elasticity_checks import (
    ModelOfPeriods,
    heavy_tails,
    huber_effects,
    poisson_effects,
    residual_rows,
    spell_rows,
)
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS, PeriodEffect, jackknife_effect
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.spells import level_of, names_of_spells, spells_of
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.volume_cells import VolumeCells
from include.tidemark.statistics.wild_bootstrap import (
    ENUMERATE_UP_TO,
    N_DRAWS,
    wild_draws,
    wild_effect,
    wild_methods,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP_BPS = 5.0
_PRIMARY = ("cr3_t", "ppml_jackknife")
"""Of the effect on the logarithm, and of that on the volume."""


def elasticity(
    cells: VolumeCells,
    config: StatisticsConfig,
    *,
    segments: Sequence[str] | None = None,
    order: Sequence[str] | None = None,
    step_bps: float = STEP_BPS,
    n_draws: int = N_DRAWS,
) -> list[ResultRow]:
    """The effect of a fee ``step_bps`` higher on the volume of each segment, by several methods.

    One model for all: log(volume_usd + 1) on an intercept and a fee slope for each segment and the controls.

    Args:
        cells: users of each period, with the controls (prices, trend).
        config: the run's settings.
        segments: segments in the order of the rows; those of the cells unless given.
        order: the periods in the order of time; sorted by their names unless given.
        step_bps: the change of the fee.
        n_draws: random draws of the wild bootstrap.

    Returns:
        For each segment ``effect_5bps_log_volume_usd`` by the methods ``cr3_t``, the wild bootstrap's
        (`wild_methods` of the number of periods), ``huber_jackknife`` and ``leave_one_period_out`` (its ends
        are the smallest and the largest estimate with one period left out, its horizon names the one that
        moves it most), and ``effect_5bps_volume_usd`` by ``ppml_jackknife``. Then the residuals' skewness,
        excess kurtosis and share of outliers. Where a segment was seen in fewer than six periods, its wild
        rows hold the estimate and ``too_few_periods``, and none of its rows has a p-value. A segment that saw
        one fee only is null, ``one_fee_level``. Periods are spells of a fee where it had six or more of them;
        with fewer they are those of the cells, every row is ``unreliable`` (``few_spells``), and none has a
        p-value. At last ``volume_fee_spells`` and ``volume_week_autocorrelation`` of each segment.

    >>> weeks = [f"w{week:02}" for week in range(8) for _ in range(40)]
    >>> fee = [(5, 10, 20, 10, 5, 20, 10, 5)[place // 40] for place in range(320)]
    >>> volume = [(1000 + 50 * (place % 40)) * 0.99 ** fee[place] for place in range(320)]
    >>> rows = [
    ...     {"period": w, "segment": "retail", "fee_bps": f, "n": 1, "volume_usd": v,
    ...      "log_sum": math.log1p(v), "log_squares": math.log1p(v) ** 2}
    ...     for w, f, v in zip(weeks, fee, volume)
    ... ]
    >>> cells = VolumeCells.from_rows(rows)
    >>> rows = elasticity(cells, StatisticsConfig("2026-11-01"), n_draws=1000)
    >>> [(row.method, round(row.estimate, 3)) for row in rows if row.method in ("cr3_t", "ppml_jackknife")]
    [('cr3_t', -0.049), ('ppml_jackknife', -0.049)]
    """
    names = list(segments) if segments is not None else sorted(set(cells.segment.tolist()))
    weekly = cells
    held = set(cells.period.tolist())
    periods = [period for period in (sorted(held) if order is None else order) if period in held]
    spells = names_of_spells(
        periods, spells_of([level_of(cells.fees_of(period), period) for period in periods])
    )
    few_spells = len(set(spells.values())) < MINIMUM_PERIODS
    if not few_spells:
        cells = cells.regrouped(spells)
    able = [name for name in names if _why_not(cells, name, config) is None]
    steady = [name for name in able if _steady(cells, name)]
    whole = ModelOfPeriods.of(cells, able)
    model = whole
    if (whole is None or whole.fit.cr3 is None) and steady != able:
        model = ModelOfPeriods.of(cells, steady) or whole
    ppml = {} if model is None else poisson_effects(model, config.confidence_level)
    huber = {} if model is None else huber_effects(model, config.confidence_level)
    rows: list[ResultRow] = []
    for name in names:
        chosen = model if model is not None and name in model.segments else whole
        segment = _Segment(name, cells, chosen, config, step_bps, few_spells=few_spells)
        rows += [*segment.log_rows(huber.get(name), n_draws), segment.mean_row(ppml.get(name))]
    return adjust([*rows, *residual_rows(model, config), *spell_rows(weekly, names, able, spells)])


def _why_not(cells: VolumeCells, segment: str, config: StatisticsConfig) -> str | None:
    users = float(cells.n[cells.segment == segment].sum())
    if users == 0:
        return "empty_segment"
    if users < config.minimum_sample_size:
        return "too_few_users"
    return "one_fee_level" if len({fee for _, fee in cells.fee_levels(segment)}) < 2 else None


def _steady(cells: VolumeCells, segment: str) -> bool:
    """Whether the segment still saw two fees when any one period is left out."""
    levels = cells.fee_levels(segment)
    periods = {period for period, _ in levels}
    return all(len({fee for period, fee in levels if period != out}) > 1 for out in periods)


@dataclass(frozen=True)
class _Segment:
    """The rows of one segment."""

    name: str
    cells: VolumeCells
    model: ModelOfPeriods | None
    config: StatisticsConfig
    step: float
    few_spells: bool
    """Whether the fee changed so seldom that the periods are no observations of their own."""

    def log_rows(self, huber: PeriodEffect | None, n_draws: int) -> list[ResultRow]:
        metric = f"effect_{self.step:g}bps_log_volume_usd"
        methods = ("cr3_t", *wild_methods(self.model_periods), "huber_jackknife", "leave_one_period_out")
        if self.model is None or self.reason is not None:
            reason = self.reason or "collinear"
            return [self._null(metric, method, reason) for method in methods]
        effects = self._wild(metric, n_draws)
        level = self.config.confidence_level
        effects["cr3_t"] = (jackknife_effect(self.model.fit, self.column, level, self.periods), {})
        effects["huber_jackknife"] = (huber, {})
        effects["leave_one_period_out"] = self._range()
        return [self._row(metric, method, *effects.get(method, (None, {}))) for method in methods]

    def mean_row(self, effect: PeriodEffect | str | None) -> ResultRow:
        metric = f"effect_{self.step:g}bps_volume_usd"
        if isinstance(effect, PeriodEffect):
            return self._row(metric, effect.method, effect, {})
        reason = self.reason or effect or "too_few_periods"
        return self._null(metric, "ppml_jackknife", reason)

    @cached_property
    def periods(self) -> int:
        """Periods that the segment was seen in: only they say how much its slope differs by chance."""
        return self.cells.periods_of(self.name)

    @cached_property
    def model_periods(self) -> int:
        """Periods of all segments, which share the controls; each gets a draw of the wild bootstrap."""
        return len(set(self.cells.period.tolist()) if self.model is None else self.model.periods)

    @cached_property
    def column(self) -> str:
        return f"fee:{self.name}"

    @cached_property
    def known(self) -> dict[str, Any]:
        users = round(float(self.cells.n[self.cells.segment == self.name].sum()))
        return {"segment": self.name, "n": users, "confidence_level": self.config.confidence_level}

    @cached_property
    def reason(self) -> str | None:
        """Why there is no number at all."""
        reason = _why_not(self.cells, self.name, self.config)
        if reason is None and (self.model is None or self.name not in self.model.segments):
            few = self.model_periods <= len(self.cells.control_names) + 2
            return "too_few_periods" if few else "collinear"
        return reason

    @cached_property
    def flag(self) -> dict[str, str | None]:
        if self.periods < MINIMUM_PERIODS:
            return {"trust": "unreliable", "reason": "few_periods"}
        if self.few_spells:
            return {"trust": "unreliable", "reason": "few_spells"}
        few = self.periods <= ENUMERATE_UP_TO
        return {"trust": "caution", "reason": "few_periods"} if few else {"trust": "ok", "reason": None}

    def _relative(self, slope: float) -> float:
        """exp(step b) - 1; an end without a bound stays one, also below."""
        return math.expm1(min(self.step * slope, 700.0)) if math.isfinite(slope) else slope

    def _null(self, metric: str, method: str, reason: str) -> ResultRow:
        return null_row(metric, method, reason, is_primary=method in _PRIMARY, **self.known)

    def _row(self, metric: str, method: str, effect: PeriodEffect | None, more: dict[str, Any]) -> ResultRow:
        """The effect's row; without one, the least-squares estimate alone (Huber's has none then)."""
        known: dict[str, Any] = {
            **self.known, **self.flag, "is_primary": method in _PRIMARY, **more
        }  # fmt: skip
        if effect is None and method == "huber_jackknife":
            return self._null(metric, method, "too_few_periods")
        if effect is None:
            known["reason"] = "too_few_periods"
            return ResultRow(metric, self._relative(self._estimate()), method, **known)
        if effect.reason is not None:
            known |= {"trust": None, "reason": effect.reason}
        ends = (self._relative(effect.ci_low), self._relative(effect.ci_high))
        return ResultRow(
            metric,
            self._relative(effect.estimate),
            method,
            ci_low=ends[0],
            ci_high=ends[1],
            p_value=None if self.few_spells else effect.p_value,
            **known,
        )

    def _estimate(self) -> float:
        fit = cast("ModelOfPeriods", self.model).fit
        return float(fit.coefficients[fit.place(self.column)])

    def _wild(self, metric: str, n_draws: int) -> dict[str, tuple[PeriodEffect | None, dict[str, Any]]]:
        model = cast("ModelOfPeriods", self.model)
        source = stream(self.config.as_of_date, metric, self.name, "wild")
        # Where leaving a period out leaves one fee, the signs of the other periods say nothing about the
        # slope.
        unable = model.fit.cr3 is None or self.periods < MINIMUM_PERIODS or self.few_spells
        draws = {} if unable else wild_draws(self.model_periods, source, n_draws)
        found = wild_effect(model.fit, self.column, self.config.confidence_level, draws)
        drawn = {"n_resamples": n_draws, "seed": source.seed}
        # Least squares is what heavy tails harm.
        heavy = self.flag["trust"] == "ok" and heavy_tails(model)
        flag = {"trust": "caution", "reason": "heavy_tails"} if heavy else self.flag
        return {
            method: (
                found.get(method),
                flag | ({} if method == "wild_enumerated" else drawn),
            )
            for method in wild_methods(self.model_periods)
        }

    def _range(self) -> tuple[PeriodEffect | None, dict[str, Any]]:
        """The estimate and its extremes over leaving out one period: whether one period carries it alone."""
        model, estimate = cast("ModelOfPeriods", self.model), self._estimate()
        if model.fit.left_out is None:
            return None, {"confidence_level": None}
        others = model.fit.left_out[:, model.fit.place(self.column)]
        most = model.periods[int(np.argmax(np.abs(others - estimate)))]
        low, high = min(estimate, float(others.min())), max(estimate, float(others.max()))
        alone = {"trust": "unreliable", "reason": "one_period_decides"}
        effect = PeriodEffect(estimate, low, high, None, "leave_one_period_out")
        more = {"confidence_level": None, "horizon": f"without {most}"}
        return effect, more | (alone if low < 0 < high else self.flag)
