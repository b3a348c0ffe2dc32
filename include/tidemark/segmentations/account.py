"""Which rows a declared segmentation is made of: it looks at the numbers of families, so its own part is who is in it."""

from include.tidemark.accounting.family_account import TEST_USER, Proof, TableAccount, buyers, left_out, used
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import declared


def account(name: str, run: Run) -> dict[str, TableAccount]:
    """The segmentation's part of the row account, by source table."""
    if declared(name, run).of == "customers":
        no_purchase = left_out(
            "no_purchase", "b.user_id is null", "rows of users without a purchase before the as-of date"
        )
        return {
            "users": TableAccount(lines=(TEST_USER, no_purchase, used()), joins=(buyers(run, "u.user_id"),))
        }
    members = Proof(
        ("used",),
        "runs.segment_members",
        "select count(*) as row_count, count(*) as user_count, null as cents from runs.segment_members"
        f" where run_key = '{run.run_key}' and segmentation = '{name}'",
    )
    return {"users": TableAccount(lines=(TEST_USER, used()), proofs=(members,))}
