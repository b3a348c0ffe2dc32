"""Which files' rows are in a raw table, as `control.loads` and the table itself tell."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from include.tidemark.errors import SourceError
from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.files import LandingFile
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.warehouse.base import Row, Warehouse

FILE = "_file"
"""Column of a raw table that grows by files: which file a row came with."""


def fingerprint_of(file: LandingFile, source: TableSource | None, currency: str) -> str:
    """What tells whether a file must be read again: its own state, and how it is read."""
    if source is None:
        return str(file.fingerprint)
    # Without defaults: an option that a release adds must not make every file another one.
    how = json.dumps([source.model_dump(mode="json", exclude_defaults=True), currency], sort_keys=True)
    return f"{file.fingerprint}-{hashlib.sha256(how.encode()).hexdigest()[:12]}"


def content_of(fingerprint: str) -> str:
    """The part of a mapped file's fingerprint that tells of its own state."""
    return fingerprint.rpartition("-")[0]


def refuse_rows_of_another_mapping(table: SourceTable, gone: Mapping[str, str], present: str) -> None:
    """Rows of files that are no longer there can't be read again, so they have to have been read as the
    others are.

    Args:
        gone: files and their fingerprints when they were loaded.
        present: the fingerprint of a file that is there.

    Raises:
        SourceError: they were read by another mapping.
    """
    other = [
        uri
        for uri, fingerprint in gone.items()
        if fingerprint.rpartition("-")[2] != present.rpartition("-")[2]
    ]
    if other:
        raise SourceError(
            f"{table.qualified_name} holds rows of {len(other)} landing files that are gone ({other[0]}) and were read by another"
            " mapping than sources.yml has now; bring the files back, or undo the change."
        )


def standing_files(
    warehouse: Warehouse, table: SourceTable, loads: Sequence[Row], *, append: bool
) -> dict[str, str]:
    """The files whose rows are in the raw table, and the fingerprint of each when it was loaded."""
    columns = warehouse.columns("raw", table.name)
    if not loads or not columns:
        return {}
    if not append:
        newest = loads[-1]["loaded_at"]
        return {row["uri"]: row["fingerprint"] for row in loads if row["loaded_at"] == newest}
    if FILE not in columns:
        return {}
    files = {
        row["uri"] for row in warehouse.fetch(f"select distinct {FILE} as uri from {table.qualified_name}")
    }
    if None in files:
        return {}  # loaded as a whole before: nobody knows which row is of which file
    # Of a file that was loaded before the table was replaced by others no row is there, so it has to come
    # again.
    return {row["uri"]: row["fingerprint"] for row in loads if row["uri"] in files or row["row_count"] == 0}


def remarks_on_rounding(warehouse: Warehouse, table: SourceTable, uris: Iterable[str]) -> tuple[str, ...]:
    """What is to be said of values of the files that were rounded when each was loaded last."""
    loads = warehouse.fetch(
        "select uri, rounded_count from control.loads where table_name = ? order by loaded_at", (table.name,)
    )
    newest = {row["uri"]: int(row["rounded_count"] or 0) for row in loads}
    count = sum(newest.get(uri, 0) for uri in uris)
    if not count:
        return ()
    return (
        f"{count} values in the landing files of {table.qualified_name} have more decimals than the contract's type and are rounded;"
        " round them at the source if the difference matters.",
    )


def rows_delivered(warehouse: Warehouse, table: SourceTable, uris: Iterable[str]) -> tuple[int, int]:
    """Rows that the files held when each was loaded last, and how many of them `where` left out."""
    loads = warehouse.fetch(
        "select uri, row_count, delivered_count from control.loads where table_name = ? order by loaded_at",
        (table.name,),
    )
    newest = {row["uri"]: row for row in loads}
    files = [newest[uri] for uri in uris if uri in newest]
    loaded = sum(int(row["row_count"]) for row in files)
    # Nothing is known of what a release before this one left out.
    delivered = sum(
        int(row["row_count"] if row["delivered_count"] is None else row["delivered_count"]) for row in files
    )
    return delivered, delivered - loaded
