"""What became of one table of the contract when the sources were loaded."""

from dataclasses import dataclass, replace

from include.tidemark.sources.contract import SourceTable
from include.tidemark.sources.rows import SourceRows, no_rows


@dataclass(frozen=True)
class LoadedTable:
    """What became of one table of the contract."""

    table: str
    origin: str
    """URI of the file or files, `warehouse` where the raw table already stood there, `nowhere`, or the
    deployment's own table."""
    row_count: int
    changed: bool
    """False when the same files had been loaded before, or there were none."""
    rows: SourceRows


def nowhere(table: SourceTable) -> LoadedTable:
    """A table that is neither mapped nor landed, and that the enabled families can do without."""
    return LoadedTable(table.name, "nowhere", 0, changed=False, rows=no_rows(table))


def with_lack(table: LoadedTable) -> LoadedTable:
    """A table that the enabled families can do without, with a word about it where it is empty."""
    if table.row_count or table.rows.lack:
        return table
    return replace(table, rows=table.rows.model_copy(update={"lack": "empty"}))
