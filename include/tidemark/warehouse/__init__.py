"""Open the warehouse that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag, tagged


@contextmanager
def open_warehouse(settings: Settings, tag: QueryTag | None = None) -> Iterator[Warehouse]:
    """A warehouse connection that is closed at the end of the block.

    Args:
        tag: what the block's statements are run for, where the warehouse keeps such a thing.
    """
    with tagged(tag):
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

    return SnowflakeWarehouse(settings)
