"""The files of this family: the cohorts user by user, and what was estimated of them, in the columns of the wide files."""

from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from include.tidemark.artifacts.model_tables import write_model_table
from include.tidemark.artifacts.results import StatisticRows, closing_columns
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile, write_rows
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.families.fee_tiers import tables
from include.tidemark.families.fee_tiers.questions import fee_week_rows
from include.tidemark.families.fee_tiers.rules import TRADE_SIZES
from include.tidemark.families.fee_tiers.size_rows import NEW_SHARE, NEXT_WEEK
from include.tidemark.run import Run
from include.tidemark.statistics.projections import SEED_FILES, Projection, Value, project, segment_metrics
from include.tidemark.statistics.results import ResultRow
from include.tidemark.warehouse.base import Row, Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    weeks = fee_week_rows(run, warehouse)
    written = write_model_table(tables.COHORTS, run, warehouse, ids, target)
    written += write_rows(tables.RETENTION, retention_by_fee(run, results), target)
    written += write_rows(tables.ACQUISITION, acquisition_by_period(run, weeks, results), target)
    metrics = tables.SEGMENT_METRICS.in_currency(run.rules.money)
    written += write_rows(metrics, segment_metric_rows(run, weeks, results), target)
    written += write_rows(tables.LIFETIME_VALUE, ltv_by_fee(run, results), target)
    return written


def retention_by_fee(run: Run, results: StatisticRows) -> list[Row]:
    """The lines of `retention_by_fee.csv`, by fee and week."""
    lines = _projected(run, results, SEED_FILES["retention_by_fee.csv"])
    return sorted(lines, key=lambda line: (line["acquisition_fee_bps"], line["k"]))


def ltv_by_fee(run: Run, results: StatisticRows) -> list[Row]:
    """The lines of `ltv_by_fee.csv`, by fee, horizon and rate."""
    lines = _projected(run, results, SEED_FILES["ltv_by_fee.csv"])
    keys = ("acquisition_fee_bps", "horizon_weeks", "discount_rate")
    return sorted(lines, key=lambda line: tuple(line[key] for key in keys))


def acquisition_by_period(run: Run, weeks: Iterable[Row], results: StatisticRows) -> list[Row]:
    """The lines of `acquisition_by_period.csv`: a week that is not over has no numbers yet."""
    new = {row["horizon"]: row for row in results.of(NEW_SHARE)}
    return [
        {
            "period_id": week["period_id"],
            "period_start_date": week["period_start_date"],
            "final_fee_bps": week["final_fee_bps"],
            "new_swappers": week["new_swappers"] if week["is_complete"] else None,
            "returning_swappers": week["returning_swappers"] if week["is_complete"] else None,
            **closing_columns(run, new.get(week["period_id"])),
        }
        for week in weeks
    ]


def segment_metric_rows(run: Run, weeks: Iterable[Row], results: StatisticRows) -> list[Row]:
    """The lines of `segment_metrics.csv`, by week and trade size."""
    held = list(weeks)
    wide = segment_metrics({week["period_id"]: week["final_fee_bps"] for week in held})
    # The retention of a trade size is that of its users of the week; that of a cohort is another metric.
    wide = replace(wide, values={**wide.values, "retention_rate": Value(NEXT_WEEK, "wilson")})
    order = {week["period_id"]: place for place, week in enumerate(held)}
    lines = _projected(run, results, wide)
    return sorted(lines, key=lambda line: (order[line["period_id"]], TRADE_SIZES.index(line["segment"])))


def _projected(run: Run, results: StatisticRows, projection: Projection) -> list[dict[str, Any]]:
    wanted = {value.metric for value in projection.values.values()}
    names = [field.name for field in fields(ResultRow)]
    rows = [
        ResultRow(**{name: row[name] for name in names}) for row in results.rows if row["metric"] in wanted
    ]
    return [
        {**line, "as_of_date": run.as_of_date, "run_key": run.run_key} for line in project(rows, projection)
    ]
