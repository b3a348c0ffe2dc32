"""The lines of the account, computed in the warehouse from staging and the daily facts once a run's models
are built."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from include.tidemark.accounting.family_account import ACCOUNT, Kind, Line, TableAccount, as_of
from include.tidemark.enabled import families_of
from include.tidemark.run import Run
from include.tidemark.sources.rows import SourceRows
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import replace_run_rows

TABLE = "runs.row_account"

REPEATED = "repeated"
NO_TABLE = "no_table"
SHARED_TEXTS = {
    NO_TABLE: "there is no such table: it is neither mapped nor landed, and what the families make of it is null",
    "delivered": "rows that the files or the deployment's own table held",
    "refused": "rows that could not be read; a file with such a row is refused as a whole, and stops the run",
    "source_filter": "rows that `where` in sources.yml leaves out",
    "erased": "rows of persons who were erased since",
    "loaded": "rows of the table of the contract",
    "not_in_facts": "rows that came too late for the look-back of the daily facts; below 0: rows of the facts that the table no"
    " longer has",
    "after_as_of": "rows of the as-of date and later, which this run does not see",
    "before_as_of": "rows before the as-of date: what each family's lines add up to",
    REPEATED: "repeated deliveries of an event, which counts once",
}
"""Lines that no family declares, each with what its rows are."""


# Typed, because in a union Snowflake takes a bare null for a text.
_NO_USER, _NO_CENTS = "cast(null as varchar)", "cast(null as bigint)"


@dataclass(frozen=True)
class _Shape:
    """How the rows of a source table are counted."""

    source: str
    is_after: str
    """SQL: whether the row is of the as-of date or later; `{day}` and `{instant}` stand for when that
    begins."""
    user: str = _NO_USER
    count: str = "count(*)"
    repeats: str = "0"
    cents: str = _NO_CENTS


_USER = " left join staging.stg_users as u on r.user_id = u.user_id"
_SHAPES = {
    "users": _Shape("staging.stg_users as u", "u.created_date >= {day}", "u.user_id"),
    # The facts hold each day's rows once with the number of their deliveries, so nothing has to be found
    # twice.
    "events": _Shape(
        f"core.fct_user_event_daily as r{_USER}",
        "r.event_date >= {day}",
        "r.user_id",
        count="sum(r.event_count)",
        repeats="sum(r.delivery_count - r.event_count)",
    ),
    "transactions": _Shape(
        f"staging.stg_transactions as r{_USER}",
        "r.transaction_at >= {instant}",
        "r.user_id",
        cents="r.amount_cents",
    ),
    "fee_periods": _Shape("staging.stg_fee_periods as r", "r.period_start_date >= {day}"),
    "market_prices": _Shape("staging.stg_market_prices as r", "r.price_date >= {day}"),
}


def record_account(run: Run, warehouse: Warehouse) -> None:
    """Compute the run's account and write it to `runs.row_account`, in place of what the run has there."""
    identity = {"as_of_date": run.as_of_date, "run_key": run.run_key}
    rows: list[Row] = []
    for table in _SHAPES:
        if run.rows_of(table).lack == "nowhere":
            line = _Sums(0).line("total", NO_TABLE)
            rows.append({**identity, "position": len(rows), "source_table": table, **line})
    for table, accounts in accounts_by_table(run).items():
        for line in _lines(run, warehouse, table, accounts):
            rows.append({**identity, "position": len(rows), "source_table": table, **line})
    replace_run_rows(warehouse, TABLE, run.run_key, rows, {})


def accounts_by_table(run: Run) -> dict[str, dict[str, TableAccount]]:
    """What each enabled family says of each source table that is somewhere: by table, then by family."""
    found: dict[str, dict[str, TableAccount]] = {}
    for family in families_of(run):
        for table, account in family.part(ACCOUNT).account(run).items():
            found.setdefault(table, {})[family.name] = account
    return {
        table: found[table] for table in _SHAPES if table in found and run.rows_of(table).lack != "nowhere"
    }


@dataclass(frozen=True)
class _Sums:
    rows: int
    users: int | None = None
    cents: int | None = None
    turned_over: int | None = None
    """Sum of the amounts without their signs, in cents: refunds do not hide purchases in a share."""

    def line(self, kind: Kind, reason: str, family: str | None = None, whole: "_Sums | None" = None) -> Row:
        """The sums as a line of the account.

        Args:
            whole: what the line is a share of; None for totals, and for what is no matter of how many.
        """
        share_of_rows = self.rows / whole.rows if whole and whole.rows else None
        share_of_amount = None
        if whole and whole.turned_over and self.turned_over is not None:
            share_of_amount = self.turned_over / whole.turned_over
        return {
            "family": family,
            "kind": kind,
            "reason": reason,
            "row_count": self.rows,
            "user_count": self.users,
            "amount_usd": None if self.cents is None else Decimal(self.cents) / 100,
            "share_of_rows": share_of_rows,
            "share_of_amount": share_of_amount,
        }


