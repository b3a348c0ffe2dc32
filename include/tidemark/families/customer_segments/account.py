"""Which rows the five segments are made of."""

from include.tidemark.accounting.family_account import (
    NOT_POSTED,
    TEST_USER,
    Proof,
    TableAccount,
    buyers,
    left_out,
    used,
)
from include.tidemark.run import Run
from include.tidemark.sources.timestamps import timestamp_literal

_NO_PURCHASE = left_out(
    "no_purchase", "b.user_id is null", "rows of users without a purchase before the as-of date"
)


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    mine = f"from runs.customer_segments where run_key = '{run.run_key}'"
    return {
        "users": TableAccount(
            lines=(TEST_USER, _NO_PURCHASE, used()),
            joins=(buyers(run, "u.user_id"),),
        ),
        "transactions": TableAccount(
            lines=(
                NOT_POSTED,
                TEST_USER,
                _NO_PURCHASE,
                left_out(
                    "outside_window",
                    f"r.transaction_at < {timestamp_literal(run.begin_of(run.prior_window_start))}",
                    "rows of customers from before the two windows of 90 days, which are in lifetime numbers only",
                ),
                used(),
            ),
            joins=(buyers(run, "r.user_id"),),
            proofs=(
                Proof(
                    ("used",),
                    "runs.customer_segments",
                    "select null as row_count, null as user_count,"
                    f" 100 * coalesce(sum(spend_last_90_days + spend_prior_90_days), 0) as cents {mine}",
                ),
                Proof(
                    ("used", "outside_window"),
                    "runs.customer_segments",
                    f"select null as row_count, count(*) as user_count, 100 * coalesce(sum(lifetime_value), 0) as cents {mine}",
                ),
            ),
        ),
    }
