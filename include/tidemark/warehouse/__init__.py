"""Open the warehouse that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag, tagged


@contextmanager
def open_warehouse(
    settings: Settings, tag: QueryTag | None = None, *, read_only: bool = False
) -> Iterator[Warehouse]:
    """A warehouse connection that is closed at the end of the block.

    Args:
        tag: what the block's statements are run for, where the warehouse keeps such a thing.
        read_only: look at a DuckDB file that exists; one that another process holds is then an error at once.
    """
    with tagged(tag):
        warehouse = _connect(settings, read_only=read_only)
        try:
            yield warehouse
        finally:
            warehouse.close()


def _connect(settings: Settings, *, read_only: bool) -> Warehouse:
    # Imported here: a process needs only one of the two drivers, and Snowflake's takes about a second to
    # load.
    if settings.warehouse == "duckdb":
        from include.tidemark.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(settings.duckdb_path, read_only=read_only)
    from include.tidemark.warehouse.snowflake import SnowflakeWarehouse

    return SnowflakeWarehouse(settings)
