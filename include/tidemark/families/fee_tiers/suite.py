"""What `checks.yml` says of the fee weeks, the cohorts and their statistics, for the zone, the trade sizes and the weeks of the rules."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from include.tidemark.families.fee_tiers.definitions import SIZES
from include.tidemark.families.fee_tiers.elasticity_cells import USABLE_WEEK
from include.tidemark.families.fee_tiers.local_days import local_day
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS
from include.tidemark.validation.checks import Asset, text_list
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")
_REMEMBERED = timedelta(days=3660)
"""Offsets of the time zone are written out for so long before the as-of date."""


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, and their sums against staging's single rows."""
    return suites_of(_FILE, "models", run, "fee_tiers", _values(run))


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "fee_tiers", _values(run))


def _values(run: Run) -> dict[str, Any]:
    rules, as_of = run.rules, run.as_of_instant
    sizes, by_volume = shipped(SIZES, rules), rules.trade_size_basis == "period_volume"
    return {
        "sizes": text_list(sizes.names),
        "size_count": len(sizes.names),
        "sizes_of_volume": [{"size_of_volume": sizes.decided}] if by_volume else [],
        "weeks_of_a_cohort": rules.fee_retention_weeks + 1,
        "values_of_a_tier": len(rules.fee_ltv_horizon_weeks) * len(rules.fee_ltv_discount_rates_pct),
        "usable_week": USABLE_WEEK,
        "minimum_periods": MINIMUM_PERIODS,
        "local_day": local_day("transaction_at", rules.business_timezone, as_of - _REMEMBERED, as_of),
    }
