"""Which rows engagement, revenue segments, retention and journey are made of."""

from include.tidemark.accounting.family_account import (
    BEFORE_SIGNUP,
    NOT_POSTED,
    TEST_USER,
    UNKNOWN_USER,
    Proof,
    TableAccount,
    as_of,
    left_out,
    row_per_user,
    used,
)
from include.tidemark.run import Run
from include.tidemark.validation.checks import text_list


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    mine = f"from runs.user_engagement where run_key = '{run.run_key}'"
    passive = run.rules.passive_events
    return {
        "users": TableAccount(
            lines=(TEST_USER, used()),
            proofs=(row_per_user("runs.user_engagement", run),),
        ),
        "events": TableAccount(
            lines=(
                TEST_USER,
                UNKNOWN_USER,
                BEFORE_SIGNUP,
                left_out(
                    "passive_events",
                    f"r.event_name in {text_list(passive)}" if passive else "false",
                    "events that the rule passive_events names, which are no activity",
                ),
                left_out(
                    "outside_window",
                    f"r.event_date < cast('{run.window_start}' as date)",
                    "events from before the window of 90 days, which only date activity, journeys and retention",
                ),
                used(),
            ),
            proofs=(
                Proof(
                    ("used",),
                    "runs.user_engagement",
                    "select coalesce(sum(events_last_90_days), 0) as row_count,"
                    f" count(case when events_last_90_days > 0 then 1 end) as user_count, null as cents {mine}",
                ),
            ),
        ),
        "transactions": TableAccount(
            lines=(
                NOT_POSTED,
                TEST_USER,
                UNKNOWN_USER,
                left_out(
                    "signed_up_later",
                    f"u.created_date >= {as_of(run)}",
                    "rows of users who signed up on the as-of date or later",
                ),
                used(),
            ),
            proofs=(
                Proof(
                    ("used",),
                    "runs.user_engagement",
                    "select null as row_count, null as user_count, 100 * coalesce(sum(lifetime_revenue), 0) as cents"
                    f" {mine}",
                ),
            ),
        ),
    }
