"""This family's part of the report: who comes, who stays, who pays, and what a fee does to all of that."""

from typing import Any

from include.tidemark.artifacts.family_definitions import definitions
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.fee_tiers.definitions import size_criteria
from include.tidemark.families.fee_tiers.questions import (
    all_weeks_name,
    fee_week_rows,
    fees,
    tier_name,
    week_name,
)
from include.tidemark.families.fee_tiers.report_sizes import SIZE_COLOURS, elasticity_section, sizes_section
from include.tidemark.families.fee_tiers.report_value import tier_colours, value_section
from include.tidemark.families.fee_tiers.retention_tables import ALL_TIERS
from include.tidemark.families.fee_tiers.size_rows import NEW_SHARE
from include.tidemark.report import words
from include.tidemark.report.charts import (
    Bar,
    HeatCell,
    Point,
    categorical,
    curves,
    heat_map,
    is_weak,
    stacked_bars,
)
from include.tidemark.report.numbers import number, p_value, told_of, trust
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.retention import IN_WINDOW
from include.tidemark.warehouse.base import Row, Warehouse

_NEW, _RETURNING = "New", "Returning"
_MODEL_METHODS = {"logit_jackknife": "Leaving out one week at a time", "logit_clustered": "Clustered by week"}
_FOLLOWED = (1, 4)
"""Weeks after the first swap whose retention is a key figure."""


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of the fee tiers."""
    weeks = fee_week_rows(run, warehouse)
    tiers = {tier_name(fee): fee for fee in fees(run, warehouse)}
    left_out = _left_out(run, warehouse)
    sections = (
        ("retention", "Who comes back", _retention(run, results, tiers), ("data/retention_by_fee.csv", "data/user_cohorts.csv")),
        ("acquisition", "New and returning users", _acquisition(weeks, results), ("data/acquisition_by_period.csv",)),
        ("sizes", "Trade sizes", sizes_section(run, warehouse, results, weeks), ("data/segment_metrics.csv",)),
        ("elasticity", "What a higher fee does to volume", elasticity_section(run, warehouse, results), ("data/statistics.csv",)),
        ("value", "What users are worth", value_section(run, results, tiers), ("data/ltv_by_fee.csv",)),
        ("definitions", "What the words mean", _definitions(run, weeks, left_out), ()),
    )  # fmt: skip
    return ReportPart(
        title="Fee tiers",
        intro="What users do when the fee changes. Weeks are those of the fee periods; a user's fee is the one at the first swap.",
        key_figures=_key_figures(run, warehouse, results, weeks),
        sections=tuple(
            Section(
                anchor,
                title,
                render_section(
                    "fee_tiers",
                    anchor,
                    {"colours": SIZE_COLOURS, "criteria": size_criteria(run.rules)} | shown,
                ),
                files,
            )
            for anchor, title, shown, files in sections
        ),
        topics=("trust", "p_values", "unfinished_windows", "few_periods", "charts"),
        wordings={
            IN_WINDOW: Wording(
                "",
                words.percent,
                subject="The share of users who came at {segment} and were back in {horizon}",
            ),
            LTV_MEAN: Wording(
                "",
                words.money_in(run.rules.money),
                subject="The mean value of users who came at {segment} ({horizon})",
            ),
        },
    )


def _key_figures(
    run: Run, warehouse: Warehouse, results: StatisticRows, weeks: list[Row]
) -> tuple[KeyFigure, ...]:
    users = warehouse.fetch(
        "select count(*) as users from runs.int_user_first_seen where run_key = ?", (run.run_key,)
    )[0]["users"]
    complete = [week for week in weeks if week["is_complete"]]
    new = sum(week["new_swappers"] for week in weeks)
    last = complete[-1] if complete else None
    since = f"{words.count(last['new_swappers'])} of them in the last whole week" if last else ""
    retained = [
        (k, number(results.at(ALL_TIERS, horizon=week_name(k)), words.percent))
        for k in _FOLLOWED
        if k <= run.rules.fee_retention_weeks
    ]
    whales = number(
        results.at("fees_share", "whale", horizon=last["period_id"] if last else None), words.percent
    )
    return (
        KeyFigure("Users", words.count(users), "With a swap before the date, whenever it was"),
        KeyFigure("New users", words.count(new), since or "No fee week is over yet"),
        *(KeyFigure(f"Back in week {k}", shown.value, shown.interval or shown.note) for k, shown in retained),
        KeyFigure(
            "Whales' share of fees", whales.value, whales.interval or whales.note, {"segment": "whale"}
        ),
    )


def _retention(run: Run, results: StatisticRows, tiers: dict[str, float]) -> dict[str, Any]:
    """Curves and a heat map of the cohorts, and the effect of 5 bps more."""
    weeks = range(run.rules.fee_retention_weeks + 1)
    found = {tier: [results.at(IN_WINDOW, tier, horizon=week_name(k)) for k in weeks] for tier in tiers}
    if not any(row and row["estimate"] is not None for rows in found.values() for row in rows):
        return {"reason": REASONS["window_not_complete"]}
    series = {
        tier: [Point.of(k, row, tier=tier) for k, row in zip(weeks, rows, strict=True)]
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
            tier_colours(tiers),
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
                    results.at("retention_change_5bps", horizon=name, method=method), words.points
                ),
                "odds": number(results.at("odds_ratio_5bps", horizon=name, method=method), words.ratio),
                "p": p_value(results.at("retention_change_5bps", horizon=name, method=method)),
                "trust": trust(results.at("retention_change_5bps", horizon=name, method=method)),
            }
            for method, says in _MODEL_METHODS.items()
        ],
        "weeks": name,
    }  # fmt: skip


def _acquisition(weeks: list[Row], results: StatisticRows) -> dict[str, Any]:
    def told(week: Row, group: str) -> str:
        new = results.at(NEW_SHARE, horizon=week["period_id"])
        return told_of(
            new if group == _NEW else _complement(new),
            words.percent,
            week["period_id"],
            words.bps(week["final_fee_bps"]),
        )

    bars = [
        Bar(
            words.short_day(week["period_start_date"]),
            group,
            float(week[column]) if week["is_complete"] else None,
            told(week, group),
            facets={"date": week["period_start_date"].isoformat()},
        )
        for week in weeks
        for group, column in ((_NEW, "new_swappers"), (_RETURNING, "returning_swappers"))
    ]
    complete = [week for week in weeks if week["is_complete"]]
    if not any(week["swappers"] for week in complete):
        return {"reason": REASONS["window_not_complete"], "counts": "", "parts": ""}
    last = complete[-1]
    description = (
        f"New and returning users of {len(complete)} fee weeks. In the last whole one {words.count(last['new_swappers'])} of"
        f" {words.count(last['swappers'])} users were new."
    )
    colours = categorical((_NEW, _RETURNING))
    counts, parts = (
        stacked_bars(
            bars, colours, normalised=normalised, description=description, x_title="First day of the week"
        )
        for normalised in (False, True)
    )
    return {"reason": "", "counts": counts, "parts": parts}


def _complement(share: Row | None) -> Row | None:
    """The share of all others."""
    if share is None or None in (share["estimate"], share["ci_low"], share["ci_high"]):
        return share
    ends = {"estimate": "estimate", "ci_low": "ci_high", "ci_high": "ci_low"}
    return {**share, **{end: 1 - share[other] for end, other in ends.items()}}


def _left_out(run: Run, warehouse: Warehouse) -> dict[str, int]:
    rows = warehouse.fetch(
        "select left_out_reason as reason, count(*) as users from runs.int_user_first_seen"
        " where run_key = ? and left_out_reason is not null group by left_out_reason",
        (run.run_key,),
    )
    return {row["reason"]: int(row["users"]) for row in rows}


def _definitions(run: Run, weeks: list[Row], left_out: dict[str, int]) -> dict[str, Any]:
    said = definitions("fee_tiers", run)
    return {
        "terms": said["terms"],
        "basis": said["trade_size_basis"],
        "sizes": size_criteria(run.rules),
        "left_out": [
            {"says": says, "users": left_out[reason]}
            for reason, says in said["left_out_of_cohorts"].items()
            if reason in left_out
        ],
        "excluded": [week for week in weeks if week["exclusion_reason"] is not None],
        "all_weeks": all_weeks_name(run.rules.fee_retention_weeks),
    }


def _cell(tier: str, k: int, row: Row | None) -> HeatCell:
    value = row["estimate"] if row else None
    return HeatCell(
        x=str(k),
        y=tier,
        value=value,
        text="" if value is None else words.percent(value, 0),
        note=told_of(row, words.percent),
        too_few=row is not None and row["reason"] != "window_not_complete",
        weak=is_weak(row),
        facets={"tier": tier},
    )
