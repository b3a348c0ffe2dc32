"""The lines of the account, computed in the warehouse from staging and the daily facts once a run's models are built."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.tidemark.accounting.family_account import Kind, Line, TableAccount, as_of
from include.tidemark.families import enabled_families
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "runs.row_account"

REPEATED = "repeated"
SHARED_TEXTS = {
    "delivered": "rows that the files or the deployment's own table held",
    "refused": "rows that could not be read; a file with such a row is refused as a whole, and stops the run",
    "source_filter": "rows that `where` in sources.yml leaves out",
    "loaded": "rows of the table of the contract",
    "not_in_facts": "rows that came too late for the look-back of the daily facts; below 0: rows of the facts that the table no"
    " longer has",
    "after_as_of": "rows of the as-of date and later, which this run does not see",
    "before_as_of": "rows before the as-of date: what each family's lines add up to",
    REPEATED: "repeated deliveries of an event, which counts once",
}
"""Lines that no family declares, each with what its rows are."""


@dataclass(frozen=True)
class _Shape:
    """How the rows of a source table are counted."""

    source: str
    day: str
    user: str = "null"
    count: str = "count(*)"
    repeats: str = "0"
    cents: str = "null"


_USER = " left join staging.stg_users as u on r.user_id = u.user_id"
_SHAPES = {
    "users": _Shape("staging.stg_users as u", "u.created_date", "u.user_id"),
    # The facts hold each day's rows once with the number of their deliveries, so nothing has to be found twice.
    "events": _Shape(
        f"core.fct_user_event_daily as r{_USER}",
        "r.event_date",
        "r.user_id",
        count="sum(r.event_count)",
        repeats="sum(r.delivery_count - r.event_count)",
    ),
    "transactions": _Shape(
        f"staging.stg_transactions as r{_USER}", "r.transaction_date", "r.user_id", cents="r.amount_cents"
    ),
    "fee_periods": _Shape("staging.stg_fee_periods as r", "r.period_start_date"),
    "market_prices": _Shape("staging.stg_market_prices as r", "r.price_date"),
}


def record_account(run: Run, warehouse: Warehouse) -> None:
    """Compute the run's account and write it to `runs.row_account`, in place of what the run has there."""
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows: list[Row] = []
    for table, accounts in accounts_by_table(run).items():
        for line in _lines(run, warehouse, table, accounts):
            rows.append({**identity, "position": len(rows), "source_table": table, **line})
    replace_run_rows(warehouse, TABLE, run.run_key, rows, {})


def accounts_by_table(run: Run) -> dict[str, dict[str, TableAccount]]:
    """What each enabled family says of each source table: by table, then by family."""
    found: dict[str, dict[str, TableAccount]] = {}
    for family in enabled_families(run.families):
        for table, account in family.part("account").account(run).items():
            found.setdefault(table, {})[family.name] = account
    return {table: found[table] for table in _SHAPES if table in found}


def _lines(run: Run, warehouse: Warehouse, table: str, accounts: Mapping[str, TableAccount]) -> list[Row]:
    counted = {
        (row["family"], row["reason"]): row
        for row in warehouse.fetch(_query(run, table, accounts))
        if row["reason"]
    }
    money = table == "transactions"
    before = _Sums.of(counted.get((None, "before_as_of")))
    loaded = before.plus(_Sums.of(counted.get((None, "after_as_of"))))
    lines = []

    def add(kind: Kind, family: str | None, reason: str, sums: _Sums, share: bool) -> None:
        lines.append(
            {
                "family": family,
                "kind": kind,
                "reason": reason,
                "row_count": sums.rows,
                "user_count": sums.users if table not in ("fee_periods", "market_prices") else None,
                "amount_usd": Decimal(sums.cents) / 100 if money else None,
                "share_of_rows": sums.rows / before.rows if share and before.rows else None,
                "share_of_amount": sums.turned_over / before.turned_over
                if share and money and before.turned_over
                else None,
            }
        )

    missing = _rows_of_table(run, warehouse, table) - loaded.rows if table == "events" else 0
    users = _Sums.of(counted.get((None, "loaded"))).users
    add("total", None, "loaded", _Sums(loaded.rows + missing, users, loaded.cents, 0), False)
    if table == "events":
        add("left_out", None, "not_in_facts", _Sums(missing, 0, 0, 0), True)
    add("left_out", None, "after_as_of", _Sums.of(counted.get((None, "after_as_of"))), False)
    add("total", None, "before_as_of", before, False)
    for family, account in accounts.items():
        if table == "events":
            add("left_out", family, REPEATED, _Sums.of(counted.get((None, REPEATED))), True)
        for line in account.lines:
            add(line.kind, family, line.reason, _Sums.of(counted.get((family, line.reason))), True)
    return lines


