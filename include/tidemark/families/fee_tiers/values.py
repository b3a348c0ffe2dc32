"""What the texts of `checks.yml`, `account.yml`, `tables.yml` and `definitions.yml` name."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from include.tidemark.families.fee_tiers.definitions import SIZES, size_basis, size_criteria
from include.tidemark.families.fee_tiers.elasticity_cells import USABLE_WEEK
from include.tidemark.families.fee_tiers.local_days import local_day
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.sources.literals import text_literal
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS
from include.tidemark.validation.checks import text_list

_REMEMBERED = timedelta(days=3660)
"""Offsets of the time zone are written out for so long before the as-of date."""


def values(run: Run) -> dict[str, Any]:
    """What the rules decide."""
    rules, as_of = run.rules, run.as_of_instant
    sizes, by_volume = shipped(SIZES, rules), rules.trade_size_basis == "period_volume"
    first = as_of - timedelta(days=366 * rules.earliest_years_before_as_of)
    return {
        # The warehouse's own function takes some times as long as all the rest.
        "day_of_transaction": local_day("r.transaction_at", rules.business_timezone, first, as_of),
        "fee_days": _fee_days(run),
        "sizes": text_list(sizes.names),
        "size_count": len(sizes.names),
        "size_basis": size_basis(rules),
        "segments": [{"segment": name, "criteria": text} for name, text in size_criteria(rules).items()],
        "each_size": _each("size_number, {} as segment", map(text_literal, sizes.names)),
        "each_horizon": _each("horizon_number, {} as horizon_weeks", rules.fee_ltv_horizon_weeks),
        "each_rate": _each(
            "rate_number, cast({} as double) as discount_rate_pct", rules.fee_ltv_discount_rates_pct
        ),
        "sizes_of_volume": [{"size_of_volume": sizes.decided}] if by_volume else [],
        "follow_up_weeks": follow_up_weeks(rules.follow_up_days),
        "weeks_of_a_cohort": rules.fee_retention_weeks + 1,
        "values_of_a_tier": len(rules.fee_ltv_horizon_weeks) * len(rules.fee_ltv_discount_rates_pct),
        "usable_week": USABLE_WEEK,
        "minimum_periods": MINIMUM_PERIODS,
        "local_day": local_day("transaction_at", rules.business_timezone, as_of - _REMEMBERED, as_of),
    }


def follow_up_weeks(days: int) -> int:
    """How many fee weeks after a week "in it or later" looks at: those that hold that many days.

    >>> follow_up_weeks(28), follow_up_weeks(10)
    (4, 2)
    """
    return (days + 6) // 7


def _each(columns: str, values: Iterable[object]) -> str:
    """SQL of a row per value: its number and the value."""
    return " union all ".join(
        f"select {number} as {columns.format(value)}" for number, value in enumerate(values)
    )


def _fee_days(run: Run) -> str:
    """SQL of the days of the fee weeks, as `d`."""
    weeks = f"(select * from runs.fee_weeks where run_key = '{run.run_key}') as weeks"
    numbers = " union all ".join(f"select {day} as n" for day in range(7))
    return (
        f"(select distinct weeks.week_start_date + days.n as fee_day from {weeks} cross join ({numbers}) as days"
        " where weeks.week_start_date + days.n <= weeks.week_end_date) as d"
    )
