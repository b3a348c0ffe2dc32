"""That no number of the family is missing, and that numbers of one kind add up."""

from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.suite_rows import CANDIDATE
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import Asset, Check, zero
from include.tidemark.validation.long_results import share_sums

_COHORTS = "runs.install_cohort_retention"
_STATISTICS = "runs.statistics"
_EXPECTED = {
    "segment_share": 1, "mean_engagement_score": 2, "mean_lifetime_revenue": 2, "mean_revenue_90d": 2,
    "segment_confidence": 1,
}  # fmt: skip
"""Number of methods that each metric is published with, for every segment."""


def coverage(run: Run) -> Asset:
    """The suite of the numbers that there must be, and of their sums."""
    this_run = f"run_key = '{run.run_key}' and family = 'engagement'"
    kinds = (("behavioral", BEHAVIORAL_SEGMENTS), ("revenue", REVENUE_SEGMENTS))
    segments = " union all ".join(
        f"select '{kind}' as kind, {text_literal(name)} as segment" for kind, names in kinds for name in names
    )
    metrics = " union all ".join(
        f"select '{name}' as metric, {n} as methods" for name, n in _EXPECTED.items()
    )
    with_clause = f"""
        numbers as (select * from {_STATISTICS} where {this_run}),
        segments as ({segments}),
        found as (select metric, segment, count(distinct method) as methods from numbers group by metric, segment),
        missing as (
            select coalesce(count_if(coalesce(found.methods, 0) < metrics.methods), 0) as pairs
            from ({metrics}) as metrics cross join segments
            left join found on metrics.metric = found.metric and segments.segment = found.segment
        ),
        {share_sums("inner join segments on numbers.segment = segments.segment where metric = 'segment_share'", "kind")},
        users as (select count(*) as n from {CANDIDATE} where run_key = '{run.run_key}'),
        mean_counts as (
            select min(n) as smallest, max(n) as greatest from (
                select sum(coalesce(n, 0)) as n from numbers inner join segments on numbers.segment = segments.segment
                where metric like 'mean%' group by metric, method, kind
            ) as counts
        ),
        cohorts as (
            select count(*) as n from {_COHORTS} where run_key = '{run.run_key}'
        ),
        rates as (
            select count(*) as n from numbers where metric = 'retention_in_window' and method = 'wilson'
                and segment <> 'All cohorts'
        ),
        stages as (
            select count(*) as n from numbers where metric = 'funnel_reached' and segment is null
        )"""
    return Asset(
        name="statistics.engagement_coverage",
        table=_STATISTICS,
        source="missing cross join share_sums cross join users cross join mean_counts cross join cohorts cross join rates"
        " cross join stages",
        with_clause=with_clause,
        needs=(_STATISTICS, CANDIDATE, _COHORTS),
        checks=(
            _holds("missing_numbers", "missing.pairs", "Every segment has each of its numbers.", "segments", "metric"),
            _holds("share_sum_off", "round(share_sums.off, 6)",
                   "The shares of the segments of each kind sum to 1.", "segments", "estimate"),
            _holds("users_not_counted",
                   "greatest(abs(users.n - coalesce(mean_counts.smallest, 0)), abs(users.n - coalesce(mean_counts.greatest, 0)))",
                   f"The numbers of users behind the means sum to the users in {CANDIDATE}.", "segments", "n"),
            _holds("missing_cohorts", "abs(cohorts.n - rates.n)", "Every cohort and day has its retention.", "retention",
                   "metric"),
            _holds("missing_stages", f"{len(stage_names(run.rules))} - stages.n", "Every stage has its share.", "funnel",
                   "metric"),
        ),
    )  # fmt: skip


def _holds(name: str, measure: str, claim: str, question: str, column: str) -> Check:
    advice = f"Clear the task of the question {question} and let it run again."
    return zero(name, measure, column, claim, f"{_STATISTICS} breaks this by {{observed}}: {claim} {advice}")
