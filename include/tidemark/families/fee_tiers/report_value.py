"""The report's section about what users are worth."""

from typing import Any

from markupsafe import Markup

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, Point, curves, dot_intervals, sequential
from include.tidemark.report.numbers import number, p_value, trust
from include.tidemark.run import Run
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.statistics.lifetime_value import WEIGHTED, horizon_name
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse.base import Row


def tier_colours(tiers: dict[str, float]) -> dict[str, str]:
    """Tier -> colour, the stronger the higher the fee."""
    colours = sequential(tiers.values())
    return {tier: colours[fee] for tier, fee in tiers.items()}


def value_section(run: Run, results: StatisticRows, tiers: dict[str, float]) -> dict[str, Any]:
    """Value over the horizons and every tier at one of them: at the middle rate and the longest, until a
    reader chooses others."""
    rates = [rate / 100 for rate in run.rules.fee_ltv_discount_rates_pct]
    horizons = run.rules.fee_ltv_horizon_weeks
    rate, longest = rates[len(rates) // 2], horizons[-1]

    def value(tier: str, weeks: int, at: float, method: str | None = None) -> Row | None:
        return results.at(LTV_MEAN, tier, horizon=horizon_name(weeks, at), method=method)

    if not any(
        (row := value(tier, h, rate)) and row["estimate"] is not None for tier in tiers for h in horizons
    ):
        return {"reason": REASONS["window_not_complete"]}
    colours, currency = tier_colours(tiers), run.rules.money
    money = words.money_in(currency)

    def over_horizons(at: float) -> Markup:
        series = {tier: [Point.of(h, value(tier, h, at), tier=tier) for h in horizons] for tier in tiers}
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
        ends = [Estimate.of(tier, value(tier, weeks, at), tier=tier) for tier in tiers]
        told = "; ".join(f"{point.label} {money(point.value)}" for point in ends)
        return dot_intervals(
            ends,
            colours=[colours[tier] for tier in tiers],
            form=currency,
            description=f"Mean discounted fees of the first {weeks} weeks per user: {told}.",
            still=(weeks, at) == (longest, rate),
        )

    def line(tier: str, weeks: int) -> dict[str, Any]:
        rest = results.at(f"{LTV_MEAN}_vs_rest", tier, horizon=horizon_name(weeks, rate))
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
        "rows": [line(tier, weeks) for weeks in horizons for tier in tiers],
    }
