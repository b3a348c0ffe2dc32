"""The report's sections about trade sizes: who holds the volume, and what a higher fee does to it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.currency import Currency
from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.elasticity_cells import CONTROLS, elasticity_cells
from include.tidemark.families.fee_tiers.questions import STEP_BPS
from include.tidemark.families.fee_tiers.size_rows import (
    FEE_PAID,
    NEXT_WEEK,
    TOP_PCT,
    TOP_SHARE,
    top_name,
    usual_sizes,
)
from include.tidemark.report import words
from include.tidemark.report.charts import (
    Bar,
    Estimate,
    Mark,
    Panel,
    Point,
    categorical,
    dot_intervals,
    fitted_line,
    pareto,
    small_multiples,
    stacked_bars,
)
from include.tidemark.report.numbers import number, p_value, told_of, trust
from include.tidemark.run import Run
from include.tidemark.statistics.cells import Cells, merge
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.volume_cells import VolumeCells
from include.tidemark.warehouse.base import Row, Warehouse

SIZE_COLOURS = categorical(TRADE_SIZES)
_LOG_VOLUME, _VOLUME = "effect_5bps_log_volume_usd", "effect_5bps_volume_usd"
_WILD = ("wild_enumerated", "wild_rademacher")


def sizes_section(
    run: Run, warehouse: Warehouse, results: StatisticRows, weeks: Sequence[Row]
) -> dict[str, Any]:
    """Shares of the volume over the weeks, the last whole week in results, and how concentrated the volume
    is."""
    complete = [week for week in weeks if week["is_complete"]]
    last = next((week for week in reversed(complete) if week["swappers"]), None)
    if last is None:
        return {"reason": REASONS["window_not_complete"]}
    currency = run.rules.money
    rows: list[dict[str, Any]] = [
        {
            "size": size,
            "volume": number(results.at("volume_share", size, horizon=last["period_id"]), words.percent),
            "fees": number(results.at("fees_share", size, horizon=last["period_id"]), words.percent),
            "paid": number(results.at(FEE_PAID, size, horizon=last["period_id"]), words.money_in(currency)),
            "again": number(_before_last(results, complete, size), words.percent),
        }
        for size in TRADE_SIZES
    ]
    told = "; ".join(f"{row['size']} {row['volume'].value}" for row in rows)
    return {
        "reason": "",
        "bars": {
            (what, normalised): stacked_bars(
                _bars(weeks, amounts, results, f"{what}_share"),
                SIZE_COLOURS,
                normalised=normalised,
                form=currency,
                description=f"The {what} of each fee week by trade size. Shares of the volume in the last whole week: {told}.",
                x_title="First day of the week",
                still=normalised,
            )
            for what, amounts in _amounts(run, warehouse).items()
            for normalised in (True, False)
        },
        "day": last["period_start_date"],
        "rows": rows,
        "pareto": _pareto(run, warehouse, results),
    }


def elasticity_section(run: Run, warehouse: Warehouse, results: StatisticRows) -> dict[str, Any]:
    """The effect of 5 bps more on each trade size, by several methods, and the weeks behind it."""
    rows: list[dict[str, Any]] = []
    points = []
    for size in TRADE_SIZES:
        least = results.at(_LOG_VOLUME, size)
        wild = next((row for method in _WILD if (row := results.at(_LOG_VOLUME, size, method=method))), None)
        points.append(Estimate.of(size, least, segment=size))
        rows.append(
            {
                "size": size,
                "least": number(least, words.percent),
                "wild": number(wild, words.percent),
                "poisson": number(results.at(_VOLUME, size), words.percent),
                "p": p_value(wild),
                "trust": trust(least, wild),
            }
        )
    if not any(point.value is not None for point in points):
        reason = next(
            (row["least"].note for row in rows if row["least"].note), REASONS["window_not_complete"]
        )
        return {"reason": reason}
    told = "; ".join(f"{point.label} {words.percent(point.value)}" for point in points)
    return {
        "reason": "",
        "chart": dot_intervals(
            points,
            colours=list(SIZE_COLOURS.values()),
            form="percent",
            reference=0.0,
            description=f"Change of a user's weekly volume for a fee 5 bps higher: {told}.",
        ),
        "rows": rows,
        "panels": _panels(elasticity_cells(run, warehouse, CONTROLS), results, run.rules.money),
        "unit": run.rules.money.words("dollars"),
    }


def _bars(
    weeks: Sequence[Row], amounts: Mapping[tuple[int, str], float], results: StatisticRows, share: str
) -> list[Bar]:
    return [
        Bar(
            words.short_day(week["period_start_date"]),
            size,
            amounts.get((week["week_number"], size), 0.0) if week["is_complete"] else None,
            told_of(
                results.at(share, size, horizon=week["period_id"]),
                words.percent,
                week["period_id"],
                words.bps(week["final_fee_bps"]),
            ),
            facets={"date": week["period_start_date"].isoformat(), "segment": size},
        )
        for week in weeks
        for size in TRADE_SIZES
    ]


_UNITS = {"volume": 100, "fees": 10_000}
"""Of the cells' sums: volume in hundredths, fees in hundredths of a hundredth."""


