"""The files of this family: the cohorts user by user, and what was estimated of them, in the columns of the wide files."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

from include.tidemark.artifacts.model_tables import write_model_table
from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import Line, write_wide
from include.tidemark.families.fee_tiers import tables
from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.questions import fee_week_rows, fees
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tables.TABLES


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    weeks, tiers = fee_week_rows(run, warehouse), fees(run, warehouse)
    lines = (
        (tables.RETENTION, _tier_weeks(run, tiers)),
        (tables.ACQUISITION, [_newcomers(week) for week in weeks]),
        (tables.SEGMENT_METRICS.in_currency(run.rules.money), _sizes(weeks)),
        (tables.LIFETIME_VALUE, _tier_horizons(run, tiers)),
    )
    written = write_model_table(tables.COHORTS, run, warehouse, ids, target)
    for table, held in lines:
        written += write_wide(table, run, held, results, target)
    return written


def _tier_weeks(run: Run, tiers: Iterable[float]) -> list[Line]:
    weeks = range(run.rules.fee_retention_weeks + 1)
    return [{"acquisition_fee_bps": fee, "k": k} for fee, k in product(tiers, weeks)]


def _tier_horizons(run: Run, tiers: Iterable[float]) -> list[Line]:
    rates = [rate / 100 for rate in run.rules.fee_ltv_discount_rates_pct]
    return [
        {"acquisition_fee_bps": fee, "horizon_weeks": weeks, "discount_rate": rate}
        for fee, weeks, rate in product(tiers, run.rules.fee_ltv_horizon_weeks, rates)
    ]


def _sizes(weeks: Iterable[Row]) -> list[Line]:
    return [{**week, "segment": size} for week, size in product(weeks, TRADE_SIZES)]


def _newcomers(week: Row) -> Line:
    """A week that is not over has no numbers yet."""
    return week if week["is_complete"] else {**week, "new_swappers": None, "returning_swappers": None}
