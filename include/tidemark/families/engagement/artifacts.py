"""The files of this family: cohorts, segment summaries, journeys of users, the funnel, and what all of it
says together."""

from decimal import Decimal
from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide_tables import wide_rows, wide_tables, write_tables
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.families.engagement.analysis_report import write_analysis_report
from include.tidemark.families.engagement.cohorts import read_cohorts
from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.no_money import has_money
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

ALL_USERS = "All users"
TABLES = wide_tables(Path(__file__).with_name("tables.yml"))


def published_tables(run: Run) -> tuple[PublishedTable, ...]:  # noqa: ARG001 - as every family's
    """Every table of the family, for the data dictionary."""
    return tuple(TABLES.tables.values())


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    behavioral = summary_rows(run, warehouse, results, "behavioral_segment")
    revenue = summary_rows(run, warehouse, results, "revenue_segment")
    funnel = funnel_rows(run, results)
    cohorts = cohort_rows(run, warehouse, results)
    written = write_rows(TABLES["data/retention_cohorts"], cohorts, target)
    written += write_rows(TABLES["data/behavioral_segment_summary"], behavioral, target)
    written += write_rows(TABLES["data/revenue_segment_summary"], revenue, target)
    written += write_tables(TABLES, {}, run, warehouse, results, ids, target)
    written += write_rows(TABLES["data/journey_funnel_analysis"], funnel, target)
    report = write_analysis_report(run, results, behavioral, revenue, funnel, cohorts, target)
    return [*written, report]


def cohort_rows(run: Run, warehouse: Warehouse, results: StatisticRows) -> list[Row]:
    """One row per cohort and day with the columns of `retention_cohorts.csv`."""
    known = has_money(run)
    lines = (
        {
            "cohort_date": cohort.cohort_date,
            "day": cohort.day,
            "users": cohort.users,
            "matured_users": cohort.matured,
            "retained_users": cohort.active_on_day if cohort.matured else None,
            "followed_users": cohort.followed,
            "retained_or_later_users": cohort.active_on_day_or_later if cohort.followed else None,
            "is_burn_in": cohort.is_burn_in,
            "revenue": Decimal(int(cohort.revenue.sums[0])).scaleb(-2) if cohort.matured and known else None,
        }
        for cohort in read_cohorts(run, warehouse)
    )
    return wide_rows(TABLES["data/retention_cohorts"], run, lines, results)


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
    known = has_money(run)
    zero = 0 if known or kind == "behavioral_segment" else None
    empty = {**dict.fromkeys(everybody), "users": zero, "revenue": 0 if known else None}
    groups = [*((name, counted.get(name, empty)) for name in names), (None, everybody)]
    lines = ({"segment": name, kind: name or ALL_USERS, **counts} for name, counts in groups)
    return wide_rows(TABLES[f"data/{kind}_summary"], run, lines, results)


def funnel_rows(run: Run, results: StatisticRows) -> list[Row]:
    """One row per group and stage with the columns of `journey_funnel_analysis.csv`, all users first."""
    groups = sorted({row["segment"] for row in results.of("funnel_reached")}, key=lambda name: name or "")
    lines = (
        {"segment": group, "group": group or ALL_USERS, "stage_number": number, "stage": stage}
        for group in groups
        for number, stage in enumerate(stage_names(run.rules))
    )
    return wide_rows(TABLES["data/journey_funnel_analysis"], run, lines, results)
