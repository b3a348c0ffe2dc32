"""Two runs held against each other, for a shell."""

from datetime import date

from include.tidemark.difference.compare import difference
from include.tidemark.difference.result import Difference
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag


def compare_runs(
    settings: Settings,
    earlier: tuple[date, str | None],
    later: tuple[date, str | None],
    *,
    ids: bool = False,
) -> Difference:
    """As `difference` says, over a connection of its own."""
    with open_warehouse(settings, QueryTag("none", "diff")) as warehouse:
        ensure_control_tables(warehouse)  # the ledger of an earlier release lacks columns
        return difference(warehouse, settings, earlier, later, ids=ids)
