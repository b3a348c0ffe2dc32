"""The family's statistics: each function reads sufficient statistics of one run and returns rows with
intervals.

SQL does the aggregation; a few thousand counts and cells reach Python, whatever the number of users.
"""

from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.elasticity_cells import CONTROLS, elasticity_cells
from include.tidemark.families.fee_tiers.retention_tables import all_tiers_rows, all_weeks_table, week_table
from include.tidemark.families.fee_tiers.size_rows import (
    concentration_rows,
    newcomer_rows,
    next_week_rows,
    week_rows,
)
from include.tidemark.families.fee_tiers.value_sums import (
    UNITS_A_DOLLAR,
    value_cells,
    week_units,
    weekly_sums,
)
from include.tidemark.run import Run
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.lifetime_value import lifetime_value
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.retention import RetentionCount, retention
from include.tidemark.statistics.retention_differences import retention_differences
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.spells import in_one_spell
from include.tidemark.warehouse.base import Row, Warehouse

STEP_BPS = 5.0
"""The effects are those of a fee that is so much higher."""


def tier_name(fee_bps: float) -> str:
    """An acquisition fee as the segment of a row.

    >>> tier_name(10.0), tier_name(2.5)
    ('10 bps', '2.5 bps')
    """
    return f"{fee_bps:.10g} bps"


def week_name(k: int) -> str:
    """The k-th fee week after that of the first swap, as the horizon of a row.

    >>> week_name(3)
    'week 3'
    """
    return f"week {k}"


def all_weeks_name(last: int) -> str:
    """The weeks 1 to `last` together, as the horizon of a row.

    >>> all_weeks_name(12)
    'weeks 1 to 12'
    """
    return f"weeks 1 to {last}"


