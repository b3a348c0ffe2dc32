"""Which rows the first weeks, and what became of them, are made of."""

from include.tidemark.accounting.family_account import (
    BEFORE_SIGNUP,
    TEST_USER,
    UNKNOWN_USER,
    Line,
    Proof,
    TableAccount,
    as_of,
    left_out,
    row_per_user,
    used,
)
from include.tidemark.families.early_engagement.features import OUTCOME, features_of
from include.tidemark.run import Run
from include.tidemark.validation.checks import text_list

_RETURN_FROM = 28
"""The day after sign-up on which the return window begins."""


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    rules = run.rules
    mine = f"from runs.dim_user_early_engagement where run_key = '{run.run_key}'"
    first_day = (
        " cross join (select min(event_date) as day from core.fct_user_event_daily"
        f" where event_date < {as_of(run)}) as first_event"
    )
    counts = [
        f"coalesce(sum({feature.name}), 0)"
        for feature in features_of(rules.early_engagement_events)
        if feature.kind == "cnt_events"
    ]
    return {
        "users": TableAccount(
            lines=(TEST_USER, *_not_in_cohort(run), used()),
            joins=(first_day,),
            proofs=(row_per_user("runs.dim_user_early_engagement", run),),
        ),
        "events": TableAccount(
            lines=(TEST_USER, UNKNOWN_USER, BEFORE_SIGNUP, *_not_in_cohort(run), *_windows(run)),
            joins=(first_day,),
            proofs=(
                Proof(
                    ("first_week",),
                    "runs.dim_user_early_engagement",
                    f"select {' + '.join(counts)} as row_count, null as user_count, null as cents {mine}",
                ),
                Proof(
                    ("return_week",),
                    "runs.dim_user_early_engagement",
                    f"select null as row_count, count(case when {OUTCOME} then 1 end) as user_count, null as cents {mine}",
                ),
            ),
        ),
    }


def _not_in_cohort(run: Run) -> tuple[Line, Line]:
    days = _RETURN_FROM + run.rules.early_engagement_return_days
    return (
        left_out(
            "before_first_event",
            "coalesce(u.created_date < first_event.day, true)",
            "rows of users who signed up before events were recorded",
        ),
        left_out(
            "window_not_complete",
            f"u.created_date + {days} > {as_of(run)}",
            f"rows of users whose first {days} days are not over",
        ),
    )


def _windows(run: Run) -> tuple[Line, ...]:
    rules = run.rules
    returns = rules.early_engagement_return_events
    is_first = (
        f"r.event_date < u.created_date + 7 and r.event_name in {text_list(rules.early_engagement_events)}"
    )
    in_return = (
        f"r.event_date >= u.created_date + {_RETURN_FROM}"
        f" and r.event_date < u.created_date + {_RETURN_FROM + rules.early_engagement_return_days}"
    )
    is_return = f"{in_return} and r.event_name in {text_list(returns)}" if returns else in_return
    return (
        used("first_week", is_first, "events of the rule early_engagement_events in the first seven days"),
        used("return_week", is_return, "events that make a user one who came back after four weeks"),
        left_out(
            "outside_window",
            f"not (r.event_date < u.created_date + 7 or ({in_return}))",
            "events outside the first seven days and the return window",
        ),
        left_out(
            "early_engagement_events",
            "true",
            "events in these days that the rules early_engagement_events and early_engagement_return_events do not name",
        ),
    )