class _Counted:
    """What the warehouse counted of one table, by family and reason; what it did not find is zero."""

    def __init__(self, table: str, rows: Sequence[Row]) -> None:
        self._shape = _SHAPES[table]
        self._rows = {(row["family"], row["reason"]): row for row in rows if row["reason"]}

    def of(self, reason: str, family: str | None = None) -> _Sums:
        row = self._rows.get((family, reason), {})

        def known(name: str, counted: str) -> int | None:
            return None if counted in (_NO_USER, _NO_CENTS) else int(row.get(name) or 0)

        money = self._shape.cents
        return _Sums(
            int(row.get("row_count") or 0),
            known("user_count", self._shape.user),
            known("cents", money),
            known("turned_over", money),
        )


def _lines(run: Run, warehouse: Warehouse, table: str, accounts: Mapping[str, TableAccount]) -> list[Row]:
    counted = _Counted(table, warehouse.fetch(_query(run, table, accounts)))
    before = counted.of("before_as_of")
    return [
        *_shared_lines(run.rows_of(table), warehouse, counted),
        *(
            line
            for family, account in accounts.items()
            for line in _family_lines(table, family, account, counted, before)
        ),
    ]


def _shared_lines(rows: SourceRows, warehouse: Warehouse, counted: _Counted) -> list[Row]:
    """What was delivered and what was loaded, and the rows on either side of the as-of date."""
    seen, before, after = (counted.of(reason) for reason in ("loaded", "before_as_of", "after_as_of"))
    from_facts = rows.table == "events"
    there = _count(warehouse, rows.rows) if from_facts or rows.unfiltered else seen.rows
    delivered = _Sums(_count(warehouse, rows.unfiltered) if rows.unfiltered else rows.delivered or there)
    filtered = delivered.rows - there if rows.unfiltered else rows.filtered
    erased = delivered.rows - filtered - there
    return [
        delivered.line("total", "delivered"),
        _Sums(0).line("left_out", "refused", whole=delivered),
        _Sums(filtered).line("left_out", "source_filter", whole=delivered),
        *([_Sums(erased).line("left_out", "erased", whole=delivered)] if rows.landed else []),
        replace(seen, rows=there).line("total", "loaded"),
        *([_Sums(there - seen.rows).line("left_out", "not_in_facts", whole=seen)] if from_facts else []),
        after.line("left_out", "after_as_of"),
        before.line("total", "before_as_of"),
    ]


def _family_lines(
    table: str, family: str, account: TableAccount, counted: _Counted, before: _Sums
) -> list[Row]:
    repeated = counted.of(REPEATED).line("left_out", REPEATED, family, before)
    return [
        *([repeated] if table == "events" else []),
        *(
            counted.of(line.reason, family).line(line.kind, line.reason, family, before)
            for line in account.lines
        ),
    ]


def _count(warehouse: Warehouse, rows: str) -> int:
    return int(warehouse.fetch(f"select count(*) as n from {rows} as counted")[0]["n"])


def _query(run: Run, table: str, accounts: Mapping[str, TableAccount]) -> str:
    """Rows, users and amounts by family and reason: the table is read once, and its rows by user and fate are
    then few."""
    shape = _SHAPES[table]
    joins = "".join(dict.fromkeys(join for account in accounts.values() for join in account.joins))
    fates = [f"{_fate(account.lines)} as fate_{i}" for i, account in enumerate(accounts.values())]
    is_after = shape.is_after.format(day=as_of(run), instant=timestamp_literal(run.as_of_instant))
    keys = [f"{shape.user} as user_id", f"{is_after} as is_after", *fates]
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
        *(
            _sums(f"'{family}'", _reason(f"fate_{i}", account.lines), "n", "not is_after")
            for i, (family, account) in enumerate(accounts.items())
        ),
    ]
    return f"with grouped as ({grouped}) {' union all '.join(parts)}"


def _sums(family: str, reason: str, rows: str, condition: str, *, money: bool = True) -> str:
    amounts = [
        f"sum({name}) as {name}" if money else f"{_NO_CENTS} as {name}" for name in ("cents", "turned_over")
    ]
    return (
        f"select cast({family} as varchar) as family, cast({reason} as varchar) as reason, sum({rows}) as row_count,"
        f" count(distinct user_id) as user_count, {', '.join(amounts)}"
        f" from grouped where {condition} group by 1, 2"
    )


def _fate(lines: tuple[Line, ...]) -> str:
    """The number of the first line that a row belongs to: rows are grouped by it, and numbers are grouped
    faster than texts."""
    *before, last = range(len(lines))
    branches = " ".join(f"when {lines[number].condition} then {number}" for number in before)
    return f"case {branches} else {last} end" if before else f"{last}"


def _reason(fate: str, lines: tuple[Line, ...]) -> str:
    branches = " ".join(f"when {number} then '{line.reason}'" for number, line in enumerate(lines))
    return f"case {fate} {branches} end"
