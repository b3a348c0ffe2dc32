"""How much a reason may leave out: its limits in the rules, and what it left out of the last publication."""

from include.tidemark.accounting.account import TABLE
from include.tidemark.run import Run
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.checks import Check, Severity, count_where

JUDGED = "judged_lines"
"""The relation of one row that the checks read, which `judged_clauses` makes."""
_FEWEST = 10
"""A reason with fewer rows is not compared with the month before: of so few, chance decides."""


def judged_clauses(run: Run, table: str) -> list[str]:
    """Common table expressions of one source table: `lines` of the account, and `judged_lines`, the row of the checks."""
    lines = f"lines as (select * from {TABLE} where run_key = '{run.run_key}' and source_table = '{table}')"
    return [lines, _limits_clause(run), _before_clause(run, table), _judged_clause(run)]


def limit_checks(run: Run, table: str, rows: SourceRows) -> list[Check]:
    """Whether a reason leaves out more of the rows or amounts than its limit."""
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


def growth_checks(run: Run, table: str, rows: SourceRows) -> list[Check]:
    """Whether a reason leaves out a much larger share than in the publication before, whatever its limit."""
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
    clauses = ", ".join(judged_clauses(run, table))
    return Check(
        name=name,
        measure=f"max({JUDGED}.{name})",
        maximum=0,
        severity=level,
        column="share_of_rows",
        claim=claim,
        failure=failure,
        detail=f"with {clauses} select reason || ': ' || {shown} as said from ("
        f"select reason, max(pct) as pct, max(points) as points from judged where is_{name} group by reason) as worst"
        " order by pct desc nulls last, reason",
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
        {JUDGED} as (select {counts} from judged)"""