@dataclass(frozen=True)
class _Sums:
    rows: int
    users: int
    cents: int
    turned_over: int
    """Sum of the amounts without their signs, in cents: refunds do not hide purchases in a share."""

    @classmethod
    def of(cls, row: Mapping[str, Any] | None) -> "_Sums":
        if row is None:
            return cls(0, 0, 0, 0)
        return cls(*(int(row[name] or 0) for name in ("row_count", "user_count", "cents", "turned_over")))

    def plus(self, other: "_Sums") -> "_Sums":
        return _Sums(
            self.rows + other.rows,
            max(self.users, other.users),
            self.cents + other.cents,
            self.turned_over + other.turned_over,
        )


def _rows_of_table(run: Run, warehouse: Warehouse, table: str) -> int:
    return int(warehouse.fetch(f"select count(*) as n from {run.rows_of(table).rows} as counted")[0]["n"])


def _query(run: Run, table: str, accounts: Mapping[str, TableAccount]) -> str:
    """Rows, users and amounts by family and reason: the table is read once, and its rows by user and fate are then few."""
    shape = _SHAPES[table]
    joins = "".join(dict.fromkeys(join for account in accounts.values() for join in account.joins))
    fates = [f"{_fate(account.lines)} as fate_{i}" for i, account in enumerate(accounts.values())]
    keys = [f"{shape.user} as user_id", f"{shape.day} >= {as_of(run)} as is_after", *fates]
    positions = ", ".join(str(i + 1) for i in range(len(keys)))
    grouped = (
        f"select {', '.join(keys)}, {shape.count} as n, {shape.repeats} as repeats,"
        f" sum({shape.cents}) as cents, sum(abs({shape.cents})) as turned_over"
        f" from {shape.source}{joins} group by {positions}"
    )
    parts = [
        _sums("null", "'loaded'", "n + repeats", "true"),
        _sums("null", "case when is_after then 'after_as_of' else 'before_as_of' end", "n + repeats", "true"),
        _sums("null", f"'{REPEATED}'", "repeats", "repeats > 0 and not is_after", money=False),
        *(_sums(f"'{family}'", f"fate_{i}", "n", "not is_after") for i, family in enumerate(accounts)),
    ]
    return f"with grouped as ({grouped}) {' union all '.join(parts)}"


def _sums(family: str, reason: str, rows: str, condition: str, *, money: bool = True) -> str:
    amounts = "sum(cents) as cents, sum(turned_over) as turned_over"
    return (
        f"select cast({family} as varchar) as family, cast({reason} as varchar) as reason, sum({rows}) as row_count,"
        f" count(distinct user_id) as user_count, {amounts if money else 'null as cents, null as turned_over'}"
        f" from grouped where {condition} group by 1, 2"
    )


def _fate(lines: tuple[Line, ...]) -> str:
    *before, last = lines
    if not before:
        return f"'{last.reason}'"
    branches = " ".join(f"when {line.condition} then '{line.reason}'" for line in before)
    return f"case {branches} else '{last.reason}' end"
