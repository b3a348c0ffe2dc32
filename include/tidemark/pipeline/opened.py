"""The warehouse as one run sees it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from include.tidemark.errors import RunIdentityError
from include.tidemark.own_checks.tables import checked_tables
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.own_schemas import SHARED, OwnSchemas, in_own_schemas, left_own_schemas
from include.tidemark.warehouse.query_tag import QueryTag


@contextmanager
def open_for_run(run: Run, settings: Settings, tag: QueryTag) -> Iterator[Warehouse]:
    """As `open_warehouse`; queries of staging and of the daily facts read the run's own where it has some.

    Raises:
        RunIdentityError: they were dropped, since the run came to its end.
    """
    with open_warehouse(settings, tag) as warehouse:
        if run.schema_suffix and run.schema_suffix not in left_own_schemas(warehouse):
            raise RunIdentityError(
                f"Run {run.run_key} has ended, and the staging and facts of its own were dropped; start a new run with the same known_at"
                " instead of clearing tasks of this one."
            )
        yield OwnSchemas(warehouse, own_queries(run)) if run.schema_suffix else warehouse


def own_queries(run: Run) -> Callable[[str], str]:
    """What turns a query of shared tables into one of the run's own, where it has some."""
    tables = [name for name in checked_tables() if name.partition(".")[0] in SHARED]
    return in_own_schemas(tables, run.schema_suffix)
