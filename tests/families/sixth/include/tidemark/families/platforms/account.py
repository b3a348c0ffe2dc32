"""Which users the platforms are counted of."""

from include.tidemark.accounting.family_account import TEST_USER, Proof, TableAccount, left_out, used
from include.tidemark.run import Run


def account(run: Run) -> dict[str, TableAccount]:
    """The family's part of the row account, by source table."""
    platform, minimum = "coalesce({}.platform, 'unknown')", run.rules.platform_min_users
    large = (
        f" left join (select {platform.format('a')} as name from staging.stg_users as a"
        f" where a.created_date < cast('{run.as_of_date}' as date) and not a.is_test_user"
        f" group by {platform.format('a')} having count(*) >= {minimum}) as p on {platform.format('u')} = p.name"
    )
    return {
        "users": TableAccount(
            lines=(
                TEST_USER,
                left_out("small_platform", "p.name is null", "users of platforms that too few users have"),
                used(),
            ),
            joins=(large,),
            proofs=(
                Proof(
                    ("used",),
                    "runs.platform_users",
                    "select sum(users) as row_count, sum(users) as user_count, cast(null as bigint) as cents"
                    f" from runs.platform_users where run_key = '{run.run_key}'",
                ),
            ),
        )
    }
