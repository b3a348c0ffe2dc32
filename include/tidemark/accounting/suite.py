"""The gate's proof of the row account, with SQL that shares no code with the models, and its limits."""

from collections.abc import Mapping

from include.tidemark.accounting.account import TABLE, accounts_by_table
from include.tidemark.accounting.family_account import Proof, TableAccount
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Asset, Check, Severity, count_where, zero
from include.tidemark.validation.timestamps import timestamp_literal

_MOMENTS = {"users": "created_at", "events": "event_at", "transactions": "transaction_at"}
_DAYS = {"fee_periods": "period_start_date", "market_prices": "price_date"}
_FEWEST = 10
"""A reason with fewer rows is not compared with the month before: of so few, chance decides."""


def account_assets(run: Run) -> list[Asset]:
    """One asset for each source table: the identity, the proofs, the limits, and the comparison with the month before."""
    return [_asset(run, table, accounts) for table, accounts in accounts_by_table(run).items()]


def _asset(run: Run, table: str, accounts: Mapping[str, TableAccount]) -> Asset:
    proofs = [(family, proof) for family, account in accounts.items() for proof in account.proofs]
    rows = run.rows_of(table)
    with_clause = ", ".join(
        [
            _lines_clause(run, table),
            _identity_clause(),
            _source_clause(run, rows),
            _recorded_clause(table),
            _limits_clause(run),
            _before_clause(run, table),
            _judged_clause(run),
            *(f"proof_{i} as ({_proof_clause(family, proof)})" for i, (family, proof) in enumerate(proofs)),
        ]
    )
    joined = " cross join ".join(
        ["totals", "source_rows", "recorded", "judged_lines", *(f"proof_{i}" for i in range(len(proofs)))]
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
            *_limit_checks(run, table, rows),
            *_growth_checks(run, table, rows),
        ),
    )


def _lines_clause(run: Run, table: str) -> str:
    return f"lines as (select * from {TABLE} where run_key = '{run.run_key}' and source_table = '{table}')"


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
    if rows.table in _MOMENTS:
        is_before = f"{_MOMENTS[rows.table]} < {timestamp_literal(run.as_of_instant)}"
    else:
        is_before = f"{_DAYS[rows.table]} < cast('{run.as_of_date}' as date)"
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


def _limits_clause(run: Run) -> str:
    """The limits of the rule as rows; a reason without one has none."""
    rows = [
        f"select {text_literal(reason)} as reason, cast({limit.warning_pct} as double) as warning_pct,"
        f" cast({limit.critical_pct} as double) as critical_pct"
        for reason, limit in run.rules.row_account_limits.items()
    ]
    none = "select '' as reason, cast(100 as double) as warning_pct, cast(100 as double) as critical_pct"
    return f"limits as ({' union all '.join([none, *rows])})"


def _before_clause(run: Run, table: str) -> str:
    """The same lines of the publication that each family is compared with."""
    keys = {family: run.previous_key_of(family) for family in run.families}
    pairs = " or ".join(
        [
            f"(family is null and run_key = '{run.previous.run_key if run.previous else ''}')",
            *(f"(family = '{family}' and run_key = '{key}')" for family, key in keys.items()),
        ]
    )
    return f"lines_before as (select * from {TABLE} where source_table = '{table}' and kind = 'left_out' and ({pairs}))"


def _judged_clause(run: Run) -> str:
    """Each reason with its share, its limits, and how its share grew; then how many are beyond each bound.

    Erased rows may grow as they like: `lost_rows` says that they were erased on purpose.
    """
    share, before = (
        f"greatest(coalesce({name}.share_of_rows, 0), coalesce({name}.share_of_amount, 0))"
        for name in ("lines", "lines_before")
    )
    rules = run.rules
    bounds = {
        "above_warning": "pct > warning_pct and pct <= critical_pct",
        "above_critical": "pct > critical_pct",
        "grown_warning": f"points > {rules.row_account_growth_warning_points}"
        f" and points <= {rules.row_account_growth_critical_points}",
        "grown_critical": f"points > {rules.row_account_growth_critical_points}",
    }
    counts = ", ".join(f"{count_where(condition)} as {name}" for name, condition in bounds.items())
    flags = ", ".join(f"coalesce({condition}, false) as is_{name}" for name, condition in bounds.items())
    return f"""
        judged as (
            select measured.*, {flags} from (
                select lines.reason, 100 * {share} as pct,
                    limits.warning_pct, limits.critical_pct,
                    case when lines_before.reason is not null and lines.row_count >= {_FEWEST}
                        and lines.reason not in ('after_as_of', 'erased')
                        then 100 * ({share} - {before}) end as points
                from lines
                left join limits on lines.reason = limits.reason
                left join lines_before
                    on lines.reason = lines_before.reason and coalesce(lines.family, '') = coalesce(lines_before.family, '')
                where lines.kind = 'left_out'
            ) as measured
        ),
        judged_lines as (select {counts} from judged)"""


def _limit_checks(run: Run, table: str, rows: SourceRows) -> list[Check]:
    return [
        _judgement(
            run, table, severity, f"above_{severity}",
            f"No reason leaves out more of the rows or amounts of {rows.relation} than the rule row_account_limits allows"
            f" ({severity}).",
            f"{rows.relation}: more rows or amounts were left out than row_account_limits allows ({{detail}}); find out why, and"
            " correct the source or raise the limit of the reason.",
            f"{_shown('pct')} || ' %'",
        )
        for severity in ("warning", "critical")
    ]  # fmt: skip


def _growth_checks(run: Run, table: str, rows: SourceRows) -> list[Check]:
    bounds = {
        "warning": run.rules.row_account_growth_warning_points,
        "critical": run.rules.row_account_growth_critical_points,
    }
    return [
        _judgement(
            run, table, severity, f"grown_{severity}",
            f"No reason leaves out a share of {rows.relation} that is more than {points:g} points larger than in the last publication.",
            f"{rows.relation}: a much larger share was left out than in the last publication ({{detail}}; allowed are {points:g}"
            " points); find out what changed at the source before you publish, or raise"
            f" row_account_growth_{severity}_points for this month.",
            f"'+' || {_shown('points')} || ' points, now ' || {_shown('pct')} || ' %'",
        )
        for severity, points in bounds.items()
    ]  # fmt: skip


def _shown(number: str) -> str:
    """SQL of a number with one decimal as text; the text of a float would be each warehouse's own."""
    return f"cast(cast({number} as decimal(9, 1)) as varchar)"


def _judgement(  # noqa: PLR0917 - read as a table
    run: Run, table: str, severity: str, name: str, claim: str, failure: str, shown: str
) -> Check:
    level: Severity = "critical" if severity == "critical" else "warning"
    clauses = ", ".join(
        [_lines_clause(run, table), _limits_clause(run), _before_clause(run, table), _judged_clause(run)]
    )
    return Check(
        name=name,
        measure=f"max(judged_lines.{name})",
        maximum=0,
        severity=level,
        column="share_of_rows",
        claim=claim,
        failure=failure,
        detail=f"with {clauses} select reason || ': ' || {shown} as said from ("
        f"select reason, max(pct) as pct, max(points) as points from judged where is_{name} group by reason) as worst"
        " order by pct desc nulls last, reason",
    )
