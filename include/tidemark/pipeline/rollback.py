"""Another published run of a month is shown: an earlier one after a mistake, or the later one again."""

import logging
from datetime import date
from typing import Any, NamedTuple

from include.tidemark.artifacts.pointers import rebuild_pointers
from include.tidemark.difference.compare import difference
from include.tidemark.difference.result import Difference
from include.tidemark.difference.text import text_of
from include.tidemark.errors import RunIdentityError
from include.tidemark.history.ledger import Publication, publications_of, record_rollback, rollback_of
from include.tidemark.history.reason import required_reason
from include.tidemark.settings import Settings
from include.tidemark.upkeep.rows import lost_rows
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


class Rollback(NamedTuple):
    """What a rollback does, or would do.

    Attributes:
        difference: from what consumers see to what they will see.
        publication: its row of the ledger; None where it was only shown.
        pointers: the pointers that moved.
    """

    difference: Difference
    publication: Publication | None
    pointers: list[str]


def history_of(as_of_date: date, settings: Settings) -> list[Publication]:
    """Every publication, rollback and erasure of an as-of date, oldest first."""
    with open_warehouse(settings, QueryTag("none", "history")) as warehouse:
        ensure_control_tables(warehouse)
        return publications_of(warehouse, as_of_date)


def roll_back(
    as_of_date: date, run_key: str, settings: Settings, *, reason: str | None, by: str | None, dry_run: bool
) -> Rollback:
    """Show another published run of an as-of date: one ledger row, then the pointers. What that changes is
    found out before.

    Args:
        reason: why, for the ledger; needed unless it is a dry run.
        by: who asks for it.
        dry_run: only find out what would change.

    Raises:
        RunIdentityError: the run was never published for that date, is what consumers see already, has lost
            rows, or there is no reason.
    """
    said = None if dry_run else required_reason(reason, "A rollback")
    with open_warehouse(settings, QueryTag(run_key, "roll_back")) as warehouse:
        ensure_control_tables(warehouse)
        shown, target = rollback_of(publications_of(warehouse, as_of_date), as_of_date, run_key)
        _refuse_without_rows(warehouse, target)
        found = difference(warehouse, settings, (as_of_date, shown.run_key), (as_of_date, target.run_key))
        if dry_run:
            return Rollback(found, None, [])
        publication = record_rollback(warehouse, as_of_date, run_key, by, said)
        pointers = rebuild_pointers(settings, warehouse)
    log.info("As of %s run %s is shown; pointers moved: %s", as_of_date, run_key, pointers)
    return Rollback(found, publication, pointers)


def _refuse_without_rows(warehouse: Warehouse, target: Publication) -> None:
    if lost := lost_rows(warehouse, target.run_key):
        raise RunIdentityError(
            f"The warehouse does not hold the rows of run {target.run_key} any more ({lost}), so consumers would miss them."
            f" Choose another run, or compute the month again: `tidemark run --as-of {target.as_of_date}`."
        )


def list_or_roll_back(
    as_of_date: date,
    run_key: str | None,
    settings: Settings,
    *,
    reason: str | None = None,
    by: str | None = None,
    dry_run: bool = True,
) -> dict[str, Any]:
    """For the DAG: without a run key list the date's publications, with one show the difference, and act
    unless it is a dry run.

    Raises:
        RunIdentityError: as of `roll_back`.
    """
    if run_key is None:
        history = history_of(as_of_date, settings)
        for each in history:
            log.info(
                "%s  %s  %s  %s  %s",
                each.published_at,
                each.action,
                each.run_key,
                each.published_by,
                each.reason,
            )
        return {"status": "listed", "publications": [each.model_dump(mode="json") for each in history]}
    done = roll_back(as_of_date, run_key, settings, reason=reason, by=by, dry_run=dry_run)
    log.info("%s", text_of(done.difference))
    return {
        "status": "rolled_back" if done.publication else "dry_run",
        "as_of_date": as_of_date.isoformat(),
        "run_key": run_key,
        "publication_id": done.publication.publication_id if done.publication else None,
        "pointers": done.pointers,
        "difference": done.difference.summary(),
    }
