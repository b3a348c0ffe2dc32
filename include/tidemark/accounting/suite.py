"""The gate's proof of the row account: what `checks.yml` says of it, for each source table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.tidemark.accounting.account import TABLE, accounts_by_table
from include.tidemark.accounting.family_account import Proof, TableAccount
from include.tidemark.run import Run
from include.tidemark.sources.contract import MOMENTS, source_tables
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import begin_literal
from include.tidemark.validation.checks import Asset, Check
from include.tidemark.validation.shipped_suites import checks_of, filled

_FILE = Path(__file__).with_name("checks.yml")
_ADVICE = "the account can't be relied on; run the month again with full_refresh, and if it stays report the table and the number."


def account_assets(run: Run) -> list[Asset]:
    """One asset for each source table: the identity, the proofs, the limits, and the comparison with the
    month before."""
    return [_asset(run, table, accounts) for table, accounts in accounts_by_table(run).items()]


def _asset(run: Run, table: str, accounts: Mapping[str, TableAccount]) -> Asset:
    proofs = [(family, proof) for family, account in accounts.items() for proof in account.proofs]
    rows = run.rows_of(table)
    values = _values(run, table, rows)
    judged = filled(_FILE, run, values=values, part="judged")
    values["judged"] = ", ".join(judged)

    def of(part: str, **more: Any) -> list[Check]:
        return checks_of(_FILE, part, run, rows.relation, {**values, **more})

    clauses = [
        *judged,
        *filled(_FILE, run, values=values, part="counted"),
        *(f"proof_{i} as ({_proof_clause(family, proof)})" for i, (family, proof) in enumerate(proofs)),
    ]
    relations = [
        "totals",
        "source_rows",
        "recorded",
        "judged_lines",
        *(f"proof_{i}" for i in range(len(proofs))),
    ]
    checks = of("identity")
    for i, (family, proof) in enumerate(proofs):
        checks += of("proof", **_proof_values(run, rows, family, proof, i))
    return Asset(
        name=f"models.row_account_{table}",
        table=TABLE,
        source=" cross join ".join(relations),
        with_clause=", ".join(clauses),
        needs=(TABLE, *dict.fromkeys(proof.table for _, proof in proofs)),
        checks=(*checks, *of("late"), *of("limits")),
    )


def _values(run: Run, table: str, rows: SourceRows) -> dict[str, Any]:
    rules, column = run.rules, source_tables()[table].column(MOMENTS[table])
    growth = {
        "warning": rules.row_account_growth_warning_points,
        "critical": rules.row_account_growth_critical_points,
    }
    tolerance = 0 if rows.landed else rules.reconciliation_tolerance_pct
    late = [
        {
            "severity": "critical",
            "bound": tolerance,
            "but": f", or all but {tolerance:g} %" if tolerance else "",
        }
    ]
    if tolerance:
        late.insert(0, {"severity": "warning", "bound": 0, "but": ""})
    return {
        "name": table,
        "rows": rows.rows,
        "advice": _ADVICE,
        "limits": " union all ".join(_limits(run)),
        "earlier": " or ".join(_earlier(run)),
        **{f"growth_{severity}": points for severity, points in growth.items()},
        "growth": [{"severity": severity, "points": f"{points:g}"} for severity, points in growth.items()],
        "share": _share("lines"),
        "share_before": _share("lines_before"),
        "shown_pct": _shown("pct"),
        "shown_points": _shown("points"),
        "is_before": f"{column.name} < {begin_literal(column, run.as_of_date, run.as_of_instant)}",
        "amount": "cast(round(amount_usd, 2) as decimal(18, 2))" if table == "transactions" else "cast(null as bigint)",
        "late": late if table == "events" else [],
    }  # fmt: skip


def _share(lines: str) -> str:
    return f"greatest(coalesce({lines}.share_of_rows, 0), coalesce({lines}.share_of_amount, 0))"


def _shown(number: str) -> str:
    """SQL of a number with one decimal as text; the text of a float would be each warehouse's own."""
    return f"cast(cast({number} as decimal(9, 1)) as varchar)"


def _limits(run: Run) -> list[str]:
    """The limits of the rule as rows; a reason without one has none."""
    rows = [
        f"select {text_literal(reason)} as reason, cast({limit.warning_pct} as double) as warning_pct,"
        f" cast({limit.critical_pct} as double) as critical_pct"
        for reason, limit in run.rules.row_account_limits.items()
    ]
    return ["select '' as reason, cast(100 as double) as warning_pct, cast(100 as double) as critical_pct", *rows]  # fmt: skip


def _earlier(run: Run) -> list[str]:
    """Conditions of the lines of the publication that each family is compared with."""
    return [
        f"(family is null and run_key = '{run.previous.run_key if run.previous else ''}')",
        *(f"(family = '{family}' and run_key = '{run.previous_key_of(family)}')" for family in run.families),
    ]


def _proof_clause(family: str, proof: Proof) -> str:
    """The lines' sums, and what the family's models hold, as one row."""
    reasons = ", ".join(text_literal(reason) for reason in proof.reasons)
    mine = f"from lines where family = '{family}' and reason in ({reasons})"
    return f"""
        select mine.*, models.row_count as model_rows, models.user_count as model_users, models.cents as model_cents
        from (select sum(row_count) as line_rows, max(user_count) as line_users, 100 * sum(amount_usd) as line_cents {mine}) as mine
        cross join ({proof.sql}) as models"""


def _proof_values(run: Run, rows: SourceRows, family: str, proof: Proof, i: int) -> dict[str, Any]:
    def off(what: str) -> str:
        ours, models = (f"cast(proof_{i}.{side}_{what} as double)" for side in ("line", "model"))
        return f"coalesce(100.0 * abs({models} - {ours}) / greatest(abs({ours}), 1), 0)"

    tolerance = 1e-9 if rows.landed else run.rules.reconciliation_tolerance_pct
    return {
        "proof": f"{family}__{'__'.join(proof.reasons)}",
        "off_rows": off("rows"),
        "off_users": off("users") if len(proof.reasons) == 1 else "0",
        "off_cents": off("cents"),
        "tolerance": tolerance,
        "family": family,
        "lines": " and ".join(proof.reasons),
        "allowed": "to the row and the cent" if rows.landed else f"within {tolerance:g} %",
    }
