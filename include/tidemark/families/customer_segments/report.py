"""This family's part of the report: how large the segments are, how sure that is, and what moved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from include.tidemark.artifacts.definitions import DEFINITIONS
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.customer_segments.artifacts import backtest_rows, movement_rows, summary_rows
from include.tidemark.families.customer_segments.definitions import (
    JOINED,
    LEFT,
    REFERENCE_SHARES_PCT,
    SEGMENTS,
    segment_definitions,
    terms,
)
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, categorical, interval_bar, ratios
from include.tidemark.report.charts.palette import SOFT
from include.tidemark.report.numbers import Number, number, plain, trust
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.run import BACKTESTED, PublishedRun, Run
from include.tidemark.segmentations.report_months import share_panels
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse.base import Row, Warehouse

COLOURS = categorical(SEGMENTS)
_FILES = {
    "segments": ("data/segment_summary.csv", "data/customer_segments.csv", "data/customer_segments.parquet"),
    "movement": ("data/segment_movement.csv",),
    "backtest": ("data/segment_backtest.csv",),
    "definitions": (DEFINITIONS,),
}
"""The files with the numbers of each section."""


@dataclass(frozen=True)
class Cell:
    """A cell of the movement table."""

    number: Number
    customers: int
    shade: int
    """0 to 9: how much of the from-segment is here."""


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of the customer segments."""
    summary = summary_rows(run, warehouse, results)
    money = words.money_in(run.rules.money)
    context = {"run": run, "colours": COLOURS, "money": money}
    sections = (
        ("segments", "The segments now", {"rows": _segment_rows(summary, results, money)}),
        (
            "months",
            "Share over the months",
            share_panels(run, warehouse, results, COLOURS, BACKTESTED, SEGMENTS, "customers"),
        ),
        ("movement", "Who moved", _movement(run, warehouse, results)),
        ("backtest", "How earlier segments did", _backtest(run, warehouse, results)),
        ("definitions", "What the segments mean", _definitions(run)),
    )
    return ReportPart(
        title="Customer segments",
        key_figures=_key_figures(run, warehouse, summary, results),
        sections=tuple(
            Section(
                anchor,
                title,
                render_section("customer_segments", anchor, context | extra),
                _FILES.get(anchor, ()),
            )
            for anchor, title, extra in sections
        ),
        intro=f"The current window starts on {words.day(run.window_start)}, the one before it on"
        f" {words.day(run.prior_window_start)}.",
        topics=("trust", "charts"),
    )


def _key_figures(
    run: Run, warehouse: Warehouse, summary: list[Row], results: StatisticRows
) -> tuple[KeyFigure, ...]:
    total = summary[-1]
    previous = run.previous_of(BACKTESTED)
    before = _totals(warehouse, previous.run_key) if previous else None
    active = total["customers"] - total["dormant_customers"]
    money = words.money_in(run.rules.money)
    mean = number(results.find("mean_spend_90d", None, "percentile_bootstrap"), money)
    return (
        KeyFigure(
            "Customers",
            words.count(total["customers"]),
            _compared(previous, total["customers"], before, "customers"),
        ),
        KeyFigure(
            "Active",
            words.percent(active / total["customers"] if total["customers"] else None),
            f"{words.count(active)} customers bought something in the last 180 days",
        ),
        KeyFigure(
            "Spend in 90 days",
            money(total["spend_last_90_days"]),
            _compared(previous, total["spend_last_90_days"], before, "spend"),
        ),
        KeyFigure("Mean spend in 90 days", mean.value, mean.interval or mean.note),
    )


def _totals(warehouse: Warehouse, run_key: str) -> Row:
    sql = "select count(*) as customers, sum(spend_last_90_days) as spend from runs.customer_segments where run_key = ?"
    return warehouse.fetch(sql, (run_key,))[0]


def _compared(previous: PublishedRun | None, now: Any, before: Row | None, name: str) -> str:
    if previous is None or before is None:
        return "No earlier month is published to compare with"
    change = words.change(now, before[name])
    since = words.day(previous.as_of_date)
    return f"{change} since {since}" if change else f"No comparison with {since}"


