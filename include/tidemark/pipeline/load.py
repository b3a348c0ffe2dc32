"""Second stage: landing files become raw tables, and tables of the warehouse are found; with `known_at` they
are only found."""

import logging
from typing import Any

from include.tidemark.config.folder import SOURCES
from include.tidemark.enabled import families_of
from include.tidemark.families.left_out import families_left_out
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.known import known_sources
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.sources.rows import without_rows
from include.tidemark.sources.sources_file import sources_model
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.own_schemas import make_own_schemas
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def load(run: Run, settings: Settings) -> dict[str, Any]:
    """Load what has landed; returns for each table where it is from, its rows, whether it changed, and how it
    is read.

    Raises:
        SourceError: a needed table is nowhere, or its file does not keep the contract; the raw tables stand
            as they were.
        TidemarkError: a run with `known_at` may not make the schemas that it needs.
    """
    families = families_of(run)
    needed = {source: family.name for family in families for source in family.sources}
    optional = {source: family.name for family in families for source in family.optional_sources}
    with open_warehouse(settings, QueryTag(run.run_key, "load_sources")) as warehouse:
        mapped = sources_model().model_validate(run.config.get(SOURCES, {})).mapped()
        deployment = Deployment(
            settings,
            needed,
            run.started_at,
            mapped,
            run.rules.currency,
            run.source_places,
            run.options.allow_missing,
            published=run.previous.started_at if run.previous else None,
            optional=optional,
            run_key=run.run_key,
        )
        if run.known_at:
            make_own_schemas(warehouse, run.schema_suffix)
            loaded = known_sources(deployment, run.known_at, warehouse)
        else:
            loaded = load_sources(deployment, warehouse)
    result = {
        table.table: {
            "origin": table.origin,
            "rows": table.row_count,
            "changed": table.changed,
            "source": table.rows.model_dump(mode="json"),
        }
        for table in loaded
    }
    for family in families_left_out(run.with_sources(result)):
        log.info("The family %s is left out: %s", family.name, family.reason)
    for table in loaded:
        if lack := table.rows.lack:
            log.info(
                "%s: what the family %s makes of it is null.",
                without_rows([table.table], lack),
                optional[table.table],
            )
        for column in table.rows.absent:
            log.info(
                "%s has no %s: %s", table.table, column, source_tables()[table.table].column(column).without
            )
    return result
