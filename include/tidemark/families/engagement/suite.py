"""What the candidate rows and the statistics of the family must keep before they are published."""

from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.suite_coverage import coverage
from include.tidemark.families.engagement.suite_rows import CANDIDATE, candidate_rows
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.checks import Asset, Check, never, text_list, zero
from include.tidemark.validation.distribution import Segmentation, distribution
from include.tidemark.validation.long_results import long_results_asset
from include.tidemark.validation.reconciliation import SINGLE_ROWS, agrees

_COHORTS = "runs.install_cohort_retention"
_JOURNEYS = "runs.journey_times"
_SHARES = (
    "segment_share", "retention_in_window", "retention_in_or_after", "funnel_reached", "funnel_conversion",
    "funnel_drop_off",
)  # fmt: skip
_SEGMENTATION = Segmentation(
    family="engagement",
    table=CANDIDATE,
    column="behavioral_segment",
    segments=BEHAVIORAL_SEGMENTS,
    check="behavioral_drift_psi",
    whose="The behavioural segments'",
    people="users",
    if_moved="look whether all events arrived, and at what changed in rules or sources.",
    if_fewer="accounts do not vanish by themselves: find out which rows were lost before you publish.",
)


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: users, sums, how they moved, cohorts and journeys."""
    return [candidate_rows(run), _reconciliation(run), _distribution(run), _cohorts(run), _journeys(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "engagement", _SHARES), coverage(run)]


def _reconciliation(run: Run) -> Asset:
    """Users and revenue against staging's single rows, which are added up at once and not by way of core's days."""
    tolerance = run.rules.reconciliation_tolerance_pct
    before = timestamp_literal(run.as_of_instant)
    with_clause = f"""
        people as (
            select distinct user_id from staging.stg_users where not is_test_user and created_at < {before}
        ),
        single_rows as (
            select count(distinct people.user_id) as users, coalesce(sum(transactions.amount_cents), 0) as cents
            from people
            left join staging.stg_transactions as transactions
                on people.user_id = transactions.user_id and transactions.status = 'posted'
                and transactions.transaction_at < {before}
        ),
        candidate_totals as (
            select count(*) as users, 100 * coalesce(sum(lifetime_revenue), 0) as cents from {CANDIDATE}
            where run_key = '{run.run_key}'
        )"""
    return Asset(
        name="models.engagement_reconciliation",
        table=CANDIDATE,
        source="single_rows cross join candidate_totals",
        with_clause=with_clause,
        needs=(CANDIDATE, "staging.stg_users", "staging.stg_transactions"),
        checks=(
            agrees("user_difference_pct", "candidate_totals.users", "single_rows.users", tolerance,
                   f"The number of users in {CANDIDATE}", SINGLE_ROWS, "user_id"),
            agrees("revenue_difference_pct", "candidate_totals.cents", "single_rows.cents", tolerance,
                   f"The sum of lifetime_revenue in {CANDIDATE}", SINGLE_ROWS, "lifetime_revenue"),
        ),
    )  # fmt: skip


def _distribution(run: Run) -> Asset:
    """How the behavioural segments' shares and the number of users stand against the previous publication."""
    alone = Check(
        name="largest_share_pct",
        measure="100 * max(share_now)",
        maximum=95,
        severity="warning",
        column="behavioral_segment",
        claim="No behavioural segment holds more than 95 % of the users.",
        failure="One behavioural segment holds {observed} % of the users; look whether events still arrive, and whether"
        " CHURN_DAYS_THRESHOLD fits how often people come.",
    )
    return distribution(run, "models.engagement_distribution", _SEGMENTATION, alone)


def _cohorts(run: Run) -> Asset:
    """The install cohorts' counts, alone and against the users."""
    with_clause = f"""
        cohorts as (select * from {_COHORTS} where run_key = '{run.run_key}'),
        members as (
            select created_date, count(*) as n from {CANDIDATE} where run_key = '{run.run_key}' group by created_date
        )"""
    return Asset(
        name="models.install_cohort_retention",
        table=_COHORTS,
        source="cohorts left join members on cohorts.cohort_date = members.created_date",
        with_clause=with_clause,
        needs=(_COHORTS, CANDIDATE),
        checks=(
            never(_COHORTS, "cohort_size", "cohorts.user_count <> coalesce(members.n, 0)",
                  "a cohort holds the users who signed up on its day.", "user_count"),
            never(_COHORTS, "retained_beyond_matured",
                  "active_on_day > active_on_day_or_later or active_on_day_or_later > matured_users or matured_users > user_count"
                  " or active_on_day < 0",
                  "those who came back are some of those whose day is over.", "active_on_day"),
            never(_COHORTS, "open_window_counted",
                  f"(cast('{run.as_of_date}' as date) - cohort_date <= day_number) <> (matured_users = 0)",
                  "a cohort counts from the day on which its window is over.", "matured_users"),
            never(_COHORTS, "unknown_day", f"day_number not in ({', '.join(str(d) for d in run.rules.retention_days)})",
                  "days are those of the rule retention_days.", "day_number"),
            never(_COHORTS, "impossible_revenue",
                  "cast(revenue_s1 as double) * cast(revenue_s1 as double)"
                  " > cast(revenue_s2 as double) * users_with_revenue * (1 + 1e-9)",
                  "sums and squares of the revenue are those of its users.", "revenue_s2"),
        ),
    )  # fmt: skip


def _journeys(run: Run) -> Asset:
    """The funnel's counts: they can only fall from stage to stage."""
    stages = stage_names(run.rules)
    with_clause = f"""
        times as (select * from {_JOURNEYS} where run_key = '{run.run_key}'),
        counted as (select group_name, stage_number, sum(user_count) as n from times group by group_name, stage_number),
        stages as (
            select counted.group_name, counted.stage_number, counted.n, earlier.n as n_before,
                (select coalesce(sum(1), 0) from times where days_taken not between 0 and {run.rules.journey_window_days}
                    or user_count < 1 or stage_name not in {text_list(stages)}) as wrong_times
            from counted left join counted as earlier
                on counted.group_name = earlier.group_name and counted.stage_number = earlier.stage_number + 1
        )"""
    return Asset(
        name="models.journey_times",
        table=_JOURNEYS,
        source="stages",
        with_clause=with_clause,
        needs=(_JOURNEYS,),
        checks=(
            never(_JOURNEYS, "more_users_than_before", "stage_number > 0 and (n_before is null or n > n_before)",
                  "no stage holds more users than the one before.", "user_count"),
            zero("times_outside_the_window", "coalesce(max(wrong_times), 0)", "days_taken",
                 f"{_JOURNEYS}: times lie in the window of {run.rules.journey_window_days} days, of known stages.",
                 f"{_JOURNEYS} has rows ({{observed}}) of times outside the window or of unknown stages; correct the model."),
        ),
    )  # fmt: skip
