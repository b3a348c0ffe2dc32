"""What the rows of users, cohorts and fee weeks must keep, and that their sums are those of staging's single rows."""

from datetime import timedelta
from functools import partial

from include.tidemark.families.fee_tiers.elasticity_cells import USABLE_WEEK
from include.tidemark.families.fee_tiers.local_days import local_day
from include.tidemark.families.fee_tiers.rules import TRADE_SIZES
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.statistics.few_clusters import MINIMUM_PERIODS
from include.tidemark.validation.candidates import filled_rows
from include.tidemark.validation.checks import (
    Asset,
    Check,
    broken,
    count_where,
    never,
    text_list,
    warning,
    zero,
)
from include.tidemark.validation.reconciliation import agrees
from include.tidemark.validation.volume import drop_since_previous

USER_WEEKS, WEEKS = "runs.fct_user_weekly_summary", "runs.fct_weekly_summary_final"
COHORTS, FIRST_SEEN = "runs.fct_user_cohorts", "runs.int_user_first_seen"

_REMEMBERED = timedelta(days=3660)
"""Offsets of the time zone are written out for so long before the as-of date."""


def user_week_rows(run: Run) -> Asset:
    """The rows of `fct_user_weekly_summary`."""
    check = partial(never, USER_WEEKS)
    volume, skipped = drop_since_previous(
        run,
        "fee_tiers",
        "count(*)",
        "max(earlier.user_weeks)",
        f"{USER_WEEKS} has weeks of users",
        "weeks that are over do not go away: find out which transactions or fee periods were lost before you publish.",
    )
    sizes = []
    if run.rules.trade_size_basis == "period_volume":
        sizes.append(check("segment_of_volume", f"segment <> {_size_of(run, 'volume_cents')}",
                           "the trade size is that of the week's volume.", "segment"))  # fmt: skip
    return Asset(
        name="models.fee_tiers_user_weeks",
        table=USER_WEEKS,
        source=f"{USER_WEEKS} cross join earlier where run_key = '{run.run_key}'",
        with_clause=f"earlier as (select count(*) as user_weeks from {USER_WEEKS} where run_key = '{run.previous_key_of('fee_tiers')}')",
        needs=(USER_WEEKS,),
        checks=(
            *filled_rows(
                run, USER_WEEKS, ("user_id", "week_number", "swaps_count", "volume_cents", "fee_cents", "is_new"),
                if_empty="compare the days of the fee periods with those of the transactions, and look at the log of the models task.",
            ),
            check("unknown_segment", f"segment not in {text_list(TRADE_SIZES)}", "every trade size is one of the five.", "segment"),
            check("segment_without_swap", "(swaps_count > 0) <> (segment is not null)",
                  "a user has a trade size exactly in the weeks with a swap.", "segment"),
            check("negative_volume", "swaps_count < 0 or volume_cents < 0", "neither swaps nor volume are negative.", "volume_cents"),
            *sizes,
            *volume,
        ),
        not_evaluated=tuple(skipped),
    )  # fmt: skip