def _segment_rows(
    summary: list[Row], results: StatisticRows, money: Callable[[Any], str]
) -> list[dict[str, Any]]:
    shares = [results.find("segment_share", segment) for segment in SEGMENTS]
    top = max((row["ci_high"] or row["estimate"] or 0.0 for row in shares if row), default=0.0)
    rows = []
    for place, row in enumerate(summary):
        segment = SEGMENTS[place] if place < len(SEGMENTS) else None
        share = shares[place] if segment else None
        rows.append(
            {
                "name": row["customer_segment"],
                "colour": COLOURS[segment] if segment else None,
                "customers": row["customers"],
                "dormant": row["dormant_customers"],
                "share": number(share, words.percent) if segment else None,
                "share_active": number(results.find("segment_share_active", segment), words.percent)
                if segment
                else None,
                "bar": _bar(share, top, COLOURS[segment]) if segment else "",
                "spend": number(results.find("mean_spend_90d", segment, "percentile_bootstrap"), money),
                "lifetime": number(
                    results.find("mean_lifetime_value", segment, "percentile_bootstrap"), money
                ),
                "trust": trust(
                    *(
                        results.find(metric, segment, "percentile_bootstrap")
                        for metric in ("mean_spend_90d", "mean_lifetime_value")
                    )
                ),
            }
        )
    return rows


def _bar(share: Row | None, top: float, colour: str) -> Markup:
    return (
        interval_bar(share["estimate"], share["ci_low"], share["ci_high"], top, colour)
        if share
        else Markup("")
    )


def _movement(run: Run, warehouse: Warehouse, results: StatisticRows) -> dict[str, Any]:
    previous = run.previous_of(BACKTESTED)
    rows = movement_rows(run, warehouse, results)
    found = {(row["from_segment"], row["to_segment"]): row for row in rows}
    statistics = {(row["segment"], row["segment_to"]): row for row in results.of("movement")}
    targets = [
        *SEGMENTS,
        *([LEFT] if any(row["to_segment"] == LEFT and row["customers"] for row in rows) else []),
    ]
    table: list[dict[str, Any]] = []
    for origin in (*SEGMENTS, JOINED):
        start = next((row["from_customers"] for row in rows if row["from_segment"] == origin), 0) or 0
        cells = [
            _movement_cell(found.get((origin, to)), statistics.get((origin, to)), start) for to in targets
        ]
        table.append({"name": origin, "customers": start, "cells": cells})
    stayed = sum(row["customers"] or 0 for row in rows if row["from_segment"] == row["to_segment"])
    there = sum(row["customers"] for row in table if row["name"] != JOINED)
    return {
        "targets": targets,
        "table": table,
        "stayed": words.percent(stayed / there if there else None),
        "joined": table[-1]["customers"],
        "previous": previous,
        "reason": None if previous else REASONS["no_earlier_publication"],
    }


def _movement_cell(row: Row | None, statistic: Row | None, start: int) -> Cell:
    customers = int(row["customers"] or 0) if row else 0
    share = customers / start if start else 0.0
    shown = (
        number(statistic, words.percent)
        if statistic
        else plain(customers / start if start else None, words.percent)
    )
    return Cell(shown, customers, min(int(share * 10), 9) if customers else 0)


def _backtest(run: Run, warehouse: Warehouse, results: StatisticRows) -> dict[str, Any]:
    rows = backtest_rows(run, warehouse, results)
    statistics = [results.find("backtest_spend_ratio", segment) for segment in (*SEGMENTS, None)]
    points = [
        Estimate(row["customer_segment"], statistic["estimate"], statistic["ci_low"], statistic["ci_high"])
        if statistic
        else Estimate(row["customer_segment"], None, None, None)
        for row, statistic in zip(rows, statistics, strict=True)
    ]
    colours = [*COLOURS.values(), SOFT]
    told = "; ".join(f"{p.label} {words.ratio(p.value)}" for p in points)
    description = f"Spend in the 90 days after the date, divided by spend in the 90 days before it: {told}."
    drawn = any(point.value is not None for point in points)
    return {
        "reason": REASONS[run.backtest_reason] if run.backtest_reason else None,
        "rows": [
            {**row, "ratio": number(statistic, words.ratio)}
            for row, statistic in zip(rows, statistics, strict=True)
        ],
        "wide": ratios(points, colours, 620, description) if drawn else "",
        "narrow": ratios(points, colours, 200, description) if drawn else "",
    }


def _definitions(run: Run) -> dict[str, Any]:
    return {
        "definitions": segment_definitions(run.rules),
        "references": REFERENCE_SHARES_PCT,
        "terms": terms(run.rules),
    }
