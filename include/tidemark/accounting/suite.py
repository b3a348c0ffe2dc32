"""The gate's proof of the row account, with SQL that shares no code with the models."""

from collections.abc import Mapping

from include.tidemark.accounting.account import TABLE, accounts_by_table
from include.tidemark.accounting.family_account import Proof, TableAccount
from include.tidemark.accounting.limits import JUDGED, growth_checks, judged_clauses, limit_checks
from include.tidemark.run import Run
from include.tidemark.sources.contract import MOMENTS, source_tables
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import begin_literal
from include.tidemark.validation.checks import Asset, Check, Severity, zero


def account_assets(run: Run) -> list[Asset]:
    """One asset for each source table: the identity, the proofs, the limits, and the comparison with the month before."""
    return [_asset(run, table, accounts) for table, accounts in accounts_by_table(run).items()]


def _asset(run: Run, table: str, accounts: Mapping[str, TableAccount]) -> Asset:
    proofs = [(family, proof) for family, account in accounts.items() for proof in account.proofs]
    rows = run.rows_of(table)
    with_clause = ", ".join(
        [
            *judged_clauses(run, table),
            _identity_clause(),
            _source_clause(run, rows),
            _recorded_clause(table),
            *(f"proof_{i} as ({_proof_clause(family, proof)})" for i, (family, proof) in enumerate(proofs)),
        ]
    )
    joined = " cross join ".join(
        ["totals", "source_rows", "recorded", JUDGED, *(f"proof_{i}" for i in range(len(proofs)))]
    )
    return Asset(
        name=f"models.row_account_{table}",
        table=TABLE,
        source=joined,
        with_clause=with_clause,
        needs=(TABLE, *dict.fromkeys(proof.table for _, proof in proofs)),
        checks=(
            *_identity_checks(rows),
            *(_proof_check(run, rows, family, proof, i) for i, (family, proof) in enumerate(proofs)),
            *_late_checks(run, rows),
            *limit_checks(run, table, rows),
            *growth_checks(run, table, rows),
        ),
    )


def _identity_clause() -> str:
    """What the lines come to, family by family, as one row."""
    return """
        families as (
            select family, sum(row_count) as n, sum(amount_usd) as amount from lines where family is not null group by family
        ),
        extremes as (
            select max(n) as most_rows, min(n) as fewest_rows, max(amount) as most_amount, min(amount) as least_amount
            from families
        ),
        totals as (
            select
                max(case when reason = 'delivered' then row_count end) as delivered_rows,
                sum(case when reason in ('refused', 'source_filter') then row_count end) as refused_rows,
                coalesce(max(case when reason = 'erased' then row_count end), 0) as erased_rows,
                max(case when reason = 'loaded' then row_count end) as loaded_rows,
                max(case when reason = 'loaded' then amount_usd end) as loaded_amount,
                max(case when reason = 'before_as_of' then row_count end) as before_rows,
                max(case when reason = 'before_as_of' then amount_usd end) as before_amount,
                max(case when reason = 'after_as_of' then row_count end) as after_rows,
                max(case when reason = 'after_as_of' then amount_usd end) as after_amount,
                max(case when reason = 'not_in_facts' then row_count end) as missing_rows,
                max(extremes.most_rows) as most_rows,
                max(extremes.fewest_rows) as fewest_rows,
                max(extremes.most_amount) as most_amount,
                max(extremes.least_amount) as least_amount
            from lines cross join extremes where family is null
        )"""


def _source_clause(run: Run, rows: SourceRows) -> str:
    """The table's own rows, counted without staging: by their moments in UTC, and with amounts rounded row by row."""
    column = source_tables()[rows.table].column(MOMENTS[rows.table])
    is_before = f"{column.name} < {begin_literal(column, run.as_of_date, run.as_of_instant)}"
    amount = (
        "cast(round(amount_usd, 2) as decimal(18, 2))"
        if rows.table == "transactions"
        else "cast(null as bigint)"
    )
    return f"""
        source_rows as (
            select count(*) as n, coalesce(count_if({is_before}), 0) as n_before,
                sum({amount}) as amount, sum(case when {is_before} then {amount} end) as amount_before
            from {rows.rows} as delivered_rows
        )"""


def _recorded_clause(table: str) -> str:
    """How many rows of the table were ever erased."""
    return (
        "recorded as (select coalesce(sum(row_count), 0) as n from control.erasures"
        f" where kind = 'source' and name = '{table}')"
    )


