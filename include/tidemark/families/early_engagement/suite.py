"""What the users of the first week and the statistics about them must keep before they are published."""

from functools import partial

from include.tidemark.families.early_engagement.cells import CANDIDATE
from include.tidemark.families.early_engagement.definitions import return_window
from include.tidemark.families.early_engagement.features import OUTCOME, event_features, features_of
from include.tidemark.run import Run
from include.tidemark.validation.candidates import complete_rows
from include.tidemark.validation.checks import Asset, Check, count_where, never, text_list, zero
from include.tidemark.validation.long_results import long_results_asset
from include.tidemark.validation.reconciliation import agrees
from include.tidemark.validation.volume import drop_since_previous

STATISTICS = "runs.statistics"
CORE = "core.fct_user_event_daily"
SHARES = ("retained_4_weeks", "first_week_usage", "retained_if_used", "retained_if_not_used")
FEATURE_METRICS = ("odds_ratio", "odds_ratio_univariate", "odds_ratio_impactful", "variance_inflation", "smallest_cell")  # fmt: skip
MODEL_METRICS = ("auc", "calibration_slope", "calibration_in_the_large")
FRESH_DAYS = 3
"""Events that end earlier before the as-of date look like users who left."""

_never = partial(never, CANDIDATE)


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how many they are."""
    return [_users(run), _reconciliation(run), _volume(run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return [long_results_asset(run, "early_engagement", SHARES), _coverage(run)]


def _users(run: Run) -> Asset:
    as_of = f"cast('{run.as_of_date}' as date)"
    _, last_day = return_window(run.rules)
    return Asset(
        name="models.early_engagement",
        table=CANDIDATE,
        source=f"{CANDIDATE} where run_key = '{run.run_key}'",
        needs=(CANDIDATE,),
        checks=(
            *complete_rows(
                run, CANDIDATE, "user_id", ("user_id", "created_date", OUTCOME),
                if_empty=f"nobody's day {last_day} after sign-up is over, or no event is old enough. The family's numbers are null"
                " until then.",
                empty_is="warning",
            ),
            _never("window_not_over", f"created_date + {last_day} >= {as_of}",
                   f"day {last_day} after sign-up is before the as-of date.", "created_date"),
            *(check for event in run.rules.early_engagement_events for check in _event_checks(event)),
        ),
    )  # fmt: skip


def _event_checks(event: str) -> list[Check]:
    has, days, count = (feature.name for feature in event_features(event))
    return [
        _never(f"days_outside_0_7_{days}", f"{days} is null or {days} not between 0 and 7",
               f"{days} is a number of the seven days.", days),
        _never(f"contradicts_{has}", f"{has} is null or {has} <> ({days} > 0)",
               f"{has} says whether {days} is above zero.", has),
        _never(f"fewer_than_days_{count}", f"{count} is null or {count} < {days} or ({days} = 0 and {count} > 0)",
               f"{count} is at least {days}, and zero with it.", count),
    ]  # fmt: skip


def _reconciliation(run: Run) -> Asset:
    """Users, first-week events and who came back, counted again from the single events that staging shows."""
    rules = run.rules
    as_of = f"cast('{run.as_of_date}' as date)"
    first, last = return_window(rules)
    returns = rules.early_engagement_return_events
    counts_as_back = f"event_name in {text_list(returns)}" if returns else "1 = 1"
    sums = " + ".join(f.name for f in features_of(rules.early_engagement_events) if f.kind == "cnt_events")
    with_clause = f"""
        events as (
            select distinct user_id, event_id, event_name, event_date from staging.stg_events
            where event_date < {as_of}
        ),
        cohort as (
            select user_id, created_date from staging.stg_users
            where not is_test_user and created_date + {last} < {as_of}
                and created_date >= (select min(event_date) from events)
        ),
        single_events as (
            select {count_where(f"event_name in {text_list(rules.early_engagement_events)} and day between 0 and 6")} as events,
                count(distinct case when day between {first} and {last} and {counts_as_back} then user_id end) as retained
            from (
                select cohort.user_id, event_name, event_date - created_date as day
                from cohort inner join events on cohort.user_id = events.user_id
            ) as days
        ),
        people as (select count(*) as users from cohort),
        modelled as (
            select count(*) as users, coalesce(sum({sums}), 0) as events, {count_where(OUTCOME)} as retained
            from {CANDIDATE} where run_key = '{run.run_key}'
        ),
        newest as (select datediff('day', max(event_date), {as_of}) as age from {CORE} where event_date < {as_of})"""
    tolerance = rules.reconciliation_tolerance_pct
    return Asset(
        name="models.early_engagement_reconciliation",
        table=CANDIDATE,
        source="modelled cross join single_events cross join people cross join newest",
        with_clause=with_clause,
        needs=(CANDIDATE, CORE, "staging.stg_events", "staging.stg_users"),
        checks=(
            agrees("users_difference_pct", "modelled.users", "people.users", tolerance,
                   f"The number of users in {CANDIDATE}", "staging", "user_id"),
            agrees("events_difference_pct", "modelled.events", "single_events.events", tolerance,
                   f"The number of first-week events in {CANDIDATE}", "the single events", "user_id"),
            agrees("retained_difference_pct", "modelled.retained", "single_events.retained", tolerance,
                   f"The number of retained users in {CANDIDATE}", "the single events", OUTCOME),
            Check(
                name="days_without_events",
                measure="coalesce(max(newest.age), 0)",
                maximum=FRESH_DAYS,
                severity="warning",
                column=OUTCOME,
                claim=f"The newest event in {CORE} is at most {FRESH_DAYS} days older than the as-of date.",
                failure=f"The newest event in {CORE} before the as-of date is {{observed}} days older than it: whoever should have"
                f" come back since then counts as lost. Load the missing events and run the month again.",
            ),
        ),
    )  # fmt: skip


def _volume(run: Run) -> Asset:
    previous_key = run.previous_key_of("early_engagement")
    source = (
        f"(select count_if(run_key = '{run.run_key}') as users_now, count_if(run_key = '{previous_key}') as users_before"
        f" from {CANDIDATE} where run_key in ('{run.run_key}', '{previous_key}')) as counted"
    )
    checks = [
        Check(
            name="users",
            measure="max(users_now)",
            minimum=run.rules.segmentation_minimum_sample_size,
            severity="warning",
            claim=f"{CANDIDATE} has enough users for a model.",
            failure=f"{CANDIDATE} has {{observed}} users, fewer than the minimum sample size"
            f" ({run.rules.segmentation_minimum_sample_size}): the odds ratios are null.",
        )
    ]
    volume, skipped = drop_since_previous(
        run,
        "early_engagement",
        "max(users_now)",
        "max(users_before)",
        f"{CANDIDATE} has users",
        "users whose weeks are over do not become fewer: find out which rows were lost before you publish.",
    )
    return Asset(
        name="models.early_engagement_volume",
        table=CANDIDATE,
        source=source,
        needs=(CANDIDATE,),
        checks=(*checks, *volume),
        not_evaluated=tuple(skipped),
    )


def _coverage(run: Run) -> Asset:
    """That no number is missing, and that they are about the users of this run."""
    events = [f.name for f in features_of(run.rules.early_engagement_events)]
    features = " union all ".join(f"select '{name}' as segment" for name in events)
    metrics = " union all ".join(f"select '{name}' as metric" for name in FEATURE_METRICS)
    used = [name for name in events if name.startswith("has_")]
    with_clause = f"""
        numbers as (
            select * from {STATISTICS} where run_key = '{run.run_key}' and family = 'early_engagement'
        ),
        expected as (
            select metrics.metric, features.segment from ({metrics}) as metrics cross join ({features}) as features
        ),
        missing as (
            select {count_where("numbers.metric is null")} as pairs
            from expected left join numbers on expected.metric = numbers.metric and expected.segment = numbers.segment
        ),
        whole as (select count(distinct metric) as metrics from numbers where metric in {text_list(MODEL_METRICS)}),
        usages as (
            select count(*) as n from numbers where metric in {text_list(SHARES[1:])} and segment in {text_list(used)}
        ),
        odds as (select {count_where("metric like 'odds_ratio%' and estimate <= 0")} as negative from numbers),
        users as (select count(*) as n from {CANDIDATE} where run_key = '{run.run_key}'),
        counted as (
            select max(case when metric = 'retained_4_weeks' and segment is null then n end) as users,
                max(case when metric = 'auc' then n end) as fitted
            from numbers
        )"""
    return Asset(
        name="statistics.early_engagement_coverage",
        table=STATISTICS,
        source="missing cross join whole cross join usages cross join odds cross join users cross join counted",
        with_clause=with_clause,
        needs=(STATISTICS, CANDIDATE),
        checks=(
            _missing("missing_features", "missing.pairs", "Every feature has its odds ratios and what is to know of it", "drivers"),
            _missing("missing_model", f"{len(MODEL_METRICS)} - whole.metrics", "AUC and calibration have rows", "drivers"),
            _missing("missing_usage", f"{3 * len(used)} - usages.n", "Every event has its shares", "usage"),
            zero("odds_ratio_not_positive", "odds.negative", "estimate", "Odds ratios are above zero.",
                 f"{STATISTICS} has odds ratios of zero or less ({{observed}}); look at the drivers question."),
            zero("users_not_counted",
                 "abs(users.n - coalesce(counted.users, 0)) + greatest(coalesce(counted.fitted, 0) - users.n, 0)",
                 "n", f"The statistics are about the users of {CANDIDATE}.",
                 f"The numbers of users behind the statistics differ from {CANDIDATE} by {{observed}}: they were made from other"
                 " rows; clear the statistics tasks and let them run again."),
        ),
    )  # fmt: skip


def _missing(name: str, measure: str, what: str, question: str) -> Check:
    missing = f"{STATISTICS} lacks rows ({{observed}}): {what[0].lower()}{what[1:]}. Look at the log of the {question} task."
    return zero(name, measure, "metric", f"{what}, null with a reason where a number can't be had.", missing)
