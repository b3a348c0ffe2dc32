"""What the candidate rows and the statistics of the five segments must keep before they are published."""

from include.tidemark.families.customer_segments.definitions import SEGMENTS
from include.tidemark.families.customer_segments.suite_rows import CANDIDATE, candidate_rows
from include.tidemark.families.customer_segments.suite_usefulness import usefulness
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.checks import Asset, Check, count_where, text_list, zero
from include.tidemark.validation.distribution import Segmentation, distribution, shares_clause
from include.tidemark.validation.long_results import long_results_asset, share_sums, sum_to_one
from include.tidemark.validation.reconciliation import SINGLE_ROWS, agrees

_STATISTICS = "runs.statistics"

_EXPECTED = {"segment_share": 1, "segment_share_active": 1, "mean_spend_90d": 2, "mean_lifetime_value": 2}
"""Number of methods that each metric is published with, for every segment."""
_SHARES = ("segment_share", "segment_share_active")
_MEANS = ("mean_spend_90d", "mean_lifetime_value")
_COMPARISONS = ("movement", "backtest_spend_ratio")

_SEGMENTATION = Segmentation(
    family="customer_segments",
    table=CANDIDATE,
    column="customer_segment",
    segments=SEGMENTS,
    check="segment_drift_psi",
    whose="The segments'",
    people="customers",
    if_moved="look at the movement table and at what changed in rules or sources.",
    if_fewer="customers do not leave by themselves: find out which rows were lost before you publish.",
)


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how they moved."""
    return [candidate_rows(run), _reconciliation(run), _distribution(run), *usefulness(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "customer_segments", (*_SHARES, "movement")), _coverage(run)]


def _reconciliation(run: Run) -> Asset:
    """Sums of the models against staging's single rows, which are added up by user and not by way of core's days."""
    tolerance = run.rules.reconciliation_tolerance_pct
    with_clause = f"""
        spenders as (
            select user_id, sum(amount_cents) as cents, {count_where("amount_cents > 0")} as purchases
            from staging.stg_transactions
            where status = 'posted' and transaction_at < {timestamp_literal(run.as_of_instant)}
            group by user_id
        ),
        testers as (select distinct user_id from staging.stg_users where is_test_user),
        single_rows as (
            select coalesce(sum(cents), 0) as all_cents,
                coalesce(sum(case when testers.user_id is null and purchases > 0 then cents end), 0) as customer_cents,
                {count_where("testers.user_id is null and purchases > 0")} as customers
            from spenders left join testers on spenders.user_id = testers.user_id
        ),
        core_totals as (
            select coalesce(sum(net_cents), 0) as cents from core.fct_customer_category_daily
            where transaction_date < cast('{run.as_of_date}' as date)
        ),
        candidate_totals as (
            select 100 * coalesce(sum(lifetime_value), 0) as cents, count(*) as customers
            from {CANDIDATE} where run_key = '{run.run_key}'
        )"""
    return Asset(
        name="models.reconciliation",
        table=CANDIDATE,
        source="single_rows cross join core_totals cross join candidate_totals",
        with_clause=with_clause,
        needs=(CANDIDATE, "core.fct_customer_category_daily", "staging.stg_transactions", "staging.stg_users"),
        checks=(
            agrees("spend_difference_pct", "candidate_totals.cents", "single_rows.customer_cents", tolerance,
                   f"The sum of lifetime_value in {CANDIDATE}", SINGLE_ROWS, "lifetime_value"),
            agrees("core_spend_difference_pct", "core_totals.cents", "single_rows.all_cents", tolerance,
                   "The sum of net_cents in core.fct_customer_category_daily", SINGLE_ROWS, "net_cents"),
            agrees("customer_difference_pct", "candidate_totals.customers", "single_rows.customers", tolerance,
                   f"The number of customers in {CANDIDATE}", SINGLE_ROWS, "customer_id"),
        ),
    )  # fmt: skip


def _distribution(run: Run) -> Asset:
    """How the segments' shares stand, alone and against the previous publication."""
    smallest = run.rules.segment_min_share_pct
    alone = Check(
        name="smallest_share_pct",
        measure="100 * min(share_now)",
        minimum=smallest,
        severity="warning",
        column="customer_segment",
        claim=f"Each segment holds at least {smallest:g} % of the customers.",
        failure=f"The smallest segment holds {{observed}} % of the customers, less than {smallest:g} % (below it: {{detail}});"
        " check the thresholds in the rules before you use it for a campaign.",
        detail=f"with {shares_clause(run, _SEGMENTATION)} select segment from shares"
        f" where coalesce(100 * share_now, 0) < {smallest} order by share_now",
    )
    return distribution(run, "models.distribution", _SEGMENTATION, alone)


def _coverage(run: Run) -> Asset:
    """That no number is missing, and that numbers of one kind add up."""
    this_run = f"run_key = '{run.run_key}' and family = 'customer_segments'"
    segments = " union all ".join(f"select {text_literal(name)} as segment" for name in SEGMENTS)
    metrics = " union all ".join(
        f"select '{name}' as metric, {count} as methods" for name, count in _EXPECTED.items()
    )
    with_clause = f"""
        numbers as (select * from {_STATISTICS} where {this_run}),
        expected as (
            select metrics.metric, segments.segment, metrics.methods
            from ({metrics}) as metrics cross join ({segments}) as segments
        ),
        found as (select metric, segment, count(distinct method) as methods from numbers group by metric, segment),
        missing as (
            select {count_where("coalesce(found.methods, 0) < expected.methods")} as pairs
            from expected left join found on expected.metric = found.metric and expected.segment = found.segment
        ),
        comparisons as (
            select count(distinct metric) as metrics from numbers where metric in {text_list(_COMPARISONS)}
        ),
        {share_sums(f"where metric in {text_list(_SHARES)} and segment is not null", "metric, method")},
        customers as (select count(*) as n from {CANDIDATE} where run_key = '{run.run_key}'),
        mean_counts as (
            select min(n) as smallest, max(n) as greatest from (
                select sum(coalesce(n, 0)) as n from numbers
                where metric in {text_list(_MEANS)} and segment is not null group by metric, method
            ) as counts
        )"""
    return Asset(
        name="statistics.coverage",
        table=_STATISTICS,
        source="missing cross join comparisons cross join share_sums cross join customers cross join mean_counts",
        with_clause=with_clause,
        needs=(_STATISTICS, CANDIDATE),
        checks=(
            zero(
                "missing_numbers", "missing.pairs", "metric",
                "Every share and mean has a row for each of the five segments.",
                f"{_STATISTICS} lacks rows of shares or means ({{observed}} pairs of metric and segment); look at the log of the"
                " profile task.",
            ),
            zero(
                "missing_comparisons", f"{len(_COMPARISONS)} - comparisons.metrics", "metric",
                "Movement and backtest have rows, with a reason where there is nothing to compare with.",
                f"{_STATISTICS} has no row at all for movement or backtest ({{observed}} missing); look at the logs of these tasks.",
            ),
            sum_to_one("the segments", "profile"),
            zero(
                "customers_not_counted",
                "greatest(abs(customers.n - coalesce(mean_counts.smallest, 0)),"
                " abs(customers.n - coalesce(mean_counts.greatest, 0)))",
                "n", f"The numbers of users behind the means sum to the customers in {CANDIDATE}.",
                f"The numbers of users behind the means in {_STATISTICS} differ from {CANDIDATE} by {{observed}}; the statistics were"
                " made from other rows: clear the statistics tasks and let them run again.",
            ),
        ),
    )  # fmt: skip
