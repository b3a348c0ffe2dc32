"""The report's retention: one curve of all install cohorts, and the cohorts week by week."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.engagement.cohorts import ALL_COHORTS, REVENUE_PER_USER, horizon
from include.tidemark.report import words
from include.tidemark.report.charts import HeatCell, Point, categorical, curves, heat_map, is_weak
from include.tidemark.report.numbers import number, told_of
from include.tidemark.run import Run
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW
from include.tidemark.warehouse.base import Row

_WEEKS_SHOWN = 26
_LINES = {IN_WINDOW: "On that day", IN_OR_AFTER: "On that day or later"}


def retention(run: Run, cohorts: Sequence[Row], results: StatisticRows) -> dict[str, Any]:
    """What the section's template prints."""
    days, money = run.rules.retention_days, words.money_in(run.rules.money)
    found = {
        (metric, day): results.at(metric, ALL_COHORTS, horizon=horizon(day))
        for metric in (*_LINES, REVENUE_PER_USER)
        for day in days
    }
    compared = [row for row in cohorts if row["p_value"] is not None]
    return {
        "curve": _curve(found, days),
        "weeks": _weeks(run, cohorts),
        "weeks_shown": _WEEKS_SHOWN,
        "rows": [
            {
                "day": day,
                "rate": number(found[IN_WINDOW, day], words.percent),
                "later": number(found[IN_OR_AFTER, day], words.percent),
                "revenue": number(found[REVENUE_PER_USER, day], money),
                "users": (found[IN_WINDOW, day] or {}).get("n"),
            }
            for day in days
        ],
        "compared": len(compared),
        "significant": sum(bool(row["is_significant"]) for row in compared),
        "cohorts": len({row["cohort_date"] for row in cohorts}),
        "too_few": sum(row["reason"] == "too_few_users" for row in cohorts),
    }


def _curve(found: Mapping[tuple[str, int], Row | None], days: Sequence[int]) -> Markup:
    series = {}
    for metric, name in _LINES.items():
        rows = [(day, found[metric, day]) for day in days]
        series[name] = [Point.of(day, row) for day, row in rows]
    if not any(point.value is not None for points in series.values() for point in points):
        return Markup("")
    told = "; ".join(f"day {p.x} {words.percent(p.value)}" for p in series[_LINES[IN_WINDOW]])
    return curves(
        series,
        categorical(_LINES.values()),
        x_title="Days after sign-up",
        y_format="percent",
        description=f"Users who came back on that day, all install cohorts: {told}.",
    )


def _weeks(run: Run, cohorts: Sequence[Row]) -> Markup:
    """Cohorts of a week together, from the same counts as their rows: only users whose day is over."""
    counts: dict[tuple[date, int], list[int]] = {}
    for row in cohorts:
        monday = row["cohort_date"] - timedelta(days=row["cohort_date"].weekday())
        held = counts.setdefault((monday, row["day"]), [0, 0])
        held[0] += row["matured_users"]
        held[1] += row["retained_users"] or 0
    weeks = sorted({monday for monday, _ in counts})[-_WEEKS_SHOWN:]
    cells = [
        _cell(run, monday, day, *counts.get((monday, day), (0, 0)))
        for monday in weeks
        for day in run.rules.retention_days
    ]
    if not any(cell.value is not None for cell in cells):
        return Markup("")
    return heat_map(
        cells,
        f"Retention by week of sign-up, the last {len(weeks)} weeks; the numbers of each day are in retention_cohorts.csv.",
        x_title="Day after sign-up",
        y_title="Week of sign-up",
    )


def _cell(run: Run, monday: date, day: int, matured: int, retained: int) -> HeatCell:
    place, facets = (f"Day {day}", f"{monday.day} {monday:%b %Y}"), {"date": monday.isoformat()}
    if matured < max(run.rules.segmentation_minimum_sample_size, 1):
        reason = "too_few_users" if matured else "window_not_complete"
        return HeatCell(*place, None, words.DASH, REASONS[reason], too_few=bool(matured), facets=facets)
    row = asdict(proportion_row(IN_WINDOW, retained, matured, run.statistics_config, "window_not_complete"))
    share = row["estimate"]
    told = told_of(row, words.percent)
    return HeatCell(*place, share, words.percent(share, 0), told, weak=is_weak(row), facets=facets)
