"""Which rows the comparison of fee tiers is made of."""

from datetime import timedelta

from include.tidemark.accounting.family_account import (
    NOT_POSTED,
    TEST_USER,
    Proof,
    TableAccount,
    buyers,
    left_out,
    used,
)
from include.tidemark.families.fee_tiers.local_days import local_day
from include.tidemark.run import Run

_NO_PURCHASE = left_out(
    "no_purchase", "b.user_id is null", "rows of users without a swap before the as-of date"
)


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    weeks = f"from runs.fee_weeks where run_key = '{run.run_key}'"
    numbers = " union all ".join(f"select {day} as n" for day in range(7))

    def fee_days(day: str) -> str:
        return (
            f" left join (select distinct weeks.week_start_date + days.n as fee_day from (select * {weeks}) as weeks"
            f" cross join ({numbers}) as days where weeks.week_start_date + days.n <= weeks.week_end_date) as d"
            f" on {day} = d.fee_day"
        )

    outside = left_out("outside_fee_weeks", "d.fee_day is null", "rows of days that belong to no fee week")
    return {
        "users": TableAccount(lines=(TEST_USER, _NO_PURCHASE, used()), joins=(buyers(run, "u.user_id"),)),
        "transactions": TableAccount(
            lines=(
                NOT_POSTED,
                TEST_USER,
                _NO_PURCHASE,
                outside,
                used("swaps", "r.amount_cents > 0", "swaps, whose volume and fees are summed by week"),
                used("refunds", "true", "rows without a positive amount, of which only the fees count"),
            ),
            joins=(buyers(run, "r.user_id"), fee_days(_day_of_transaction(run))),
            proofs=(
                Proof(
                    ("swaps",),
                    "runs.fct_user_weekly_summary",
                    "select coalesce(sum(swaps_count), 0) as row_count, count(distinct case when swaps_count > 0 then user_id end)"
                    " as user_count, coalesce(sum(volume_cents), 0) as cents"
                    f" from runs.fct_user_weekly_summary where run_key = '{run.run_key}'",
                ),
            ),
        ),
        "fee_periods": TableAccount(
            lines=(used(),),
            proofs=(
                Proof(
                    ("used",),
                    "runs.fee_weeks",
                    f"select count(distinct fee_period_id) as row_count, null as user_count, null as cents {weeks}",
                ),
            ),
        ),
        "market_prices": TableAccount(lines=(outside, used()), joins=(fee_days("r.price_date"),)),
    }


def _day_of_transaction(run: Run) -> str:
    """SQL of a transaction's local day. The warehouse's own function takes some times as long as all the rest."""
    first = run.as_of_instant - timedelta(days=366 * run.rules.earliest_years_before_as_of)
    return local_day("r.transaction_at", run.rules.business_timezone, first, run.as_of_instant)
