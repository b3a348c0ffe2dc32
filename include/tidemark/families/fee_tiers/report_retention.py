"""The report's sections about cohorts: who comes back, and what users are worth."""

from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.fee_tiers.names import all_weeks_name, tier_name, week_name
from include.tidemark.report import words
from include.tidemark.report.charts import (
    Estimate,
    HeatCell,
    Point,
    curves,
    dot_intervals,
    heat_map,
    sequential,
)
from include.tidemark.report.numbers import behind, interval, number, p_value, trust
from include.tidemark.run import Run
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.statistics.lifetime_value import WEIGHTED, horizon_name
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.retention import IN_WINDOW
from include.tidemark.warehouse.base import Row

_MODEL_METHODS = {"logit_jackknife": "Leaving out one week at a time", "logit_clustered": "Clustered by week"}


class Numbers:
    """The family's rows by what they are about."""

    def __init__(self, results: StatisticRows, fees: Iterable[float]) -> None:
        self._results = results
        self._fees = {tier_name(fee): fee for fee in fees}
        self.tiers: Sequence[str] = list(self._fees)

    def find(
        self, metric: str, segment: str | None, horizon: str | None, method: str | None = None
    ) -> Row | None:
        """The row of a metric, segment and horizon by a method (the primary one unless given), or None."""
        return self._results.at(metric, segment, horizon=horizon, method=method)

    @property
    def tier_colours(self) -> dict[str, str]:
        """Tier -> colour, the stronger the higher the fee."""
        colours = sequential(self._fees.values())
        return {tier: colours[fee] for tier, fee in self._fees.items()}


def retention_section(run: Run, numbers: Numbers) -> dict[str, Any]:
    """Curves and a heat map of the cohorts, and the effect of 5 bps more."""
    weeks = range(run.rules.fee_retention_weeks + 1)
    found = {tier: [numbers.find(IN_WINDOW, tier, week_name(k)) for k in weeks] for tier in numbers.tiers}
    if not any(row and row["estimate"] is not None for rows in found.values() for row in rows):
        return {"reason": REASONS["window_not_complete"]}
    series = {
        tier: [_point(k, row, tier) for k, row in zip(weeks, rows, strict=True)]
        for tier, rows in found.items()
    }
    told = "; ".join(
        f"{tier} {words.percent(points[1].value)}" for tier, points in series.items() if len(points) > 1
    )
    cells = [_cell(tier, k, row) for tier, rows in found.items() for k, row in zip(weeks, rows, strict=True)]
    name = all_weeks_name(run.rules.fee_retention_weeks)
    return {
        "reason": "",
        "curves": curves(
            series,
            numbers.tier_colours,
            x_title="weeks since the first swap",
            y_format="percent",
            description=f"Share of users who swapped in each week after their first, by fee at the first swap. In week 1: {told}.",
        ),
        "heat_map": heat_map(
            cells,
            f"The same shares as shaded cells, one row per fee. In week 1: {told}.",
            x_title="weeks since the first swap",
            y_title="fee at the first swap",
            domain=(0.0, 1.0),
            ends=("0%", "100%"),
        ),
        "effects": [
            {
                "method": says,
                "change": number(
                    numbers.find("retention_change_5bps", None, name, method), words.points
                ),
                "odds": number(numbers.find("odds_ratio_5bps", None, name, method), words.ratio),
                "p": p_value(numbers.find("retention_change_5bps", None, name, method)),
                "trust": trust(numbers.find("retention_change_5bps", None, name, method)),
            }
            for method, says in _MODEL_METHODS.items()
        ],
        "weeks": name,
    }  # fmt: skip


def value_section(run: Run, numbers: Numbers) -> dict[str, Any]:
    """Value over the horizons and every tier at one of them: at the middle rate and the longest, until a reader chooses others."""
    rates = [rate / 100 for rate in run.rules.fee_ltv_discount_rates_pct]
    horizons = run.rules.fee_ltv_horizon_weeks
    rate, longest = rates[len(rates) // 2], horizons[-1]

    def value(tier: str, weeks: int, at: float, method: str | None = None) -> Row | None:
        return numbers.find(LTV_MEAN, tier, horizon_name(weeks, at), method)

    if not any(
        (row := value(tier, h, rate)) and row["estimate"] is not None
        for tier in numbers.tiers
        for h in horizons
    ):
        return {"reason": REASONS["window_not_complete"]}
    colours, currency = numbers.tier_colours, run.rules.money
    money = words.money_in(currency)

    def over_horizons(at: float) -> Markup:
        series = {tier: [_point(h, value(tier, h, at), tier) for h in horizons] for tier in numbers.tiers}
        told = "; ".join(f"{tier} {money(points[-1].value)}" for tier, points in series.items())
        return curves(
            series,
            colours,
            x_title="weeks counted",
            y_format=currency,
            description=f"Mean discounted fees per user over the first weeks, by fee at the first swap. After {longest}: {told}.",
            still=at == rate,
        )

    def at_the_end(weeks: int, at: float) -> Markup:
        ends = [Estimate.of(tier, value(tier, weeks, at), tier=tier) for tier in numbers.tiers]
        told = "; ".join(f"{point.label} {money(point.value)}" for point in ends)
        return dot_intervals(
            ends,
            colours=[colours[tier] for tier in numbers.tiers],
            form=currency,
            description=f"Mean discounted fees of the first {weeks} weeks per user: {told}.",
            still=(weeks, at) == (longest, rate),
        )

    def line(tier: str, weeks: int) -> dict[str, Any]:
        rest = numbers.find(f"{LTV_MEAN}_vs_rest", tier, horizon_name(weeks, rate))
        return {
            "tier": tier,
            "weeks": weeks,
            "colour": colours[tier],
            "values": [number(value(tier, weeks, at), money) for at in rates],
            "skew": number(value(tier, weeks, rate, "hall_skew_t"), money),
            "weighted": number(value(tier, weeks, rate, WEIGHTED), money),
            "rest": number(rest, money),
            "p": p_value(rest),
            "trust": trust(value(tier, weeks, rate)),
        }

    return {
        "reason": "",
        "rate": words.percent(rate, 0),
        "longest": longest,
        "curves": {words.percent(at, 0): over_horizons(at) for at in rates},
        "ends": {(weeks, words.percent(at, 0)): at_the_end(weeks, at) for weeks in horizons for at in rates},
        "rates": [words.percent(at, 0) for at in rates],
        "rows": [line(tier, weeks) for weeks in horizons for tier in numbers.tiers],
    }


def _point(x: float, row: Row | None, tier: str) -> Point:
    return Point.of(x, row, tier=tier)


def _cell(tier: str, k: int, row: Row | None) -> HeatCell:
    value = row["estimate"] if row else None
    note = (
        ""
        if row is None
        else ", ".join(part for part in (interval(row, words.percent), *behind(row)) if part)
    )
    return HeatCell(
        x=str(k),
        y=tier,
        value=value,
        text="" if value is None else words.percent(value, 0),
        note=note,
        too_few=row is not None and row["reason"] != "window_not_complete",
        facets={"tier": tier},
    )
