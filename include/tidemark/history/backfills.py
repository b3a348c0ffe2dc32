"""What backfills left: who asked for what and why, whether one is paused or cancelled, and which runs were
theirs."""

from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from include.tidemark.errors import RunIdentityError
from include.tidemark.history.backfill_ids import run_id_of
from include.tidemark.warehouse.base import Warehouse

Action = Literal["started", "resumed", "paused", "cancelled", "ended"]


class Backfill(NamedTuple):
    """A backfill as it was recorded.

    Attributes:
        backfill_id: what it is called.
        action: the last thing that was recorded of it.
        request: what was asked for, as JSON.
        recorded_by: who started it.
        reason: why.
    """

    backfill_id: str
    action: Action
    request: str
    recorded_by: str | None
    reason: str | None


def record_backfill(  # noqa: PLR0917 - the columns of the table
    warehouse: Warehouse,
    backfill_id: str,
    action: Action,
    at: datetime,
    by: str | None,
    reason: str | None,
    request: str | None = None,
) -> None:
    """Append what happened to a backfill."""
    warehouse.insert(
        "control.backfills",
        [
            {
                "backfill_id": backfill_id,
                "recorded_at": at.astimezone(UTC).replace(tzinfo=None),
                "action": action,
                "recorded_by": by,
                "reason": reason,
                "request": request,
            }
        ],
    )


def find_backfill(warehouse: Warehouse, backfill_id: str) -> Backfill:
    """A backfill by its id.

    Raises:
        RunIdentityError: there is none; the message names the last ones.
    """
    rows = warehouse.fetch(
        "select action, request, recorded_by, reason from control.backfills where backfill_id = ? order by recorded_at",
        (backfill_id,),
    )
    if not rows:
        newest = warehouse.fetch(
            "select backfill_id, max(recorded_at) as recorded from control.backfills group by 1 order by recorded desc limit 5"
        )
        known = ", ".join(row["backfill_id"] for row in newest) or "none"
        raise RunIdentityError(f"There is no backfill of that id; the last ones are: {known}.")
    first = rows[0]
    return Backfill(backfill_id, rows[-1]["action"], first["request"], first["recorded_by"], first["reason"])


def runs_of_backfill(warehouse: Warehouse, backfill_id: str, as_of_date: date) -> list[str]:
    """The keys of the runs that a backfill started for a month, the newest first, whatever became of them."""
    first = run_id_of(backfill_id, as_of_date)
    rows = warehouse.fetch(
        "select run_key, dag_run_id from control.run_inputs where as_of_date = ? and dag_run_id is not null order by run_key desc",
        (as_of_date,),
    )
    return [
        row["run_key"]
        for row in rows
        if row["dag_run_id"] == first or row["dag_run_id"].startswith(f"{first}__")
    ]
