"""The demo's data as the tables of the source contract, for tests that bring their own landing files or
oracles."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from include.tidemark.config.folder import SOURCES
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.documents.document import read_document, validate
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import LOADED_AT
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.sources.sources_file import sources_model
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables

NEEDED = dict.fromkeys(("users", "transactions", "events"), "engagement")


def contract_tables(landing: Path, target: Path) -> Path:
    """Load the demo's landing files by its mapping, and write each raw table as `<target>/<table>.parquet`;
    returns the folder."""
    settings = Settings(duckdb_path=target / "warehouse.duckdb", landing_url=landing.as_uri())
    mapped = validate(read_document(COMPLETE_JOURNEY.config_dir / SOURCES), sources_model()).mapped()
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        load_sources(Deployment(settings, NEEDED, datetime(2018, 1, 2, 7, tzinfo=UTC), mapped), warehouse)
    with duckdb.connect(str(settings.duckdb_path)) as engine:
        for table in NEEDED:
            engine.execute(
                f"copy (select * exclude ({LOADED_AT}) from raw.{table}) to '{target / table}.parquet' (format parquet)"
            )
    return target
