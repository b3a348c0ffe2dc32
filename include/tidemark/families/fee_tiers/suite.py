"""What the fee weeks, the cohorts and their statistics must keep before they are published."""

from collections.abc import Mapping

from include.tidemark.families.fee_tiers.rules import TRADE_SIZES
from include.tidemark.families.fee_tiers.suite_rows import (
    COHORTS,
    WEEKS,
    cohort_rows,
    fee_week_rows,
    reconciliation,
    user_week_rows,
)
from include.tidemark.run import Run
from include.tidemark.statistics import elasticity_checks
from include.tidemark.statistics.lifetime_value import METRIC as LTV_MEAN
from include.tidemark.validation.checks import Asset, Check, count_where, text_list, zero
from include.tidemark.validation.long_results import long_results_asset, share_sums, sum_to_one

_STATISTICS = "runs.statistics"

SHARES = (
    "retention_in_window", "retention_in_or_after", "retention_next_week", "volume_share", "fees_share", "new_share",
    "retention_all_tiers", "top_volume_share",
)  # fmt: skip
_OF_TIERS = ("retention_in_window", "retention_in_or_after", LTV_MEAN)
_OF_WEEKS = ("volume_share", "fees_share", "avg_fee_paid_usd", "retention_next_week")
_OF_SIZES = ("effect_5bps_log_volume_usd", "effect_5bps_volume_usd")
_OF_ALL = (
    "retention_change_5bps",
    "odds_ratio_5bps",
    "new_share",
    "top_volume_share",
    *elasticity_checks.RESIDUALS,
)


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, and their sums against staging's single rows."""
    return [user_week_rows(run), cohort_rows(run), fee_week_rows(run), reconciliation(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "fee_tiers", SHARES), _coverage(run)]


def _coverage(run: Run) -> Asset:
    """That every tier, week and trade size has its numbers, and that shares of one whole add up."""
    this_run = f"run_key = '{run.run_key}'"
    sizes = " union all ".join(f"select '{name}' as segment" for name in TRADE_SIZES)
    rules = run.rules
    tier_rows: Mapping[str, int] = {
        "retention_in_window": rules.fee_retention_weeks + 1,
        "retention_in_or_after": rules.fee_retention_weeks + 1,
        LTV_MEAN: len(rules.fee_ltv_horizon_weeks) * len(rules.fee_ltv_discount_rates_pct),
    }
    with_clause = f"""
        numbers as (select * from {_STATISTICS} where {this_run} and family = 'fee_tiers'),
        sizes as ({sizes}),
        tiers as (select count(distinct first_seen_fee_bps) as n from {COHORTS} where {this_run} and k = 0),
        weeks as (select count(*) as n from {WEEKS} where {this_run}),
        tier_numbers as (
            select metric, count(distinct segment || '|' || horizon) as n from numbers
            where metric in {text_list(_OF_TIERS)} group by metric
        ),
        tiers_wanted as ({" union all ".join(f"select '{m}' as metric, {n} as wanted" for m, n in tier_rows.items())}),
        tier_gaps as (
            select {count_where("coalesce(tier_numbers.n, 0) <> tiers.n * tiers_wanted.wanted")} as gaps
            from tiers_wanted cross join tiers left join tier_numbers on tiers_wanted.metric = tier_numbers.metric
        ),
        week_numbers as (
            select metric, count(distinct segment || '|' || horizon) as n from numbers
            where metric in {text_list(_OF_WEEKS)} group by metric
        ),
        weeks_wanted as ({" union all ".join(f"select '{metric}' as metric" for metric in _OF_WEEKS)}),
        week_gaps as (
            select {count_where(f"coalesce(week_numbers.n, 0) <> weeks.n * {len(TRADE_SIZES)}")} as gaps
            from weeks_wanted cross join weeks left join week_numbers on weeks_wanted.metric = week_numbers.metric
        ),
        size_numbers as (
            select count(distinct metric || '|' || numbers.segment) as n from numbers
            inner join sizes on numbers.segment = sizes.segment where metric in {text_list(_OF_SIZES)}
        ),
        other_numbers as (select count(distinct metric) as n from numbers where metric in {text_list(_OF_ALL)}),
        {share_sums("where metric in ('volume_share', 'fees_share')", "metric, horizon, method")},
        cohort_users as (
            select first_seen_fee_bps, count(*) as users from {COHORTS} where {this_run} and k = 0 group by first_seen_fee_bps
        ),
        counted as (
            select abs(coalesce((select sum(n) from numbers
                where metric = 'retention_in_window' and method = 'wilson' and horizon = 'week 0'), 0)
                - coalesce((select sum(users) from cohort_users), 0)) as off
        )"""
    source = (
        "tier_gaps cross join week_gaps cross join size_numbers cross join other_numbers cross join share_sums"
        " cross join counted"
    )
    return Asset(
        name="statistics.fee_tiers_coverage",
        table=_STATISTICS,
        source=source,
        with_clause=with_clause,
        needs=(_STATISTICS, COHORTS, WEEKS),
        checks=(
            _none_missing("tier_numbers_missing", "tier_gaps.gaps", "acquisition fee", "tier_retention and tier_value"),
            _none_missing("week_numbers_missing", "week_gaps.gaps", "fee week and trade size", "trade_sizes"),
            _none_missing("size_numbers_missing", f"{len(_OF_SIZES) * len(TRADE_SIZES)} - size_numbers.n", "trade size", "fee_elasticity"),
            _none_missing("other_numbers_missing", f"{len(_OF_ALL)} - other_numbers.n", "model", "fee_effect_on_retention and trade_sizes"),
            sum_to_one("the trade sizes in a week's volume and fees", "trade_sizes"),
            zero("cohort_users_not_counted", "counted.off", "n",
                 f"The users of week 0 are the users of the cohorts in {COHORTS}.",
                 f"The numbers of users in week 0 in {_STATISTICS} differ from {COHORTS} by {{observed}}; the statistics were made"
                 " from other rows: clear the statistics tasks and let them run again."),
        ),
    )  # fmt: skip


def _none_missing(name: str, measure: str, what: str, tasks: str) -> Check:
    claim = f"Every number of each {what} has a row, with a reason where it is null."
    return zero(
        name,
        measure,
        "metric",
        claim,
        f"{_STATISTICS} lacks numbers by {what} ({{observed}}); look at the logs of {tasks}.",
    )
