"""Whether the same people have the same ids, across the tables and since the last publication, and why they
may not."""

from collections.abc import Sequence

from include.tidemark.run import PublishedRun, Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Asset, Check, NotEvaluated, Severity

_FORMS = (
    ("without the blanks around them", "trim({id})"),
    ("without characters that are not shown",
     "regexp_replace(replace(replace({id}, chr(8203), ''), chr(65279), ''), '[[:cntrl:]]+', '')"),
    ("without decimals such as .0", "regexp_replace({id}, '[.]0+$', '')"),
    ("without leading zeros", "regexp_replace({id}, '^0+', '')"),
    ("in another letter case", "lower({id})"),
    ("without blanks, decimals, leading zeros and letter case",
     "lower(regexp_replace(regexp_replace(trim({id}), '[.]0+$', ''), '^0+', ''))"),
    ("as floating numbers, which do not hold all digits", "cast(try_cast({id} as double) as varchar)"),
)  # fmt: skip
"""What happens to ids on their way, the simplest first, and SQL of an id in that form."""
_FEWEST = 10
"""Fewer rows or people than these are one person's, or chance."""
_ASSET, _CHECK = "sources.users_before", "vanished_users"


def likely_cause(missing: str, pool: str) -> str:
    """Query of one text that says in which other form most of the missing ids are in the pool. It counts ids
    and shows none.

    Args:
        missing: query of ids (`user_id`) that are not in the pool.
        pool: query of ids (`user_id`).
    """
    causes = " union all ".join(
        f"select {position} as position, '{label}' as label, count(*) as n from missing"
        f" where {form.format(id='user_id')} in (select {form.format(id='user_id')} from pool)"
        for position, (label, form) in enumerate(_FORMS)
    )
    return (
        f"with missing as ({missing}), pool as ({pool}), causes as ({causes})"
        " select case when n > 0 then cast(n as varchar) || ' of the ' || cast((select count(*) from missing) as varchar)"
        " || ' ids are there ' || label else 'none of the ids is there in another form' end as said"
        " from causes order by n desc, position limit 1"
    )


def unknown_users_limit(run: Run, table: str, rows: SourceRows, users: SourceRows) -> list[Check]:
    """A stop for too many rows of users whom the users table does not know, next to the warning of any; needs
    `known_users`.

    Args:
        table: what the asset's source calls the rows.
    """
    limit = run.rules.row_account_limits.get("unknown_user")
    if limit is None:
        return []
    pool = f"select distinct cast(user_id as varchar) as user_id from {users.rows} as known"
    missing = (
        f"select distinct cast(user_id as varchar) as user_id from {rows.rows} as seen"
        f" where user_id is not null and cast(user_id as varchar) not in (select user_id from ({pool}) as present"
        " where user_id is not null)"
    )
    unknown = f"coalesce(count_if({table}.user_id is not null and known_users.user_id is null), 0)"
    return [
        Check(
            name="unknown_user_pct",
            measure=f"case when {unknown} < {_FEWEST} then 0 else 100.0 * {unknown} / count(*) end",
            maximum=limit.critical_pct,
            column="user_id",
            claim=f"At most {limit.critical_pct:g} % of the rows of {rows.relation} are of users who are not in {users.relation}.",
            failure=f"{{observed}} % of the rows of {rows.relation} are of users who are not in {users.relation} (allowed are"
            f" {limit.critical_pct:g} %; {{detail}}): make the ids of both alike, or raise unknown_user in the rule row_account_limits.",
            detail=likely_cause(missing, pool),
        )
    ]


def vanished_users_asset(run: Run, before: Sequence[tuple[str, str]], present: Sequence[SourceRows]) -> Asset:
    """Whether the users of the last publication are still in the source tables.

    Args:
        before: tables `runs.*` with a row per user, each with its column of ids.
        present: the source tables that have users.
    """
    runs = earlier_runs(run)
    if not before or not runs or not present:
        reason = "Not evaluated: no earlier month with users is published to compare with."
        return Asset(
            _ASSET,
            "users",
            "(select 1 as one) as compared",
            (
                Check(
                    name="users_compared",
                    measure="max(0)",
                    minimum=0,
                    severity="info",
                    claim="There were no users before.",
                    failure="The users were not compared.",
                ),
            ),
            not_evaluated=(NotEvaluated(_CHECK, reason, "user_id"),),
        )
    keys = ", ".join(f"'{published.run_key}'" for published in runs)
    users_before = " union ".join(
        f"select cast({column} as varchar) as user_id from {table} where run_key in ({keys})"
        for table, column in before
    )
    users_present = " union ".join(
        f"select cast(user_id as varchar) as user_id from {rows.rows} as {rows.table}" for rows in present
    )
    missing = (
        f"select user_id from ({users_before}) as users_before where user_id not in (select user_id from ({users_present})"
        " as users_present where user_id is not null)"
    )
    vanished = "coalesce(count_if(users_present.user_id is null), 0)"
    day = max(published.as_of_date for published in runs)
    limits: tuple[tuple[Severity, float], ...] = (
        ("warning", run.rules.vanished_users_warning_pct), ("critical", run.rules.vanished_users_critical_pct),
    )  # fmt: skip
    return Asset(
        name=_ASSET,
        table="users",
        source="users_before left join users_present on users_before.user_id = users_present.user_id",
        with_clause=f"users_before as ({users_before}), users_present as ({users_present})",
        checks=tuple(
            Check(
                name=f"{_CHECK}_{severity}",
                measure=f"case when {vanished} < {_FEWEST} then 0 else 100.0 * {vanished} / count(*) end",
                maximum=limit,
                severity=severity,
                column="user_id",
                claim=f"At most {limit:g} % of the users in the publication of {day} are in none of the source tables.",
                failure=f"{{observed}} % of the users in the publication of {day} are in none of the source tables now (allowed are"
                f" {limit:g} %; {{detail}}): find out whether their ids changed or rows were lost, or raise the rule"
                f" vanished_users_{severity}_pct.",
                detail=likely_cause(missing, users_present),
            )
            for severity, limit in limits
        ),
    )


def earlier_runs(run: Run) -> list[PublishedRun]:
    """The publications that the enabled families are compared with."""
    found = {published for family in run.families if (published := run.previous_of(family))}
    return sorted(found, key=lambda published: published.run_key)
