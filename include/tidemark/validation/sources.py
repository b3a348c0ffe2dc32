"""What the rows of the source tables must keep: what the contract says of each, and what is known of this one."""

from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.validation.arrivals import ARRIVALS, known_users
from include.tidemark.validation.checks import Asset, Check, NotEvaluated
from include.tidemark.validation.columns import contract_checks
from include.tidemark.validation.contract import FoundTable
from include.tidemark.validation.fee_inputs import (
    period_checks,
    periods_in_order,
    price_checks,
    prices_in_order,
)
from include.tidemark.validation.identities import unknown_users_limit
from include.tidemark.validation.transactions import transaction_checks


def table_asset(table: FoundTable, run: Run, users: FoundTable | None, rows_seen_before: int | None) -> Asset:
    """What the rows of one source table must keep.

    Args:
        users: the users table, when it keeps its contract; those who act in other tables are looked up in it.
        rows_seen_before: rows of a growing table that the previous publication saw, or None when that is not known.
    """
    name = table.contract.name
    checks = contract_checks(table, run)
    rows = table.rows.checked_rows
    source, with_clause = f"{rows} as {name}", ""
    skipped: list[NotEvaluated] = []
    if arrivals := ARRIVALS.get(name):
        volume, skipped = arrivals.volume(run, table.rows, rows_seen_before)
        checks += [*arrivals.checks(run, table.rows), *volume]
        if users is not None:
            checks.append(arrivals.unknown_user(table.rows, users.rows))
            checks += unknown_users_limit(run, name, table.rows, users.rows)
            source, with_clause = source + arrivals.join_users, known_users(users.rows)
    if name in _IN_ORDER:
        source, with_clause = name, _IN_ORDER[name](rows)
    return Asset(
        name=f"sources.{name}",
        table=table.name,
        source=source,
        checks=(*checks, *_own_checks(table.rows, run)),
        with_clause=with_clause,
        not_evaluated=tuple(skipped),
    )


_IN_ORDER = {"fee_periods": periods_in_order, "market_prices": prices_in_order}


def _own_checks(rows: SourceRows, run: Run) -> list[Check]:
    if rows.table == "transactions":
        return transaction_checks(rows, run)
    if rows.table == "fee_periods":
        return period_checks(rows, run)
    return price_checks(rows) if rows.table == "market_prices" else []
