"""The files of this family: cohorts, segment summaries, journeys of users, the funnel, and what all of it says together."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.model_tables import write_model_table
from include.tidemark.artifacts.results import StatisticRows, closing_columns, estimate_columns
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.engagement import tables
from include.tidemark.families.engagement.analysis_report import write_analysis_report
from include.tidemark.families.engagement.cohorts import REVENUE_PER_USER, horizon, read_cohorts
from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.run import Run
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW
from include.tidemark.warehouse.base import Row, Warehouse

ALL_USERS = "All users"


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


_KEY = ("metric", "method", "segment", "segment_to", "horizon")
Index = Mapping[tuple[Any, ...], Row]


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    behavioral = summary_rows(run, warehouse, results, "behavioral_segment")
    revenue = summary_rows(run, warehouse, results, "revenue_segment")
    funnel = funnel_rows(run, results)
    cohorts = cohort_rows(run, warehouse, results)
    written = write_rows(tables.COHORTS, cohorts, target)
    written += write_rows(tables.BEHAVIORAL, behavioral, target)
    written += write_rows(tables.REVENUE, revenue, target)
    written += write_model_table(tables.USERS, run, warehouse, ids, target)
    written += write_rows(tables.FUNNEL, funnel, target)
    report = write_analysis_report(run, results, behavioral, revenue, funnel, cohorts, target)
    return [*written, report]


def cohort_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per cohort and day with the columns of `retention_cohorts.csv`."""
    index = _index(results)
    rows = []
    for cohort in read_cohorts(run, warehouse):
        place = (cohort.name, None, horizon(cohort.day))
        rate, later = (index.get((metric, "wilson", *place)) for metric in (IN_WINDOW, IN_OR_AFTER))
        rest = index.get((f"{IN_WINDOW}_vs_rest", "newcombe", *place))
        revenue = index.get((REVENUE_PER_USER, "hall_skew_t", *place))
        rows.append(
            {
                **_identity(run),
                "cohort_date": cohort.cohort_date,
                "day": cohort.day,
                "users": cohort.users,
                "matured_users": cohort.matured,
                "retained_users": cohort.active_on_day if cohort.matured else None,
                **estimate_columns("retention_rate", rate),
                "retained_or_later_users": cohort.active_on_day_or_later if cohort.matured else None,
                **estimate_columns("retention_or_later_rate", later),
                **estimate_columns("difference_from_rest", rest),
                **significance_columns(run, rest),
                "revenue": Decimal(int(cohort.revenue.sums[0])).scaleb(-2) if cohort.matured else None,
                **estimate_columns("revenue_per_user", revenue),
                "revenue_per_user_trust": revenue["trust"] if revenue else None,
                "revenue_per_user_reason": revenue["reason"] if revenue else None,
                **closing_columns(run, rate),
            }
        )
    return rows


def summary_rows(run: Run, warehouse: Warehouse, results: StatisticRows, kind: str) -> list[Row]:
    """One row per segment of a kind, then one for all users, with the columns of its summary."""
    revenue = "lifetime_revenue" if run.rules.revenue_segment_basis == "lifetime" else "revenue_last_90_days"
    measures = f"""
        count(*) as users, min({revenue}) as lowest_revenue, max({revenue}) as highest_revenue, sum({revenue}) as revenue,
        avg(session_frequency) as mean_session_frequency, avg(session_duration) as mean_session_duration,
        avg(event_frequency) as mean_event_frequency,
        avg(cast(days_since_last_activity as double)) as mean_days_since_last_activity"""
    own = warehouse.fetch(
        f"select {kind}, {measures} from runs.user_engagement where run_key = ? group by {kind}",
        (run.run_key,),
    )
    (everybody,) = warehouse.fetch(
        f"select {measures} from runs.user_engagement where run_key = ?", (run.run_key,)
    )
    counted = {row.pop(kind): row for row in own}
    names = BEHAVIORAL_SEGMENTS if kind == "behavioral_segment" else REVENUE_SEGMENTS
    empty = {**dict.fromkeys(everybody), "users": 0, "revenue": 0}
    groups = [*((name, counted.get(name, empty)) for name in names), (None, everybody)]
    return [_summary_row(run, results, kind, name, counts) for name, counts in groups]


def _summary_row(run: Run, results: StatisticRows, kind: str, segment: str | None, counts: Row) -> Row:
    scored = results.find("segment_confidence", segment) if segment else None
    confidence = scored["estimate"] if scored else None
    means = {
        name: results.find(name, segment, "percentile_bootstrap")
        for name in ("mean_engagement_score", "mean_revenue_90d", "mean_lifetime_revenue")
    }
    row = {
        **_identity(run),
        kind: segment or ALL_USERS,
        **counts,
        **estimate_columns("share", results.find("segment_share", segment) if segment else None),
        **estimate_columns(
            "revenue_share", results.find("revenue_share", segment, "logit_delta") if segment else None
        ),
        **{
            column: value
            for name, found in means.items()
            for column, value in estimate_columns(name, found).items()
        },
        "confidence": confidence,
        "is_confident": None
        if confidence is None
        else confidence >= run.rules.segmentation_confidence_threshold,
        **closing_columns(run, means["mean_lifetime_revenue"]),
    }
    table = tables.BEHAVIORAL if kind == "behavioral_segment" else tables.REVENUE
    return {name: row[name] for name in table.names}


def funnel_rows(run: Run, results: StatisticRows) -> list[Row]:
    """One row per group and stage with the columns of `journey_funnel_analysis.csv`, all users first."""
    index = _index(results)
    groups = sorted({row["segment"] for row in results.of("funnel_reached")}, key=lambda name: name or "")
    rows = []
    for group in groups:
        for number, stage in enumerate(stage_names(run.rules)):
            place = (group, stage, None)
            reached, conversion, drop_off = (
                index.get((f"funnel_{name}", "wilson", *place))
                for name in ("reached", "conversion", "drop_off")
            )
            median = index.get(("funnel_median_time", "order_statistics", *place))
            rest = index.get(("funnel_conversion_vs_rest", "newcombe", *place))
            rows.append(
                {
                    **_identity(run),
                    "group": group or ALL_USERS,
                    "stage_number": number,
                    "stage": stage,
                    "users": median["n"] if median else 0,
                    **estimate_columns("reached_rate", reached),
                    **estimate_columns("conversion_rate", conversion),
                    **estimate_columns("drop_off_rate", drop_off),
                    **estimate_columns("median_days", median),
                    **estimate_columns("difference_from_rest", rest),
                    **significance_columns(run, rest),
                    **closing_columns(run, conversion),
                }
            )
    return rows


def significance_columns(run: Run, statistic: Row | None) -> Row:
    """A comparison's p-values, and whether it counts as significant; empty where nothing was compared."""
    values = {
        name: statistic[name] if statistic else None for name in ("p_value", "p_adjusted", "family_size")
    }
    adjusted = values["p_adjusted"]
    threshold = run.rules.segmentation_significance_threshold
    return {**values, "is_significant": None if adjusted is None else adjusted <= threshold}


def _index(results: StatisticRows) -> Index:
    return {tuple(row[name] for name in _KEY): row for row in results.rows}


def _identity(run: Run) -> Row:
    return {"as_of_date": run.as_of_date, "run_key": run.run_key}
