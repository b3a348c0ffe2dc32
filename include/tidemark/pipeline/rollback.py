"""What an on-call engineer does about a month that should not have been published."""

import logging
from datetime import date
from typing import Any

from include.tidemark.history.ledger import publications_of
from include.tidemark.pipeline.publish import rollback
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def list_or_roll_back(as_of_date: date, run_key: str | None, settings: Settings) -> dict[str, Any]:
    """Without a run key, list the date's publications and change nothing; with one, show that run again.

    Raises:
        RunIdentityError: the run was never published for that date, or is what consumers see already.
    """
    with open_warehouse(settings, QueryTag(run_key or "none", "roll_back")) as warehouse:
        ensure_control_tables(warehouse)
        history = publications_of(warehouse, as_of_date)
    for publication in history:
        log.info(
            "%s  %s  %s  %s",
            publication.published_at,
            publication.action,
            publication.run_key,
            publication.manifest_uri,
        )
    if run_key is None:
        return {
            "status": "listed",
            "publications": [publication.model_dump(mode="json") for publication in history],
        }
    return rollback(as_of_date, run_key, settings)
