"""What the rows of the raw tables must keep: what the contract says of each, and what is known of this one."""

from include.tidemark.run import Run
from include.tidemark.validation.arrivals import ARRIVALS, KNOWN_USERS
from include.tidemark.validation.checks import Asset, Check, NotEvaluated
from include.tidemark.validation.columns import contract_checks
from include.tidemark.validation.contract import RawTable
from include.tidemark.validation.fee_inputs import (
    PERIODS_IN_ORDER,
    PRICES_IN_ORDER,
    period_checks,
    price_checks,
)
from include.tidemark.validation.transactions import transaction_checks


def table_asset(table: RawTable, run: Run, users: RawTable | None, rows_seen_before: int | None) -> Asset:
    """What the rows of one raw table must keep.

    Args:
        users: the users table, when it keeps its contract; those who act in other tables are looked up in it.
        rows_seen_before: rows of a growing table that the previous publication saw, or None when that is not known.
    """
    name = table.contract.name
    checks = contract_checks(table, run)
    source, with_clause = f"{table.contract.qualified_name} as {name}", ""
    skipped: list[NotEvaluated] = []
    if arrivals := ARRIVALS.get(name):
        volume, skipped = arrivals.volume(run, rows_seen_before)
        checks += [*arrivals.checks(run), *volume]
        if users is not None:
            checks.append(arrivals.unknown_user())
            source, with_clause = source + arrivals.join_users, KNOWN_USERS
    if name in _IN_ORDER:
        source, with_clause = name, _IN_ORDER[name]
    return Asset(
        name=f"sources.{name}",
        table=table.contract.qualified_name,
        source=source,
        checks=(*checks, *_own_checks(name, run)),
        with_clause=with_clause,
        needs=table.needs,
        not_evaluated=tuple(skipped),
    )


_IN_ORDER = {"fee_periods": PERIODS_IN_ORDER, "market_prices": PRICES_IN_ORDER}


def _own_checks(name: str, run: Run) -> list[Check]:
    if name == "transactions":
        return transaction_checks(run)
    if name == "fee_periods":
        return period_checks(run)
    return price_checks() if name == "market_prices" else []
