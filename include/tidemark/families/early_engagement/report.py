"""This family's part of the report: what goes with staying, how far to believe it, and who does what in the
first week."""

import math
from collections.abc import Mapping
from typing import Any

from include.tidemark.artifacts.family_definitions import definitions
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.wide_tables import Line, Statistic
from include.tidemark.families.early_engagement.artifacts import driver_lines, tables
from include.tidemark.families.early_engagement.cells import CANDIDATE, read_platforms
from include.tidemark.families.early_engagement.definitions import retained_in_words, return_window
from include.tidemark.families.early_engagement.features import (
    HORIZON,
    PLATFORM,
    EventFeature,
    event_features,
    features_of,
)
from include.tidemark.report import words
from include.tidemark.report.charts import Estimate, ratios
from include.tidemark.report.charts.palette import CATEGORICAL
from include.tidemark.report.numbers import number, p_value, trust, worst_reason
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.statistics.features import INFLATED_ABOVE, SPARSE_BELOW
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse.base import Row, Warehouse

COLOURS = {"impactful": CATEGORICAL[0], "other": CATEGORICAL[4]}
MOST_DRAWN = 20
"""Features in the chart, those furthest from 1; the table beside it has all."""

_UNITS = {"has": "at all", "cnt_days": "per day", "cnt_events": "per time"}


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of early engagement."""
    users = int(
        warehouse.fetch(f"select count(*) as n from {CANDIDATE} where run_key = ?", (run.run_key,))[0]["n"]
    )
    labels = _labels(run, read_platforms(run, warehouse).reference)
    details = ("data/retention_drivers.csv", "data/retention_driver_details.csv")
    sections = (
        ("drivers", "What goes with staying", _drivers(run, results, labels), details),
        ("model", "How far to believe it", _model(run, results, labels, users), details[1:]),
        ("usage", "The first seven days", _usage(run, results), ("data/first_week_usage.csv",)),
        ("definitions", "What the words mean", _definitions(run), ()),
    )
    _, last = return_window(run.rules)
    return ReportPart(
        title="Early engagement",
        intro=f"Which behaviour of a user's first seven days goes with being there four weeks later? In are the users whose day"
        f" {last} is before {words.day(run.as_of_date)}.",
        key_figures=_key_figures(run, results, labels, users),
        sections=tuple(
            Section(anchor, title, render_section("early_engagement", anchor, shown), files)
            for anchor, title, shown, files in sections
        ),
        topics=("trust", "p_values", "odds_ratios", "unfinished_windows", "charts"),
        wordings={
            "retained_4_weeks": Wording(
                "", words.percent, subject="The share of users{of_segment} who stayed four weeks"
            )
        },
    )


def _labels(run: Run, reference: str | None) -> dict[str, str]:
    """Names of features as a reader knows them; a platform's is made when it is met."""

    def of_event(feature: EventFeature) -> str:
        return f"{feature.event}, {_UNITS[feature.kind]}"

    named = {feature.name: of_event(feature) for feature in features_of(run.rules.early_engagement_events)}
    return named | {"": f"against {reference}" if reference else ""}


def _label(name: str, labels: dict[str, str]) -> str:
    if name in labels:
        return labels[name]
    return f"{name.removeprefix(f'{PLATFORM}_')} {labels['']}"


def _key_figures(
    run: Run, results: StatisticRows, labels: dict[str, str], users: int
) -> tuple[KeyFigure, ...]:
    stayed = number(results.at("retained_4_weeks", horizon=HORIZON), words.percent)
    auc = number(results.at("auc", horizon=HORIZON), _auc)
    first, last = return_window(run.rules)
    impactful = [row for row in results.of("odds_ratio_impactful") if row["is_discovery"]]
    strongest = max(impactful, key=lambda row: abs(math.log(row["estimate"])), default=None)
    return (
        KeyFigure("Stayed four weeks", stayed.value, stayed.interval or stayed.note),
        KeyFigure("Users", words.count(users), f"whose days {first} to {last} after sign-up are over"),
        KeyFigure(
            "Strongest driver",
            words.ratio(strongest["estimate"]) if strongest else words.DASH,
            f"times the odds of staying: {_label(strongest['segment'], labels)}"
            if strongest
            else "No feature is beyond the impact threshold",
        ),
        KeyFigure("Tells users apart (AUC)", auc.value, auc.interval or auc.note),
    )


