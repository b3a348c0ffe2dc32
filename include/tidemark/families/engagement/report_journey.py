"""The report's journey: how many users reach each stage, and where groups differ."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.families.engagement.artifacts import ALL_USERS
from include.tidemark.report import words
from include.tidemark.report.charts import Stage, funnel_bars, is_weak
from include.tidemark.report.numbers import behind, number
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row


def journey(run: Run, funnel: Sequence[Row], results: StatisticRows) -> dict[str, Any]:
    """What the section's template prints."""
    everybody = [row for row in funnel if row["group"] == ALL_USERS]
    medians = {row["segment_to"]: row for row in results.of("funnel_median_time") if row["segment"] is None}
    conversions = {
        row["segment_to"]: row for row in results.of("funnel_conversion") if row["segment"] is None
    }
    compared = [row for row in funnel if row["p_value"] is not None]
    return {
        "chart": _bars(everybody, results),
        "users": everybody[0]["users"] if everybody else 0,
        "rows": [
            {
                "name": label(row["stage"]),
                "users": row["users"],
                "conversion": number(conversions.get(row["stage"]), words.percent) if row["stage_number"] else None,
                "days": number(medians.get(row["stage"]), words.number),
            }
            for row in everybody
        ],
        "groups": "months of sign-up" if run.rules.journey_funnel_group == "install_month" else "platforms",
        "compared": len(compared),
        "significant": [
            {
                "group": row["group"],
                "name": label(row["stage"]),
                "difference": words.points(row["difference_from_rest"]),
                "interval": f"{words.points(row['difference_from_rest_ci_low'])} to"
                f" {words.points(row['difference_from_rest_ci_high'])}",
                "p_value": words.p_value(row["p_adjusted"]),
            }
            for row in compared
            if row["is_significant"]
        ],
    }  # fmt: skip


def label(stage: str) -> str:
    """A stage as the report writes it.

    >>> label("first_purchase")
    'First purchase'
    """
    text = stage.replace("_", " ")
    return text[:1].upper() + text[1:]


def _bars(rows: Sequence[Row], results: StatisticRows) -> Markup:
    if not rows or not rows[0]["users"]:
        return Markup("")
    reached = {row["segment_to"]: row for row in results.of("funnel_reached") if row["segment"] is None}
    stages = [
        Stage(
            label(row["stage"]),
            row["users"],
            row["reached_rate"],
            row["reached_rate_ci_low"],
            row["reached_rate_ci_high"],
            row["conversion_rate"] if row["stage_number"] else None,
            ", ".join(filter(None, behind(reached[row["stage"]]))),
            weak=is_weak(reached[row["stage"]]),
        )
        for row in rows
    ]
    told = "; ".join(f"{stage.label} {words.percent(stage.share)}" for stage in stages)
    return funnel_bars(stages, f"Users who reached each stage, of those at the start: {told}.")