def cohort_rows(run: Run) -> Asset:
    """The rows of `fct_user_cohorts`, and that a cohort is everybody who was first seen in its week."""
    this_run = f"run_key = '{run.run_key}'"
    last = run.rules.fee_retention_weeks
    with_clause = f"""
        cohorts as (select * from {COHORTS} where {this_run}),
        broken as (
            select {count_where("k = 0 and not coalesce(retained_flag = 1, false)")} as not_retained_at_0,
                {count_where("is_mature <> (retained_flag is not null)")} as open_with_flag,
                {count_where("retained_flag not in (0, 1) or retained_or_later_flag < retained_flag")} as wrong_flag,
                {count_where("first_seen_fee_bps is null or first_seen_period_id is null")} as without_fee,
                {count_where("k = 0")} as users, {count_where(f"k <= {last}")} as user_weeks
            from cohorts
        ),
        later as (
            select k, sum(retained_or_later_flag) as users from cohorts where weeks_observed > {last} and k <= {last} group by k
        ),
        rises as (
            select {count_where("later.users > before.users")} as rises
            from later inner join later as before on later.k = before.k + 1
        ),
        first_seen as (
            select {count_where("left_out_reason is null")} as users from {FIRST_SEEN} where {this_run}
        ),
        newcomers as (
            select coalesce(sum(new_swappers), 0) as users from {WEEKS}
            where {this_run} and final_fee_bps is not null and exclusion_reason is null
        )"""
    check = partial(broken, COHORTS)
    return Asset(
        name="models.fee_tiers_cohorts",
        table=COHORTS,
        source="broken cross join rises cross join first_seen cross join newcomers",
        with_clause=with_clause,
        needs=(COHORTS, FIRST_SEEN, WEEKS),
        checks=(
            check("not_retained_at_0", "broken.not_retained_at_0", "everybody is retained at k = 0.", "retained_flag"),
            check("open_with_flag", "broken.open_with_flag", "a week has a flag exactly when it is over.", "retained_flag"),
            check("wrong_flag", "broken.wrong_flag", "a flag is 0 or 1, and who is retained in week k is retained in it or later.",
                  "retained_flag"),
            check("without_fee", "broken.without_fee", "every user of a cohort came for a known fee.", "first_seen_fee_bps"),
            check("weeks_missing", f"abs(broken.user_weeks - broken.users * {last + 1})",
                  "every user has each week once.", "k"),
            check("later_rises", "rises.rises", "among the same users, retention in week k or later never rises with k.",
                  "retained_or_later_flag"),
            check("users_not_first_seen", "abs(broken.users - first_seen.users)",
                  f"a cohort holds everybody in {FIRST_SEEN} who belongs to one.", "user_id"),
            check("newcomers_not_in_cohorts", "abs(broken.users - newcomers.users)",
                  f"the users of the cohorts are the new swappers in {WEEKS}.", "user_id"),
        ),
    )  # fmt: skip


def fee_week_rows(run: Run) -> Asset:
    """The rows of `fct_weekly_summary_final`: what they must be, and what would make the elasticity worthless."""
    check = partial(never, WEEKS)
    usable = f"case when {USABLE_WEEK} then final_fee_bps end"
    return Asset(
        name="models.fee_tiers_weeks",
        table=WEEKS,
        source=f"{WEEKS} where run_key = '{run.run_key}'",
        needs=(WEEKS,),
        checks=(
            Check(
                name="row_count",
                measure="count(*)",
                minimum=1,
                claim=f"{WEEKS} has a fee week before the as-of date.",
                failure=f"{WEEKS} has no fee week for this run; no fee period began before {run.as_of_date}.",
            ),
            zero("duplicate_week", "count(*) - count(distinct period_start_date)", "period_start_date",
                 f"Each fee week has one row in {WEEKS}.",
                 f"{WEEKS} holds fee weeks more than once ({{observed}} rows too many); look for fee periods that share days."),
            check("new_and_returning", "new_swappers + returning_swappers <> swappers or new_swappers < 0 or returning_swappers < 0",
                  "new and returning swappers are all swappers.", "new_swappers"),
            check("open_week", f"is_complete <> (period_end_date < cast('{run.as_of_date}' as date))",
                  "a week is complete when its last day is before the as-of date.", "is_complete"),
            warning("weeks_without_price", "is_complete and (btc_usd is null or eth_usd is null)", "btc_usd",
                    "Every complete fee week has market prices.",
                    "{observed} complete fee weeks have no price of bitcoin or ether; the elasticity leaves them out until the market"
                    " prices hold their days."),
            Check(
                name="fee_levels",
                measure=f"count(distinct {usable})",
                minimum=2,
                severity="warning",
                column="final_fee_bps",
                claim="The usable fee weeks have at least two fees.",
                failure="The usable fee weeks have {observed} fee levels; without two of them nothing can be said about what a fee"
                " does.",
            ),
            Check(
                name="usable_weeks",
                measure=f"count({usable})",
                minimum=MINIMUM_PERIODS,
                severity="warning",
                column="final_fee_bps",
                claim=f"There are at least {MINIMUM_PERIODS} usable fee weeks.",
                failure=f"There are {{observed}} usable fee weeks, fewer than {MINIMUM_PERIODS}; effects of the fee have no p-value.",
            ),
        ),
    )  # fmt: skip