def _drivers(run: Run, results: StatisticRows, labels: dict[str, str]) -> dict[str, Any]:
    of = tables(run).statistics
    rows, points, colours = [], [], []
    for line in driver_lines(results):
        name, adjusted = line["feature"], of["odds"].row(line, results)
        is_impactful = _is_discovery(of["impactful"].row(line, results))
        rows.append(
            {
                "name": _label(name, labels),
                "impactful": is_impactful,
                "adjusted": number(adjusted, words.ratio),
                "alone": number(of["alone"].row(line, results), words.ratio),
                "p": p_value(adjusted),
                "trust": trust(adjusted),
            }
        )
        if adjusted and adjusted["estimate"]:
            note = "impactful" if is_impactful else ""
            points.append(Estimate.of(_label(name, labels), adjusted, note))
            colours.append(COLOURS["impactful" if is_impactful else "other"])
    kept = sorted(range(len(points)), key=lambda place: -abs(math.log(points[place].value or 1.0)))[
        :MOST_DRAWN
    ]
    drawn = [points[place] for place in sorted(kept)]
    told = "; ".join(f"{point.label} {words.ratio(point.value)}" for point in drawn)
    chart = ratios(
        drawn,
        [colours[place] for place in sorted(kept)],
        description=f"Odds ratios of staying four weeks, all features in one model: {told}.",
    )
    return {
        "rows": rows,
        "chart": chart if drawn else "",
        "left_out": len(points) - len(drawn),
        "colours": COLOURS,
        "threshold": words.ratio(run.rules.early_engagement_impact_threshold),
        "reason": worst_reason(results.of("odds_ratio")) if not drawn else "",
    }


def _model(run: Run, results: StatisticRows, labels: dict[str, str], users: int) -> dict[str, Any]:
    auc = results.at("auc", horizon=HORIZON)
    fitted = auc["n"] if auc else None
    notes = []
    for line in driver_lines(results):
        says = _notes(line, results, labels, tables(run).statistics)
        if says:
            notes.append({"name": _label(line["feature"], labels), "says": says})
    return {
        "auc": number(auc, _auc),
        "slope": number(results.at("calibration_slope", horizon=HORIZON), words.ratio),
        "excess": number(results.at("calibration_in_the_large", horizon=HORIZON), words.points),
        "users": users,
        "fitted": fitted if fitted and fitted < users else None,
        "share": words.percent(fitted / users) if fitted and users else "",
        "most_cells": run.rules.early_engagement_max_cells,
        "notes": notes,
        "sparse_below": SPARSE_BELOW,
    }


def _notes(
    line: Line, results: StatisticRows, labels: dict[str, str], of: Mapping[str, Statistic]
) -> list[str]:
    """What stands against believing a feature's odds ratio, a sentence each."""
    says = []
    adjusted, cell = of["odds"].row(line, results), of["cell"].row(line, results)
    inflation = _estimate(of["inflation"].row(line, results))
    if adjusted and adjusted["segment_to"]:
        says.append(f"Left out: it says the same as “{_label(adjusted['segment_to'], labels)}”.")
    elif adjusted and adjusted["estimate"] is None:
        says.append(f"Left out: {REASONS.get(adjusted['reason'], adjusted['reason'])}")
    if adjusted and adjusted["reason"] == "unbounded_interval":
        says.append("It separates who stayed from who left, so the data put no bound on one end.")
    if adjusted and adjusted["estimate"] is not None and adjusted["method"] != "logit_robust":
        says.append("Estimated by a penalized fit, which also serves where users are few.")
    if cell and cell["reason"] == "sparse":
        says.append(f"Sparse: only {words.count(int(cell['estimate']))} users in its smallest cell.")
    if inflation is not None and inflation > INFLATED_ABOVE:
        says.append(f"Goes along with others: its interval is wide (variance inflation {inflation:.0f}).")
    return says


def _usage(run: Run, results: StatisticRows) -> dict[str, Any]:
    of, rows = tables(run).statistics, []
    for event in run.rules.early_engagement_events:
        line = {"feature": event_features(event)[0].name}
        cells = {
            key: number(statistic.row(line, results), words.percent)
            for key, statistic in (
                ("usage", of["used"]),
                ("used", of["stayed"]),
                ("not_used", of["stayed_without"]),
            )
        }
        rows.append({"name": event, **cells})
    platforms = [
        {
            "name": row["segment"].removeprefix(f"{PLATFORM}_"),
            "users": row["n"],
            "stayed": number(row, words.percent),
        }
        for row in results.of("retained_4_weeks")
        if row["segment"] is not None
    ]
    return {"rows": rows, "platforms": platforms}


def _definitions(run: Run) -> dict[str, Any]:
    return {"retained": retained_in_words(run.rules), "terms": definitions("early_engagement", run)["terms"]}


def _estimate(row: Row | None) -> float | None:
    return None if row is None else row["estimate"]


def _is_discovery(row: Row | None) -> bool:
    return row is not None and row["is_discovery"] is True


def _auc(value: float | None) -> str:
    return words.DASH if value is None else f"{value:.3f}"
