"""This family's part of the report: how engaged users are, what they are worth, who comes back, and how far
they come."""

from collections.abc import Callable, Sequence
from typing import Any

from include.tidemark.artifacts.definitions import DEFINITIONS
from include.tidemark.artifacts.family_definitions import definitions
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.engagement import analysis_report
from include.tidemark.families.engagement.artifacts import (
    cohort_rows,
    funnel_rows,
    summary_rows,
)
from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    LABELS,
    REVENUE_SEGMENTS,
    behavioral_criteria,
    revenue_criteria,
)
from include.tidemark.families.engagement.no_money import has_money
from include.tidemark.families.engagement.report_journey import journey
from include.tidemark.families.engagement.report_retention import retention
from include.tidemark.report import words
from include.tidemark.report.charts import categorical, interval_bar
from include.tidemark.report.numbers import number, plain, trust
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.statistics.funnel import METRICS as FUNNEL
from include.tidemark.statistics.retention import IN_WINDOW
from include.tidemark.warehouse.base import Row, Warehouse

COLOURS = categorical((*BEHAVIORAL_SEGMENTS, *REVENUE_SEGMENTS))
_FILES = {
    "behavior": (
        "data/behavioral_segment_summary.csv",
        "data/user_journey_segments.csv",
        "data/user_journey_segments.parquet",
    ),
    "revenue": ("data/revenue_segment_summary.csv",),
    "retention": ("data/retention_cohorts.csv", "data/retention_cohorts.parquet"),
    "journey": ("data/journey_funnel_analysis.csv", "data/user_journey_segments.csv"),
    "definitions": (DEFINITIONS, analysis_report.PATH),
}
"""The files with the numbers of each section."""


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of the family."""
    behavioral = summary_rows(run, warehouse, results, "behavioral_segment")
    revenue = summary_rows(run, warehouse, results, "revenue_segment")
    funnel = funnel_rows(run, results)
    money = words.money_in(run.rules.money)
    criteria = behavioral_criteria(run.rules) | revenue_criteria(run.rules)
    context = {"run": run, "colours": COLOURS, "labels": LABELS, "money": money, "criteria": criteria}
    sections = (
        (
            "behavior",
            "How engaged users are",
            {"rows": _behavioral(behavioral, results), **_lengths(behavioral)},
        ),
        (
            "revenue",
            "What users are worth",
            {"rows": _revenue(revenue, results, money), "has_money": has_money(run)},
        ),
        ("retention", "Who comes back", retention(run, cohort_rows(run, warehouse, results), results)),
        ("journey", "How far users come", journey(run, funnel, results)),
        ("definitions", "What the segments mean", _definitions(run)),
    )
    return ReportPart(
        title="Engagement",
        key_figures=_key_figures(behavioral[-1], results, run.rules.churn_days_threshold, money),
        sections=tuple(
            Section(anchor, title, render_section("engagement", anchor, context | extra), _FILES[anchor])
            for anchor, title, extra in sections
        ),
        intro=f"All {words.count(behavioral[-1]['users'])} accounts that were created before {words.day(run.as_of_date)}, testers"
        f" left out; engagement is that of the days since {words.day(run.window_start)}.",
        topics=("trust", "p_values", "unfinished_windows", "charts"),
        names=LABELS,
        wordings={
            "segment_share": Wording("users", words.percent, LABELS),
            "members": Wording("the number of users", words.count, LABELS),
            "mean_engagement_score": Wording("mean engagement score", words.number, LABELS),
            "mean_lifetime_revenue": Wording("mean lifetime revenue", money, LABELS),
            "mean_revenue_90d": Wording("mean revenue of the last 90 days", money, LABELS),
            "revenue_share": Wording("the share of the revenue", words.percent, LABELS),
            IN_WINDOW: Wording(
                "", words.percent, subject="The share of users who came back {horizon} after sign-up"
            ),
            FUNNEL[0]: Wording(
                "", words.percent, subject="The share of users{of_segment} who reached {horizon}"
            ),
            FUNNEL[1]: Wording(
                "",
                words.percent,
                subject="The share of users{of_segment} at the stage before who went on to {horizon}",
            ),
        },
    )


def _key_figures(
    everybody: Row, results: StatisticRows, churn_days: int, money: Callable[[Any], str]
) -> tuple[KeyFigure, ...]:
    churned = results.at("segment_share", "churned")
    active = None if churned is None or churned["estimate"] is None else 1 - churned["estimate"]
    whales = number(results.at("revenue_share", "whale", method="logit_delta"), words.percent)
    mean = number(results.at("mean_revenue_90d", None, method="percentile_bootstrap"), money)
    return (
        KeyFigure(
            "Not churned",
            words.percent(active),
            f"of {words.count(everybody['users'])} users; last active fewer than {churn_days} days before the date",
        ),
        KeyFigure(
            "Whales' share of revenue",
            whales.value,
            whales.interval or whales.note,
            {"segment": "whale"},
            ("revenue_share", "whale"),
        ),
        KeyFigure(
            "Mean revenue in 90 days",
            mean.value,
            mean.interval or mean.note,
            measure=("mean_revenue_90d", None),
        ),
    )


def _behavioral(summary: Sequence[Row], results: StatisticRows) -> list[dict[str, Any]]:
    return [
        {
            **_common(row, "behavioral_segment", results, summary),
            "score": number(
                results.at(
                    "mean_engagement_score",
                    _segment(row, "behavioral_segment"),
                    method="percentile_bootstrap",
                ),
                words.ratio,
            ),
            "sessions": plain(row["mean_session_frequency"], words.number),
            "minutes": plain(
                None if row["mean_session_duration"] is None else row["mean_session_duration"] / 60,
                words.number,
            ),
            "events": plain(row["mean_event_frequency"], words.number),
        }
        for row in summary
    ]


def _lengths(summary: Sequence[Row]) -> dict[str, bool]:
    return {"has_session_lengths": summary[-1]["mean_session_duration"] is not None}


def _revenue(
    summary: Sequence[Row], results: StatisticRows, money: Callable[[Any], str]
) -> list[dict[str, Any]]:
    rows = []
    for row in summary:
        segment = _segment(row, "revenue_segment")
        mean = results.at("mean_lifetime_revenue", segment, method="percentile_bootstrap")
        rows.append(
            {
                **_common(row, "revenue_segment", results, summary),
                "from": row["lowest_revenue"],
                "to": row["highest_revenue"],
                "revenue": row["revenue"],
                "revenue_share": number(
                    results.at("revenue_share", segment, method="logit_delta"), words.percent
                )
                if segment
                else None,
                "mean": number(mean, money),
                "trust": trust(mean),
            }
        )
    return rows


def _common(row: Row, kind: str, results: StatisticRows, summary: Sequence[Row]) -> dict[str, Any]:
    segment = _segment(row, kind)
    share = results.at("segment_share", segment) if segment else None
    top = max((other["share_ci_high"] or other["share"] or 0.0 for other in summary), default=0.0)
    return {
        "name": LABELS.get(row[kind], row[kind]),
        "segment": segment,
        "colour": COLOURS.get(row[kind]),
        "users": row["users"],
        "share": number(share, words.percent) if segment else None,
        "bar": interval_bar(share["estimate"], share["ci_low"], share["ci_high"], top, COLOURS[segment])
        if share and segment
        else "",
        "confidence": row["confidence"],
        "is_confident": row["is_confident"],
    }


def _segment(row: Row, kind: str) -> str | None:
    return row[kind] if row[kind] in LABELS else None


def _definitions(run: Run) -> dict[str, Any]:
    return {
        "behavioral": behavioral_criteria(run.rules),
        "revenue": revenue_criteria(run.rules),
        "weights": {name.replace("_", " "): weight for name, weight in run.rules.engagement_weights.items()},
        "terms": definitions("engagement", run)["terms"],
    }
