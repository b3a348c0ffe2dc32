"""Which rows planners and passengers are told apart by."""

from include.tidemark.accounting.family_account import (
    BEFORE_SIGNUP,
    TEST_USER,
    UNKNOWN_USER,
    Proof,
    TableAccount,
    row_per_user,
    used,
)
from include.tidemark.run import Run


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    mine = f"from runs.user_segmentation where run_key = '{run.run_key}'"
    return {
        "users": TableAccount(
            lines=(TEST_USER, used()),
            proofs=(row_per_user("runs.user_segmentation", run),),
        ),
        "events": TableAccount(
            lines=(TEST_USER, UNKNOWN_USER, BEFORE_SIGNUP, used()),
            proofs=(
                Proof(
                    ("used",),
                    "runs.user_segmentation",
                    "select coalesce(sum(total_events), 0) as row_count,"
                    f" count(case when total_events > 0 then 1 end) as user_count, null as cents {mine}",
                ),
            ),
        ),
    }
