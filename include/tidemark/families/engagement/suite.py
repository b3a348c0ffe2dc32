"""What the candidate rows and the statistics of the family must keep before they are published."""

from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.suite_coverage import coverage
from include.tidemark.families.engagement.suite_rows import CANDIDATE, candidate_rows
from include.tidemark.run import PublishedRun, Run
from include.tidemark.validation.checks import (
    Asset,
    Check,
    NotEvaluated,
    Severity,
    never,
    text_list,
    text_literal,
)
from include.tidemark.validation.long_results import long_results_asset
from include.tidemark.validation.timestamps import timestamp_literal
from include.tidemark.validation.transactions import POSTED
from include.tidemark.validation.volume import drop_checks

_COHORTS = "runs.install_cohort_retention"
_JOURNEYS = "runs.journey_times"
_SHARES = (
    "segment_share", "retention_in_window", "retention_in_or_after", "funnel_reached", "funnel_conversion",
    "funnel_drop_off",
)  # fmt: skip
_SMALLEST_SHARE = 1e-4
"""What an empty segment counts as in the stability index, which is not defined at 0."""


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: users, sums, how they moved, cohorts and journeys."""
    return [candidate_rows(run), _reconciliation(run), _distribution(run), _cohorts(run), _journeys(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "engagement", _SHARES), coverage(run)]


def _reconciliation(run: Run) -> Asset:
    """Users and revenue against the raw rows, in a query that shares no code with the models."""
    tolerance = run.rules.reconciliation_tolerance_pct
    before = timestamp_literal(run.as_of_instant)
    with_clause = f"""
        people as (
            select distinct cast(user_id as varchar) as user_id from raw.users
            where not coalesce(is_test_user, false) and created_at < {before}
        ),
        raw_totals as (
            select count(distinct people.user_id) as users,
                coalesce(sum(cast(transactions.amount_usd as decimal(18, 4))), 0) as revenue
            from people
            left join raw.transactions as transactions
                on people.user_id = cast(transactions.user_id as varchar) and {POSTED}
                and transactions.transaction_at < {before}
        ),
        candidate_totals as (
            select count(*) as users, coalesce(sum(lifetime_revenue), 0) as revenue from {CANDIDATE}
            where run_key = '{run.run_key}'
        )"""
    return Asset(
        name="models.engagement_reconciliation",
        table=CANDIDATE,
        source="raw_totals cross join candidate_totals",
        with_clause=with_clause,
        needs=(CANDIDATE, "raw.users", "raw.transactions"),
        checks=(
            _within("user_difference_pct", "users", tolerance, f"The number of users in {CANDIDATE}", "user_id"),
            _within("revenue_difference_pct", "revenue", tolerance, f"The sum of lifetime_revenue in {CANDIDATE}",
                    "lifetime_revenue"),
        ),
    )  # fmt: skip


def _within(name: str, measure: str, tolerance: float, subject: str, column: str) -> Check:
    modelled, raw = (f"cast({table}_totals.{measure} as double)" for table in ("candidate", "raw"))
    return Check(
        name=name,
        measure=f"case when {modelled} = {raw} then 0 else 100.0 * abs({modelled} - {raw}) / nullif(abs({raw}), 0) end",
        maximum=tolerance,
        column=column,
        claim=f"{subject} agrees with the raw rows before the as-of date within {tolerance:g} %.",
        failure=f"{subject} differs from the raw rows before the as-of date by {{observed}} % (allowed: {tolerance:g} %);"
        " run the month again with full_refresh, and if it stays look for rows lost or doubled between raw and core.",
    )


def _distribution(run: Run) -> Asset:
    """How the behavioural segments' shares and the number of users stand against the previous publication."""
    segments = " union all ".join(f"select {text_literal(name)} as segment" for name in BEHAVIORAL_SEGMENTS)
    previous_key = run.previous.run_key if run.previous else ""
    with_clause = f"""
        segments as ({segments}),
        counted as (
            select behavioral_segment, count_if(run_key = '{run.run_key}') as n_now,
                count_if(run_key = '{previous_key}') as n_before
            from {CANDIDATE} where run_key in ('{run.run_key}', '{previous_key}') group by behavioral_segment
        ),
        totals as (select sum(n_now) as all_now, sum(n_before) as all_before from counted),
        shares as (
            select segments.segment, totals.all_now, totals.all_before,
                coalesce(counted.n_now, 0) / nullif(cast(totals.all_now as double), 0) as share_now,
                coalesce(counted.n_before, 0) / nullif(cast(totals.all_before as double), 0) as share_before
            from segments cross join totals left join counted on segments.segment = counted.behavioral_segment
        )"""
    checks = [
        Check(
            name="largest_share_pct",
            measure="100 * max(share_now)",
            maximum=95,
            severity="warning",
            column="behavioral_segment",
            claim="No behavioural segment holds more than 95 % of the users.",
            failure="One behavioural segment holds {observed} % of the users; look whether events still arrive, and whether"
            " CHURN_DAYS_THRESHOLD fits how often people come.",
        )
    ]
    skipped: tuple[NotEvaluated, ...] = ()
    if run.previous is None:
        reason = "Not evaluated: no earlier month is published to compare with."
        skipped = (
            NotEvaluated("behavioral_drift_psi", reason, "behavioral_segment"),
            NotEvaluated("user_drop_pct", reason),
        )
    else:
        checks += _drift_checks(run, run.previous)
        checks += drop_checks(
            run,
            run.previous,
            measure="100.0 * (max(all_before) - max(all_now)) / nullif(max(all_before), 0)",
            subject=f"{CANDIDATE} has users",
            advice="accounts do not vanish by themselves: find out which rows were lost before you publish.",
        )
    return Asset(
        name="models.engagement_distribution",
        table=CANDIDATE,
        source="shares",
        with_clause=with_clause,
        checks=tuple(checks),
        needs=(CANDIDATE,),
        not_evaluated=skipped,
    )


