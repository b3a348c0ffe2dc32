"""The files of this family: the cohorts user by user, and what was estimated of them, in the columns of the wide files."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.wide import Line
from include.tidemark.artifacts.wide_tables import wide_tables, write_tables
from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.questions import fee_week_rows, fees
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

TABLES = wide_tables(Path(__file__).with_name("tables.yml"))


def published_tables(run: Run) -> tuple[PublishedTable, ...]:
    """Every table of the family, for the data dictionary."""
    return tuple(TABLES.tables.values())


def export(
    run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the family's files below the folder `target`."""
    weeks, tiers = fee_week_rows(run, warehouse), fees(run, warehouse)
    lines = {
        "data/retention_by_fee": _tier_weeks(run, tiers),
        "data/acquisition_by_period": [_newcomers(week) for week in weeks],
        "data/segment_metrics": _sizes(weeks),
        "data/ltv_by_fee": _tier_horizons(run, tiers),
    }
    return write_tables(TABLES, lines, run, warehouse, results, ids, target)


def _tier_weeks(run: Run, tiers: Iterable[float]) -> list[Line]:
    weeks = range(run.rules.fee_retention_weeks + 1)
    return [{"acquisition_fee_bps": fee, "k": k} for fee, k in product(tiers, weeks)]


def _tier_horizons(run: Run, tiers: Iterable[float]) -> list[Line]:
    rates = run.rules.fee_ltv_discount_rates_pct
    return [
        {
            "acquisition_fee_bps": fee,
            "horizon_weeks": weeks,
            "discount_rate_pct": rate,
            "discount_rate": rate / 100,
        }
        for fee, weeks, rate in product(tiers, run.rules.fee_ltv_horizon_weeks, rates)
    ]


def _sizes(weeks: Iterable[Row]) -> list[Line]:
    return [{**week, "segment": size} for week, size in product(weeks, TRADE_SIZES)]


def _newcomers(week: Row) -> Line:
    """A week that is not over has no numbers yet."""
    return week if week["is_complete"] else {**week, "new_swappers": None, "returning_swappers": None}
