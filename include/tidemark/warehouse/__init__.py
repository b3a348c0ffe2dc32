"""Open the warehouse that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """A warehouse connection that is closed at the end of the block."""
    warehouse = _connect(settings)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _connect(settings: Settings) -> Warehouse:
    # Imported here: a process needs only one of the two drivers, and Snowflake's takes about a second to load.
    if settings.warehouse == "duckdb":
        from include.tidemark.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(settings.duckdb_path)
    from include.tidemark.warehouse.snowflake import SnowflakeWarehouse

    return SnowflakeWarehouse(settings.snowflake_conn_id)