def _drift_checks(run: Run, previous: PublishedRun) -> list[Check]:
    """Population stability index, sum of (p - q) ln(p / q) over the segments (Siddiqi, Credit Risk Scorecards, 2006)."""
    now, before = (f"greatest({share}, {_SMALLEST_SHARE})" for share in ("share_now", "share_before"))
    levels: tuple[tuple[Severity, float], ...] = (
        ("warning", run.rules.drift_warning_psi),
        ("critical", run.rules.drift_critical_psi),
    )
    return [
        Check(
            name=f"behavioral_drift_psi_{level}",
            measure=f"sum(({now} - {before}) * ln({now} / {before}))",
            maximum=bound,
            severity=level,
            column="behavioral_segment",
            claim=f"The behavioural segments' shares moved by a stability index of at most {bound:g} since {previous.as_of_date}.",
            failure=f"The behavioural segments' shares moved by a stability index of {{observed}} since {previous.as_of_date}"
            f" (allowed: {bound:g}); look whether all events arrived, and at what changed in rules or sources.",
        )
        for level, bound in levels
    ]


def _cohorts(run: Run) -> Asset:
    """The install cohorts' counts, alone and against the users."""
    advice = "Correct the model or its inputs."
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
                  "a cohort holds the users who signed up on its day.", "user_count", advice),
            never(_COHORTS, "retained_beyond_matured",
                  "active_on_day > active_on_day_or_later or active_on_day_or_later > matured_users or matured_users > user_count"
                  " or active_on_day < 0",
                  "those who came back are some of those whose day is over.", "active_on_day", advice),
            never(_COHORTS, "open_window_counted",
                  f"(cast('{run.as_of_date}' as date) - cohort_date <= day_number) <> (matured_users = 0)",
                  "a cohort counts from the day on which its window is over.", "matured_users", advice),
            never(_COHORTS, "unknown_day", f"day_number not in ({', '.join(str(d) for d in run.rules.retention_days)})",
                  "days are those of the rule retention_days.", "day_number", advice),
            never(_COHORTS, "impossible_revenue",
                  "cast(revenue_s1 as double) * cast(revenue_s1 as double)"
                  " > cast(revenue_s2 as double) * users_with_revenue * (1 + 1e-9)",
                  "sums and squares of the revenue are those of its users.", "revenue_s2", advice),
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
                  "no stage holds more users than the one before.", "user_count", "Correct the model or its inputs."),
            Check(
                name="times_outside_the_window",
                measure="coalesce(max(wrong_times), 0)",
                maximum=0,
                column="days_taken",
                claim=f"{_JOURNEYS}: times lie in the window of {run.rules.journey_window_days} days, of known stages.",
                failure=f"{_JOURNEYS} has rows ({{observed}}) of times outside the window or of unknown stages; correct the model.",
            ),
        ),
    )  # fmt: skip
