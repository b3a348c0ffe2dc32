"""Second stage: landing files become raw tables."""

import logging
from typing import Any

from include.tidemark.families import enabled_families
from include.tidemark.families.left_out import families_left_out
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.sources.landing import load_sources
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def load(run: Run, settings: Settings) -> dict[str, Any]:
    """Load what has landed; returns for each raw table where it is from, its rows, and whether it changed.

    Raises:
        SourceError: a needed table is nowhere, or its file does not keep the contract; the raw tables stand as they were.
    """
    needed = {source: family.name for family in enabled_families(run.families) for source in family.sources}
    with open_warehouse(settings, QueryTag(run.run_key, "load_sources")) as warehouse:
        loaded = load_sources(settings, warehouse, needed, run.started_at)
        for family in families_left_out(run.families, warehouse):
            log.info("The family %s is left out: %s", family.name, family.reason)
    return {
        table.table: {"origin": table.origin, "rows": table.row_count, "changed": table.changed}
        for table in loaded
    }
