"""A deployment's own checks as assets of the gate: all checks of a table are one suite, and one query."""

from dataclasses import replace

from include.tidemark.own_checks.declaration import OwnCheck, Reconciliation, checks_of, severities_of
from include.tidemark.own_checks.measures import compile_measure, compile_rows_where
from include.tidemark.own_checks.tables import CheckedTable, checked_tables
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset, Check, Stage, count_where
from include.tidemark.validation.reconciliation import off_pct

SUITE = "own"
"""Starts the names of their suites, such as `own.runs.customer_segments`."""


def own_assets(run: Run, stage: Stage) -> list[Asset]:
    """The suites of one stage, one for each table that checks are about."""
    by_table: dict[str, list[OwnCheck]] = {}
    for check in checks_of(run.config):
        if check.stage == stage:
            by_table.setdefault(check.table, []).append(check)
    return [_asset(run, checked_tables()[name], checks) for name, checks in by_table.items()]


def with_own_severities(asset: Asset, run: Run) -> Asset:
    """A shipped suite with the severities that the deployment's files say."""
    said = severities_of(run.config)
    return replace(
        asset,
        checks=tuple(
            replace(check, severity=said.get(f"{asset.name}.{check.name}", check.severity))
            for check in asset.checks
        ),
    )


def _asset(run: Run, table: CheckedTable, checks: list[OwnCheck]) -> Asset:
    others = {check.name: check.reconciles for check in checks if check.reconciles is not None}
    looked = [table, *(checked_tables()[other.other_table] for other in others.values())]
    return Asset(
        name=f"{SUITE}.{table.name}",
        table=table.name,
        source=table.rows(run),
        checks=tuple(_check(check, table) for check in checks),
        with_clause=", ".join(_other_clause(run, name, other) for name, other in others.items()),
        # Rows of the schema `raw` may stand elsewhere; whether they can be read is asked before.
        needs=tuple(dict.fromkeys(each.name for each in looked if each.stage != "sources")),
    )


def _other_clause(run: Run, name: str, other: Reconciliation) -> str:
    table = checked_tables()[other.other_table]
    measure = compile_measure(other.other_measure, table.columns).sql
    return f"other_{name} as (select {measure} as value from {table.rows(run)})"


def _check(check: OwnCheck, table: CheckedTable) -> Check:
    minimum, maximum = check.bounds
    if check.rows_where is not None:
        measure = count_where(compile_rows_where(check.rows_where, table.columns))
    elif check.reconciles is not None:
        ours = compile_measure(check.reconciles.measure, table.columns).sql
        measure = off_pct(ours, f"(select value from other_{check.name})")
        maximum = check.reconciles.tolerance_pct
    else:
        compiled = compile_measure(check.measure or "", table.columns)
        measure = compiled.sql
        if compiled.shows_a_row:
            measure, minimum, maximum = _is_outside(measure, minimum, maximum), None, 0
    return Check(
        name=check.name,
        measure=measure,
        claim=check.claim,
        failure=check.failure,
        severity=check.severity,
        minimum=minimum,
        maximum=maximum,
    )


def _is_outside(measure: str, minimum: float | None, maximum: float | None) -> str:
    """0 for a measure within its bounds, 1 outside: in place of a number that may be of one row."""
    bounds = [
        f"({measure}) {comparison} {bound!r}"
        for comparison, bound in ((">=", minimum), ("<=", maximum))
        if bound is not None
    ]
    return f"case when {' and '.join(bounds)} then 0 else 1 end"
