"""The changes of the run's numbers, as the files look at them."""

from collections.abc import Sequence
from pathlib import Path

from include.tidemark.artifacts.columns import RUN_COLUMNS, columns_of_run_table
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.writing import write_rows
from include.tidemark.currency import Currency
from include.tidemark.run import Run
from include.tidemark.statistics.change_rows import CHANGE_COLUMNS
from include.tidemark.warehouse.base import Row, Warehouse

TABLE = "runs.changes"
COMPARISON_COLUMNS = (
    "as_of_date", "run_key", "family", "earlier_as_of_date", "earlier_run_key", "is_comparable", "differences",
)  # fmt: skip
"""What is known of all rows of one comparison of a family."""

CHANGES = PublishedTable(
    path="data/changes",
    columns=(*RUN_COLUMNS, *columns_of_run_table(TABLE)),
    description="How every number changed since the last published month and since the same month a year before, and its trend over the published"
    " months. One row per family, comparison, metric, segment or pair of segments, and horizon.",
    model="changes_published",
)
_ORDER = ("family", "comparison", "metric", "segment", "segment_to", "horizon", "method")


def read_changes(run: Run, warehouse: Warehouse) -> list[Row]:
    """The changes of the run, in a fixed order."""
    columns = ", ".join(dict.fromkeys((*COMPARISON_COLUMNS, *CHANGE_COLUMNS)))
    rows = warehouse.fetch(f"select {columns} from {TABLE} where run_key = ?", (run.run_key,))
    # Sorted here, so that the order does not depend on how a warehouse collates text or where it puts nulls.
    return sorted(rows, key=lambda row: [row[name] or "" for name in _ORDER])


def write_changes(rows: Sequence[Row], target: Path, currency: Currency) -> list[WrittenFile]:
    """Write `data/changes.csv`; metrics that end in `_usd` end in the code of the currency."""
    return write_rows(CHANGES, [row | {"metric": currency.name(row["metric"])} for row in rows], target)