def _identity_checks(rows: SourceRows) -> list[Check]:
    table = rows.relation
    advice = "the account can't be relied on; run the month again with full_refresh, and if it stays report the table and the number."

    def same(name: str, measure: str, claim: str, failure: str) -> Check:
        return zero(name, f"max({measure})", "row_count", claim, f"{failure} ({{observed}}); {advice}")

    return [
        same(
            "rows_add_up",
            "greatest(abs(delivered_rows - refused_rows - erased_rows - loaded_rows), abs(loaded_rows - before_rows - after_rows - coalesce(missing_rows, 0)),"
            " abs(before_rows - most_rows), abs(before_rows - fewest_rows))",
            f"Of {table}, the rows that were used and left out add up to those that were delivered, for every family.",
            f"The row account of {table} does not add up to the row",
        ),
        same(
            "amounts_add_up",
            "coalesce(greatest(abs(loaded_amount - before_amount - after_amount), abs(before_amount - most_amount),"
            " abs(before_amount - least_amount)), 0)",
            f"Of {table}, the amounts that were used and left out add up to those that were loaded, for every family.",
            f"The row account of {table} does not add up to the cent",
        ),
        same(
            "rows_of_the_source",
            "greatest(abs(loaded_rows - source_rows.n),"
            " abs(before_rows - source_rows.n_before) - abs(coalesce(missing_rows, 0)))",
            f"The row account of {table} holds the rows that the table holds, before the as-of date and after it.",
            f"The row account of {table} holds other rows than the table",
        ),
        same(
            "lost_rows",
            "case when erased_rows between 0 and recorded.n then 0 else abs(erased_rows - recorded.n) end",
            f"Every row that the landing files of {table} held is there, but for those that `tidemark forget` erased.",
            f"{table} lacks rows of its landing files, or has more, and no erasure is recorded for them",
        ),
        same(
            "amounts_of_the_source",
            "greatest(coalesce(abs(loaded_amount - source_rows.amount), 0),"
            " coalesce(abs(before_amount - source_rows.amount_before), 0))",
            f"The row account of {table} holds the amounts that the table holds, before the as-of date and after it.",
            f"The row account of {table} holds other amounts than the table",
        ),
    ]  # fmt: skip


def _late_checks(run: Run, rows: SourceRows) -> list[Check]:
    """Rows that the daily facts have not: of files none, and of a table that others fill no more than the tolerance."""
    if rows.table != "events":
        return []
    share = "100.0 * abs(coalesce(max(missing_rows), 0)) / greatest(max(loaded_rows), 1)"
    allowed = 0 if rows.landed else run.rules.reconciliation_tolerance_pct
    bounds: tuple[tuple[Severity, float], ...] = (("warning", 0), ("critical", allowed))
    return [
        Check(
            name=f"late_rows_{severity}",
            measure=share,
            maximum=bound,
            severity=severity,
            column="row_count",
            claim=f"The daily facts hold every row of {rows.relation}{f', or all but {bound:g} %' if bound else ''}.",
            failure=f"The daily facts do not hold the rows of {rows.relation} ({{observed}} % differ): some came later than the"
            " look-back reaches, or were removed; run the month again with full_refresh.",
        )
        for severity, bound in bounds[allowed == 0 :]
    ]


def _proof_clause(family: str, proof: Proof) -> str:
    """The lines' sums, and what the family's models hold, as one row."""
    reasons = ", ".join(text_literal(reason) for reason in proof.reasons)
    mine = f"from lines where family = '{family}' and reason in ({reasons})"
    return f"""
        select mine.*, models.row_count as model_rows, models.user_count as model_users, models.cents as model_cents
        from (select sum(row_count) as line_rows, max(user_count) as line_users, 100 * sum(amount_usd) as line_cents {mine}) as mine
        cross join ({proof.sql}) as models"""


def _proof_check(run: Run, rows: SourceRows, family: str, proof: Proof, i: int) -> Check:
    """The lines and the models agree: exactly, or within a tolerance where the table may change while it is read."""

    def off(ours: str, theirs: str) -> str:
        difference = f"abs(cast(proof_{i}.{theirs} as double) - cast(proof_{i}.{ours} as double))"
        return f"coalesce(100.0 * {difference} / greatest(abs(cast(proof_{i}.{ours} as double)), 1), 0)"

    users = off("line_users", "model_users") if len(proof.reasons) == 1 else "0"
    tolerance = 1e-9 if rows.landed else run.rules.reconciliation_tolerance_pct
    allowed = "to the row and the cent" if rows.landed else f"within {tolerance:g} %"
    lines = " and ".join(proof.reasons)
    return Check(
        name=f"{family}__{'__'.join(proof.reasons)}",
        measure=f"max(greatest({off('line_rows', 'model_rows')}, {users}, {off('line_cents', 'model_cents')}))",
        maximum=tolerance,
        column="row_count",
        claim=f"The models of {family} hold what the account of {rows.relation} calls {lines}, {allowed}.",
        failure=f"The models of {family} hold other rows or amounts of {rows.relation} than the account calls {lines} (off by"
        f" {{observed}} %, allowed: {allowed}); run the month again with full_refresh, and if it stays look for rows lost or"
        " doubled in the family's models.",
    )