def _amounts(run: Run, warehouse: Warehouse) -> dict[str, dict[tuple[int, str], float]]:
    """Volume and fees of each week and trade size. The shares of the statistics leave out sizes of a few
    users; bars must not."""
    found: dict[str, dict[tuple[int, str], float]] = {what: {} for what in _UNITS}
    for row in warehouse.fetch(
        "select metric, week_number, segment, sum(s1) as amount from runs.fee_segment_cells where run_key = ?"
        " and metric in ('volume', 'fees') group by metric, week_number, segment",
        (run.run_key,),
    ):
        found[row["metric"]][row["week_number"], row["segment"]] = int(row["amount"]) / _UNITS[row["metric"]]
    return found


def _before_last(results: StatisticRows, complete: Sequence[Row], size: str) -> Row | None:
    """The users of the week before the last whole one: whether they were back in the last."""
    return results.at(NEXT_WEEK, size, horizon=complete[-2]["period_id"]) if len(complete) > 1 else None


def _pareto(run: Run, warehouse: Warehouse, results: StatisticRows) -> dict[str, Any] | None:
    cells = warehouse.fetch(
        "select metric, segment, bin, n, s1, s2, s3 from runs.fee_segment_cells where run_key = ? and metric = 'user_volume'"
        " order by segment, bin",
        (run.run_key,),
    )
    sizes = usual_sizes(cells)
    everybody = merge(sizes.values())
    if everybody.size == 0 or everybody.sums[0] <= 0:
        return None
    curve = [(0.0, 0.0)]
    for n, total in zip(reversed(everybody.n), reversed(everybody.s1), strict=True):
        users, volume = curve[-1]
        curve.append((users + n / everybody.size, volume + float(total) / float(everybody.sums[0])))
    top = {percent: results.at(TOP_SHARE, top_name(percent)) for percent in TOP_PCT}
    told = "; ".join(
        f"the {top_name(percent)} hold {words.percent(row['estimate'])} of the volume"
        for percent, row in top.items()
        if row and row["estimate"] is not None
    )
    marks = _marks(sizes, everybody)
    description = (
        f"Cumulative share of the volume over the users, the largest first{': ' if told else ''}{told}."
    )
    return {
        "chart": pareto([(min(x, 1.0), min(y, 1.0)) for x, y in curve], marks, description),
        "told": told,
    }


def _marks(sizes: dict[str, Cells], everybody: Cells) -> list[Mark]:
    """Where each trade size ends when the largest users come first."""
    marks = []
    users = volume = 0.0
    for size in reversed(TRADE_SIZES):
        if sizes[size].size == 0:
            continue
        users += sizes[size].size / everybody.size
        volume += float(sizes[size].sums[0]) / float(everybody.sums[0])
        marks.append(
            Mark(f"up to {size}", min(users, 1.0), min(volume, 1.0), SIZE_COLOURS[size], {"segment": size})
        )
    return marks


def _panels(cells: VolumeCells, results: StatisticRows, money: Currency) -> Any:
    panels = []
    for size in TRADE_SIZES:
        row = results.at(_LOG_VOLUME, size)
        held = cells.only(cells.segment == size)
        if row is None or row["estimate"] is None or len(held.n) == 0:
            continue
        weeks = _week_means(held)
        panels.append(
            Panel(
                title=size,
                figure=words.percent(row["estimate"]),
                colour=SIZE_COLOURS[size],
                chart=fitted_line(
                    [
                        Point(fee, math.exp(mean), note=f"{period}, {words.count(round(n))} users")
                        for period, fee, n, mean in weeks
                    ],
                    _line(weeks, row),
                    SIZE_COLOURS[size],
                    x_title="fee in bps",
                    y_title="volume per user",
                    x_format=" bps",
                    currency=money,
                    description=f"{size}: typical weekly volume per user (geometric mean) by the week's fee; 5 bps more go with"
                    f" {words.percent(row['estimate'])}.",
                ),
                facets={"segment": size},
            )
        )
    return small_multiples(panels) if panels else ""


def _week_means(cells: VolumeCells) -> list[tuple[str, float, float, float]]:
    """Period, fee, users and mean logarithm of the volume of each week."""
    found = []
    for period in np.unique(cells.period).tolist():
        inside = cells.period == period
        n = float(cells.n[inside].sum())
        found.append((period, float(cells.fee_bps[inside][0]), n, float(cells.log_sum[inside].sum()) / n))
    return found


def _line(weeks: Sequence[tuple[str, float, float, float]], row: Row) -> list[Point]:
    """The model's slope through the middle of the weeks; the controls are what keeps weeks off it."""
    fees, n, means = (np.array([week[place] for week in weeks]) for place in (1, 2, 3))
    middle, height = float(np.average(fees, weights=n)), float(np.average(means, weights=n))

    def at(fee: float, effect: float | None) -> float | None:
        if effect is None or effect <= -1:
            return None
        return height + math.log1p(effect) / STEP_BPS * (fee - middle)

    def dollars(logarithm: float | None) -> float | None:
        return None if logarithm is None else math.exp(logarithm)

    points = []
    for fee in sorted({float(fees.min()), middle, float(fees.max())}):
        ends = [end for end in (at(fee, row["ci_low"]), at(fee, row["ci_high"])) if end is not None]
        low, high = (min(ends), max(ends)) if len(ends) == 2 else (None, None)
        points.append(Point(fee, dollars(at(fee, row["estimate"])), dollars(low), dollars(high)))
    return points