def reconciliation(run: Run) -> Asset:
    """Each week's volume and fees against staging's single rows, whose days are found without staging's own."""
    tolerance = run.rules.reconciliation_tolerance_pct
    this_run = f"run_key = '{run.run_key}'"
    as_of = run.as_of_instant
    day = local_day("transaction_at", run.rules.business_timezone, as_of - _REMEMBERED, as_of)
    with_clause = f"""
        posted as (
            select user_id, amount_cents, fee_cents, {day} as fee_day from staging.stg_transactions
            where status = 'posted' and transaction_at < {timestamp_literal(as_of)}
        ),
        testers as (select distinct user_id from staging.stg_users where is_test_user),
        swappers as (
            select distinct posted.user_id from posted left join testers on posted.user_id = testers.user_id
            where posted.amount_cents > 0 and testers.user_id is null
        ),
        days as (
            select posted.fee_day, sum(greatest(posted.amount_cents, 0)) as volume, sum(posted.fee_cents) as fees
            from posted inner join swappers on posted.user_id = swappers.user_id group by posted.fee_day
        ),
        single_rows as (
            select weeks.week_number, coalesce(sum(days.volume), 0) as volume, coalesce(sum(days.fees), 0) as fees
            from {WEEKS} as weeks
            left join days on days.fee_day between weeks.period_start_date and weeks.period_end_date
            where weeks.{this_run} group by weeks.week_number
        ),
        user_weeks as (
            select week_number, sum(volume_cents) as volume, sum(fee_cents) as fees
            from {USER_WEEKS} where {this_run} group by week_number
        ),
        compared as (
            select 100 * weeks.volume_usd as volume, 100 * weeks.fees_usd as fees,
                single_rows.volume as single_volume, single_rows.fees as single_fees,
                coalesce(user_weeks.volume, 0) as user_volume, coalesce(user_weeks.fees, 0) as user_fees
            from {WEEKS} as weeks inner join single_rows on weeks.week_number = single_rows.week_number
            left join user_weeks on weeks.week_number = user_weeks.week_number
            where weeks.{this_run}
        )"""
    return Asset(
        name="models.fee_tiers_reconciliation",
        table=WEEKS,
        source="compared",
        with_clause=with_clause,
        needs=(WEEKS, USER_WEEKS, "staging.stg_transactions", "staging.stg_users"),
        checks=(
            agrees("volume_difference_pct", "volume", "single_volume", tolerance,
                   f"The volume of each fee week in {WEEKS}", "the single rows of staging", "volume_usd"),
            agrees("fees_difference_pct", "fees", "single_fees", tolerance,
                   f"The fees of each fee week in {WEEKS}", "the single rows of staging", "fees_usd"),
            agrees("user_volume_difference_pct", "user_volume", "volume", tolerance,
                   f"The volume of each fee week in {USER_WEEKS}", "the weekly summary", "volume_cents"),
            agrees("user_fees_difference_pct", "user_fees", "fees", tolerance,
                   f"The fees of each fee week in {USER_WEEKS}", "the weekly summary", "fee_cents"),
        ),
    )  # fmt: skip


def _size_of(run: Run, cents: str) -> str:
    rules = run.rules
    floors = (
        ("large", rules.trade_size_large_min_usd),
        ("medium", rules.trade_size_medium_min_usd),
        ("small", rules.trade_size_small_min_usd),
    )
    branches = " ".join(f"when {cents} >= 100 * {dollars} then '{name}'" for name, dollars in floors)
    return f"case when {cents} > 100 * {rules.trade_size_whale_above_usd} then 'whale' {branches} else 'micro' end"
