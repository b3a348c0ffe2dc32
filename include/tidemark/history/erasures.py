"""What is kept of erased persons: when, why, and how many rows. Never who."""

from collections.abc import Mapping
from datetime import UTC, datetime

from include.tidemark.history.ledger import find_publication
from include.tidemark.warehouse.base import Warehouse


def record_erasures(  # noqa: PLR0917 - the columns of the table
    warehouse: Warehouse,
    at: datetime,
    reason: str | None,
    persons: int,
    erased: Mapping[str, int],
    of_source: Mapping[str, int],
) -> None:
    """Write down how many rows are gone: one line per table of the warehouse, and one per source table.

    Args:
        persons: how many of those who were named had rows.
        erased: rows by table of the warehouse.
        of_source: rows that a source table has fewer, by its name in the contract.
    """
    common = {"erased_at": at.astimezone(UTC).replace(tzinfo=None), "reason": reason, "persons": persons}
    warehouse.insert(
        "control.erasures",
        [
            common | {"kind": kind, "name": name, "row_count": rows}
            for kind, counts in (("table", erased), ("source", of_source))
            for name, rows in counts.items()
            if rows
        ],
    )


def erased_since_publication(warehouse: Warehouse, run_key: str, source: str) -> int:
    """Rows of a source table that were erased after a run had been published, and that it therefore
    counted."""
    publication = find_publication(warehouse, run_key)
    if publication is None:
        return 0
    (row,) = warehouse.fetch(
        "select coalesce(sum(row_count), 0) as n from control.erasures"
        " where kind = 'source' and name = ? and erased_at >= ?",
        (source, publication.published_at),
    )
    return int(row["n"])
