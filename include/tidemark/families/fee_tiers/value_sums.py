"""What the lifetime value is made from: cells of discounted fees, weekly sums with their products, and the
fee weeks' own sums."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from include.tidemark.run import Run
from include.tidemark.statistics.cells import Cells, cells_by
from include.tidemark.statistics.lifetime_value import WeeklySums, discount_factors
from include.tidemark.statistics.units import Units
from include.tidemark.warehouse.base import Row, Warehouse

UNITS_A_DOLLAR = 10_000
"""The cells hold hundredths of a cent."""


def value_cells(run: Run, warehouse: Warehouse) -> dict[tuple[float, int, float], Cells]:
    """(fee, weeks, annual rate) -> cells of the discounted fees of users whose weeks are over."""
    rows = warehouse.fetch(
        """
        select first_seen_fee_bps, horizon_weeks, discount_rate_pct, bin, n, s1, s2, s3
        from runs.fee_ltv_cells
        where run_key = ?
        order by first_seen_fee_bps, horizon_weeks, discount_rate_pct, bin
        """,
        (run.run_key,),
    )
    groups: Mapping[Any, Cells] = cells_by(rows, ("first_seen_fee_bps", "horizon_weeks", "discount_rate_pct"))
    return {(fee, int(weeks), rate / 100): held for (fee, weeks, rate), held in groups.items()}


def weekly_sums(run: Run, warehouse: Warehouse, weeks: int) -> dict[float, WeeklySums]:
    """Fee -> the users by weeks observed, and the sums and products of what they paid in each of the first
    `weeks`."""
    users = warehouse.fetch(
        """
        with users as (
            select first_seen_fee_bps, least(weeks_observed, ?) as observed
            from runs.int_user_first_seen
            where run_key = ? and left_out_reason is null
        )
        select first_seen_fee_bps, observed, count(*) as n
        from users
        group by first_seen_fee_bps, observed
        order by first_seen_fee_bps, observed
        """,
        (weeks, run.run_key),
    )
    # A week without a fee adds nothing to any sum, so the pairs are those of the few weeks that have one.
    products = warehouse.fetch(
        """
        with paid as (
            select user_id, first_seen_fee_bps, least(weeks_observed, ?) as observed, k,
                cast(fee_cents * 100 as decimal(37, 0)) as units
            from runs.fct_user_cohorts
            where run_key = ? and k < ? and fee_cents <> 0
        )
        select earlier.first_seen_fee_bps, earlier.observed, earlier.k as first_k, later.k as second_k,
            cast(sum(earlier.units) as decimal(37, 0)) as units,
            cast(sum(earlier.units * later.units) as decimal(37, 0)) as squares
        from paid as earlier
        inner join paid as later on earlier.user_id = later.user_id and earlier.k <= later.k
        group by earlier.first_seen_fee_bps, earlier.observed, earlier.k, later.k
        """,
        (weeks, run.run_key, weeks),
    )
    tiers = dict.fromkeys(row["first_seen_fee_bps"] for row in users)
    return {
        fee: _sums(
            [row for row in users if row["first_seen_fee_bps"] == fee],
            [row for row in products if row["first_seen_fee_bps"] == fee],
            weeks,
        )
        for fee in tiers
    }


def week_units(
    run: Run, warehouse: Warehouse, horizons: Sequence[int], rates: Sequence[float]
) -> dict[tuple[float, int, float], Units]:
    """(fee, weeks, annual rate) -> the fee weeks of the first swaps, with the discounted fees of users whose
    weeks are over."""
    found = week_sums(run, warehouse, horizons, rates)
    return {key: Units.of(weeks.values()) for key, weeks in found.items()}


def week_sums(
    run: Run, warehouse: Warehouse, horizons: Sequence[int], rates: Sequence[float]
) -> dict[tuple[float, int, float], dict[str, tuple[int, float]]]:
    """(fee, weeks, annual rate) -> fee week of the first swaps -> users whose weeks are over, and their
    discounted fees in dollars."""
    rows = warehouse.fetch(
        """
        select first_seen_fee_bps, first_seen_week, first_seen_period_id, max(weeks_observed) as observed, k,
            count(*) as users, cast(sum(coalesce(fee_cents, 0)) * 100 as decimal(37, 0)) as units
        from runs.fct_user_cohorts
        where run_key = ? and k < ?
        group by first_seen_fee_bps, first_seen_week, first_seen_period_id, k
        order by first_seen_fee_bps, first_seen_week, k
        """,
        (run.run_key, max(horizons)),
    )
    weeks: dict[tuple[float, str], list[Row]] = {}
    for row in rows:
        weeks.setdefault((row["first_seen_fee_bps"], str(row["first_seen_period_id"])), []).append(row)
    found: dict[tuple[float, int, float], dict[str, tuple[int, float]]] = {}
    for fee in dict.fromkeys(fee for fee, _ in weeks):
        held = {period: rows for (of, period), rows in weeks.items() if of == fee}
        for horizon in horizons:
            over = {period: int(rows[0]["observed"]) >= horizon for period, rows in held.items()}
            for rate in rates:
                factors = discount_factors(horizon, rate) / UNITS_A_DOLLAR
                found[fee, horizon, rate] = {
                    period: (
                        int(rows[0]["users"]),
                        sum(int(row["units"]) * factors[int(row["k"])] for row in rows[:horizon]),
                    )
                    if over[period]
                    else (0, 0.0)
                    for period, rows in held.items()
                }
    return found


def _sums(users: list[Row], products: list[Row], weeks: int) -> WeeklySums:
    observed = [int(row["observed"]) for row in users]
    s1, s2 = np.zeros((len(observed), weeks)), np.zeros((len(observed), weeks, weeks))
    for row in products:
        place, first, second = observed.index(int(row["observed"])), int(row["first_k"]), int(row["second_k"])
        if first == second:
            s1[place, first] = int(row["units"]) / UNITS_A_DOLLAR
        s2[place, first, second] = s2[place, second, first] = int(row["squares"]) / UNITS_A_DOLLAR**2
    return WeeklySums(
        np.array(observed, dtype=np.int64), np.array([float(row["n"]) for row in users]), s1, s2
    )
