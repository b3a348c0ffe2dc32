"""Rows that came after a run had started and that it would have seen, by source and day."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from include.tidemark.warehouse.base import Warehouse

_DAYS = {
    "users": "created_date",
    "events": "event_date",
    "transactions": "transaction_date",
    "fee_periods": "period_start_date",
    "market_prices": "price_date",
}
"""The column of each source's staging view that says to which day a row belongs."""


class LateRows(BaseModel):
    """The rows of one source that a run has not seen, though they are of days before its as-of date."""

    model_config = ConfigDict(frozen=True)

    table: str
    rows: int
    days: tuple[tuple[date, int], ...]
    """How many of each day, the newest day first."""
    all_anew: bool
    """Whether every row was loaded after the run, as where a file replaced another: which of them are new
    nobody can say then."""


def staged_sources(warehouse: Warehouse) -> list[str]:
    """The sources whose staging view is there, because some run has read them."""
    return [table for table in _DAYS if warehouse.columns("staging", f"stg_{table}")]


def late_rows(
    warehouse: Warehouse, sources: Sequence[str], as_of_date: date, started_at: datetime
) -> list[LateRows]:
    """What came late for a run, of each source that has such rows.

    Args:
        sources: as `staged_sources` says.
        started_at: when the run started (UTC, without a zone); what it loaded itself has that time.
    """
    found = []
    for table in sources:
        view, day = f"staging.stg_{table}", _DAYS[table]
        rows = warehouse.fetch(
            f"select {day} as day, count(*) as n from {view} where _loaded_at > ? and {day} < ? group by 1 order by 1 desc",
            (started_at, as_of_date),
        )
        if not rows:
            continue
        (oldest,) = warehouse.fetch(f"select min(_loaded_at) as oldest from {view}")
        days = tuple((row["day"], int(row["n"])) for row in rows)
        found.append(
            LateRows(
                table=table, rows=sum(n for _, n in days), days=days, all_anew=oldest["oldest"] > started_at
            )
        )
    return found


def rows_before(warehouse: Warehouse, sources: Sequence[str], as_of_date: date) -> dict[str, int]:
    """How many rows of each source a run as of a date sees."""
    return {
        table: int(
            warehouse.fetch(
                f"select count(*) as n from staging.stg_{table} where {_DAYS[table]} < ?", (as_of_date,)
            )[0]["n"]
        )
        for table in sources
    }
