"""This family's part of the report: who comes, who stays, who pays, and what a fee does to all of that."""

from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.fee_tiers.definitions import LEFT_OUT, TERMS, size_basis, size_criteria
from include.tidemark.families.fee_tiers.names import all_weeks_name, week_name
from include.tidemark.families.fee_tiers.questions import fee_week_rows, fees
from include.tidemark.families.fee_tiers.report_retention import Numbers, retention_section, value_section
from include.tidemark.families.fee_tiers.report_sizes import SIZE_COLOURS, elasticity_section, sizes_section
from include.tidemark.families.fee_tiers.retention_tables import ALL_TIERS
from include.tidemark.report import words
from include.tidemark.report.charts import Bar, categorical, stacked_bars
from include.tidemark.report.numbers import number
from include.tidemark.report.parts import KeyFigure, ReportPart, Section
from include.tidemark.report.templating import render_section
from include.tidemark.report.what_changed import Wording
from include.tidemark.run import Run
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.statistics.results import REASONS
from include.tidemark.statistics.retention import IN_WINDOW
from include.tidemark.warehouse.base import Row, Warehouse

_NEW, _RETURNING = "New", "Returning"
_FOLLOWED = (1, 4)
"""Weeks after the first swap whose retention is a key figure."""


def report_part(run: Run, warehouse: Warehouse, results: StatisticRows) -> ReportPart:
    """The key figures and sections of the fee tiers."""
    weeks = fee_week_rows(run, warehouse)
    numbers = Numbers(results, fees(run, warehouse))
    left_out = _left_out(run, warehouse)
    sections = (
        ("retention", "Who comes back", retention_section(run, numbers), ("data/retention_by_fee.csv", "data/user_cohorts.csv")),
        ("acquisition", "New and returning users", _acquisition(weeks), ("data/acquisition_by_period.csv",)),
        ("sizes", "Trade sizes", sizes_section(run, warehouse, numbers, weeks), ("data/segment_metrics.csv",)),
        ("elasticity", "What a higher fee does to volume", elasticity_section(run, warehouse, numbers), ("data/statistics.csv",)),
        ("value", "What users are worth", value_section(run, numbers), ("data/ltv_by_fee.csv",)),
        ("definitions", "What the words mean", _definitions(run, weeks, left_out), ()),
    )  # fmt: skip
    return ReportPart(
        title="Fee tiers",
        intro="What users do when the fee changes. Weeks are those of the fee periods; a user's fee is the one at the first swap.",
        key_figures=_key_figures(run, warehouse, numbers, weeks),
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


def _key_figures(run: Run, warehouse: Warehouse, numbers: Numbers, weeks: list[Row]) -> tuple[KeyFigure, ...]:
    users = warehouse.fetch(
        "select count(*) as users from runs.int_user_first_seen where run_key = ?", (run.run_key,)
    )[0]["users"]
    complete = [week for week in weeks if week["is_complete"]]
    new = sum(week["new_swappers"] for week in weeks)
    last = complete[-1] if complete else None
    since = f"{words.count(last['new_swappers'])} of them in the last whole week" if last else ""
    retained = [
        (k, number(numbers.find(ALL_TIERS, None, week_name(k)), words.percent))
        for k in _FOLLOWED
        if k <= run.rules.fee_retention_weeks
    ]
    whales = number(numbers.find("fees_share", "whale", last["period_id"] if last else None), words.percent)
    return (
        KeyFigure("Users", words.count(users), "With a swap before the date, whenever it was"),
        KeyFigure("New users", words.count(new), since or "No fee week is over yet"),
        *(KeyFigure(f"Back in week {k}", shown.value, shown.interval or shown.note) for k, shown in retained),
        KeyFigure(
            "Whales' share of fees", whales.value, whales.interval or whales.note, {"segment": "whale"}
        ),
    )


def _acquisition(weeks: list[Row]) -> dict[str, Any]:
    bars = [
        Bar(
            words.short_day(week["period_start_date"]),
            group,
            float(week[column]) if week["is_complete"] else None,
            f"{week['period_id']}, {words.bps(week['final_fee_bps'])}",
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


def _left_out(run: Run, warehouse: Warehouse) -> dict[str, int]:
    rows = warehouse.fetch(
        "select left_out_reason as reason, count(*) as users from runs.int_user_first_seen"
        " where run_key = ? and left_out_reason is not null group by left_out_reason",
        (run.run_key,),
    )
    return {row["reason"]: int(row["users"]) for row in rows}


def _definitions(run: Run, weeks: list[Row], left_out: dict[str, int]) -> dict[str, Any]:
    return {
        "terms": TERMS,
        "basis": size_basis(run.rules),
        "sizes": size_criteria(run.rules),
        "left_out": [
            {"says": says, "users": left_out[reason]}
            for reason, says in LEFT_OUT.items()
            if reason in left_out
        ],
        "excluded": [week for week in weeks if week["exclusion_reason"] is not None],
        "all_weeks": all_weeks_name(run.rules.fee_retention_weeks),
    }