def tier_retention(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Who comes back, by acquisition fee and weeks since the first swap?

    A fee holds for all who came in a week, so weeks are what tiers are compared by.
    """
    config, of_tiers = run.statistics_config, tier_counts(run, warehouse)
    return [
        *retention(of_tiers, config),
        *retention_differences(of_tiers, config, one_spell=tiers_of_one_spell(run, warehouse)),
        *all_tiers_rows(of_tiers, config),
    ]


def tier_counts(run: Run, warehouse: Warehouse) -> list[RetentionCount]:
    """The users of each tier and fee week of the first swap, and how many of them swapped how many weeks
    later."""
    counts = warehouse.fetch(
        """
        select first_seen_fee_bps, first_seen_week, first_seen_period_id, k, count(*) as users,
            sum(case when is_mature then 1 else 0 end) as matured, coalesce(sum(retained_flag), 0) as active,
            sum(case when is_followed then 1 else 0 end) as followed,
            coalesce(sum(retained_or_later_flag), 0) as active_or_later
        from runs.fct_user_cohorts
        where run_key = ? and k <= ?
        group by first_seen_fee_bps, first_seen_week, first_seen_period_id, k
        order by first_seen_fee_bps, k, first_seen_week
        """,
        (run.run_key, run.rules.fee_retention_weeks),
    )
    return [
        RetentionCount(
            group=tier_name(row["first_seen_fee_bps"]),
            window=week_name(int(row["k"])),
            users=int(row["users"]),
            matured=int(row["matured"]),
            active_in_window=int(row["active"]),
            active_in_or_after=int(row["active_or_later"]),
            unit=str(row["first_seen_period_id"]),
            followed=int(row["followed"]),
        )
        for row in counts
    ]


def fee_effect_on_retention(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What does a fee that is 5 bps higher at the first swap do to the chance of coming back?

    A model for each week, and one of all weeks together in which the odds fall with the logarithm of the
    week. The fee is set by the week, so users who were first seen in the same week are not independent.
    """
    counts = warehouse.fetch(
        """
        select first_seen_week, first_seen_fee_bps as fee_bps, k, sum(case when is_mature then 1 else 0 end) as n,
            coalesce(sum(retained_flag), 0) as successes
        from runs.fct_user_cohorts
        where run_key = ? and k between 1 and ?
        group by first_seen_week, first_seen_fee_bps, k
        order by first_seen_week, k
        """,
        (run.run_key, run.rules.fee_retention_weeks),
    )
    config = run.statistics_config
    weeks = range(1, run.rules.fee_retention_weeks + 1)
    rows: list[ResultRow] = []
    for k in weeks:
        table = week_table(counts, k)
        rows += table.rows(retention_model(table.table, config, step=STEP_BPS, horizon=week_name(k)))
    whole = all_weeks_table(counts)
    name = all_weeks_name(weeks[-1])
    pooled = whole.rows(retention_model(whole.table, config, step=STEP_BPS, horizon=name))
    # The weeks are the comparisons; the model of all of them stands alone, as a family of one.
    return adjust(rows, lambda row: (row.metric, row.method)) + adjust(pooled)


def tier_value(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What fees does a user of each acquisition fee bring in the first weeks?"""
    horizons = run.rules.fee_ltv_horizon_weeks
    rates = [rate / 100 for rate in run.rules.fee_ltv_discount_rates_pct]
    users = warehouse.fetch(
        """
        select first_seen_fee_bps, count(*) as users
        from runs.int_user_first_seen
        where run_key = ? and left_out_reason is null
        group by first_seen_fee_bps
        order by first_seen_fee_bps
        """,
        (run.run_key,),
    )
    cells, units = value_cells(run, warehouse), week_units(run, warehouse, horizons, rates)
    sums = weekly_sums(run, warehouse, max(horizons))
    return lifetime_value(
        {(tier_name(fee), weeks, rate): held for (fee, weeks, rate), held in cells.items()},
        {tier_name(row["first_seen_fee_bps"]): int(row["users"]) for row in users},
        run.statistics_config,
        weekly={tier_name(fee): held for fee, held in sums.items()},
        units={(tier_name(fee), weeks, rate): held for (fee, weeks, rate), held in units.items()},
        horizons=horizons,
        rates=rates,
        units_a_dollar=UNITS_A_DOLLAR,
        one_spell=tiers_of_one_spell(run, warehouse),
    )


def tiers_of_one_spell(run: Run, warehouse: Warehouse) -> set[str]:
    """The tiers whose fee was set once, or all others' was: weeks that are alike for another reason look like
    its effect."""
    weeks = [
        week
        for week in fee_week_rows(run, warehouse)
        if week["is_complete"] and week["exclusion_reason"] is None and week["final_fee_bps"] is not None
    ]
    return {str(tier) for tier in in_one_spell([tier_name(week["final_fee_bps"]) for week in weeks])}


def trade_sizes(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How is the volume spread over trade sizes, what do they pay, do they come back, and how many users are
    new?"""
    weeks = fee_week_rows(run, warehouse)
    cells = warehouse.fetch(
        "select metric, week_number, segment, bin, n, s1, s2, s3 from runs.fee_segment_cells where run_key = ?"
        " order by metric, week_number, segment, bin",
        (run.run_key,),
    )
    followed = warehouse.fetch(
        """
        select week_number, segment, count(swapped_next_week) as users,
            sum(case when swapped_next_week then 1 else 0 end) as again
        from runs.fct_user_weekly_summary
        where run_key = ? and segment is not null
        group by week_number, segment
        """,
        (run.run_key,),
    )
    config = run.statistics_config
    return [
        *week_rows(weeks, cells, config),
        *next_week_rows(weeks, followed, config),
        *newcomer_rows(weeks, config),
        *concentration_rows(cells, config),
    ]


def fee_elasticity(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What does a fee that is 5 bps higher do to the volume of users of each trade size?"""
    cells = elasticity_cells(run, warehouse, CONTROLS)
    order = [str(week["period_id"]) for week in fee_week_rows(run, warehouse)]
    return elasticity(cells, run.statistics_config, segments=TRADE_SIZES, order=order, step_bps=STEP_BPS)


def fees(run: Run, warehouse: Warehouse) -> list[float]:
    """The acquisition fees of the cohorts in basis points, ascending."""
    rows = warehouse.fetch(
        "select distinct first_seen_fee_bps as fee_bps from runs.fct_user_cohorts where run_key = ?",
        (run.run_key,),
    )
    return sorted(float(row["fee_bps"]) for row in rows)


def fee_week_rows(run: Run, warehouse: Warehouse) -> list[Row]:
    """The run's fee weeks in their order, with their sums."""
    return warehouse.fetch(
        "select * from runs.fct_weekly_summary_final where run_key = ? order by week_number", (run.run_key,)
    )
