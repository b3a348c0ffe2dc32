"""This family's part of the report: how many plan, how much more planners do, how that develops, and who may
be lost."""

from datetime import date
from typing import Any

from include.tidemark.artifacts.family_definitions import definitions
from include.tidemark.artifacts.model_tables import model_rows, model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.planners.artifacts import TABLES
from include.tidemark.families.planners.definitions import (
    CRITERIA,
    RECENCY,
    SEVERAL,
    USER_TYPES,
    recency,
)
from include.tidemark.families.planners.questions import UNITS
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, Point, categorical, curves, dot_intervals, ratios
from include.tidemark.report.numbers import number, p_value, trust
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse.base import Row, Warehouse

COLOURS = categorical(("Planner", "Passenger"))
_METRIC_NAMES = {
    "prompts_per_active_day": "Prompts per active day",
    "swipes_per_prompt": "Swipes per prompt",
    "conversion_rate": "Conversions per 100 swipes",
    "days_active": "Active days",
    "is_activated": "Activated",
}
_CRITERION_NAMES = {
    "prompted_and_swiped": "Prompted and swiped",
    "created_deck": "Created a deck",
    "shared_content": "Shared content",
    "created_multiplayer_session": "Created a multiplayer session",
    SEVERAL: "More than one of them",
}
_SERIES = {
    "planner_share_to_date": "Of all users by then",
    "planner_share_of_signups": "Of the week's new users",
}


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of planners and passengers."""
    summary = model_rows(model_table("data/user_segmentation_summary"), run, warehouse)[0]
    sections = (
        ("comparison", "Planners against passengers", _comparison(results), ("data/planner_ratios.csv",)),
        (
            "criteria",
            "What makes them planners",
            _criteria(run, results),
            ("data/user_segmentation_summary.csv",),
        ),
        (
            "recency",
            "Are they still there?",
            _recency(run, summary, results),
            ("audiences/at_risk_planners.csv",),
        ),
        ("weeks", "Week by week", _weeks(results), ("data/planner_share_by_week.csv",)),
        ("definitions", "What the words mean", _definitions(run), ("data/planner_verification.csv",)),
    )
    return ReportPart(
        title="Planners and passengers",
        intro="Planners take the initiative; passengers come along. If planners do not come back, nothing else matters.",
        key_figures=_key_figures(summary, results),
        sections=tuple(
            Section(
                anchor,
                title,
                render_section("planners", anchor, {"run": run, "colours": COLOURS} | shown),
                files,
            )
            for anchor, title, shown, files in sections
        ),
        topics=("trust", "p_values", "unfinished_windows", "charts"),
        wordings={
            "planner_share": Wording("users", words.percent, {None: "Planners"}),
            "almost_planner_share": Wording("passengers", words.percent, {"Passenger": "Almost planners"}),
            "planner_recency_share": Wording(
                "planners", words.percent, {name: f"{name} planners" for name in RECENCY}
            ),
            "members": Wording("the number of users", words.count),
            "mean_days_active": Wording("mean days active", words.number),
        },
    )


def _key_figures(summary: Row, results: StatisticRows) -> tuple[KeyFigure, ...]:
    share = number(results.at("planner_share"), words.percent)
    active = number(results.at("planner_recency_share", RECENCY[0]), words.percent)
    almost = number(results.at("almost_planner_share", "Passenger"), words.percent)
    days = number(results.at("mean_days_to_become_planner", "Planner", method="percentile_bootstrap"), _days)
    return (
        KeyFigure("Planners", share.value, share.interval or share.note, measure=("planner_share", None)),
        KeyFigure(
            "Users",
            words.count(summary["total_users"]),
            f"{words.count(summary['total_planners'])} planners, {words.count(summary['total_passengers'])} passengers",
        ),
        KeyFigure(
            "Planners still active",
            active.value,
            active.interval or active.note,
            measure=("planner_recency_share", RECENCY[0]),
        ),
        KeyFigure(
            "Passengers close to planning",
            almost.value,
            almost.interval or almost.note,
            measure=("almost_planner_share", "Passenger"),
        ),
        KeyFigure("Days to become a planner", days.value, days.interval or days.note),
    )


def _comparison(results: StatisticRows) -> dict[str, Any]:
    rows, points = [], []
    for metric, name in _METRIC_NAMES.items():
        write = words.percent if metric == "is_activated" else words.number
        ratio = TABLES.statistics["ratio"].row({"metric": metric}, results)
        delta = TABLES.statistics["test"].row({"metric": metric}, results)
        means = {
            user_type: number(results.at(f"mean_{metric}", user_type, method="percentile_bootstrap"), write)
            for user_type in USER_TYPES
        }
        rows.append(
            {
                "name": name,
                **means,
                "ratio": number(ratio, words.ratio),
                "p": p_value(delta),
                "trust": trust(ratio),
            }
        )
        points.append(Estimate.of(name, ratio))
    told = "; ".join(f"{point.label} {words.ratio(point.value)}" for point in points)
    drawn = any(point.value is not None for point in points)
    chart = ratios(
        points, [COLOURS["Planner"]], description=f"Mean of planners divided by mean of passengers: {told}."
    )
    return {"rows": rows, "chart": chart if drawn else "", "compared": len(UNITS)}


def _criteria(run: Run, results: StatisticRows) -> dict[str, Any]:
    explained = definitions("planners", run)["criteria"]
    rows = []
    for name in (*CRITERIA, SEVERAL):
        share = results.at("planner_criterion_share", name)
        rows.append(
            {
                "name": _CRITERION_NAMES[name],
                "says": explained.get(name, ""),
                "share": number(share, words.percent),
            }
        )
    return {"rows": rows}


def _recency(run: Run, summary: Row, results: StatisticRows) -> dict[str, Any]:
    shares = [results.at("planner_recency_share", state) for state in RECENCY]
    points = [Estimate.of(state, share) for state, share in zip(RECENCY, shares, strict=True)]
    told = "; ".join(f"{point.label} {words.percent(point.value)}" for point in points)
    counts = (summary["active_planners"], summary["at_risk_planners"], summary["churned_planners"])
    return {
        "rows": [
            {
                "name": state,
                "says": recency(run.rules)[state],
                "share": number(share, words.percent),
                "users": count,
            }
            for state, share, count in zip(RECENCY, shares, counts, strict=True)
        ],
        "chart": dot_intervals(points, form="percent", description=f"Share of the planners: {told}.")
        if any(point.value is not None for point in points)
        else "",
        "reason": "" if summary["total_planners"] else REASONS["empty_segment"],
    }


def _weeks(results: StatisticRows) -> dict[str, Any]:
    series = {
        name: [Point.of(date.fromisoformat(row["horizon"]), row) for row in results.of(metric)]
        for metric, name in _SERIES.items()
    }
    weeks = [point for point in series[_SERIES["planner_share_to_date"]] if point.value is not None]
    if not weeks:
        return {"chart": "", "reason": REASONS["window_not_complete"]}
    first, last = weeks[0], weeks[-1]
    description = (
        f"Planners among all users by the end of each week: {words.percent(first.value)} at first,"
        f" {words.percent(last.value)} in the last whole week; beside it planners among the users of each week."
    )
    colours = categorical(series)
    return {
        "chart": curves(series, colours, x_title="Week", y_format="percent", description=description),
        "reason": "",
    }


def _definitions(run: Run) -> dict[str, Any]:
    said = definitions("planners", run)
    return {
        "criteria": said["criteria"],
        "states": recency(run.rules),
        "names": _CRITERION_NAMES,
        "terms": said["terms"],
    }


def _days(value: float | None) -> str:
    return words.number(value)
