"""Landing files that the next run will load: new ones, and ones that were delivered again."""

from collections.abc import Mapping
from typing import NamedTuple

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.absence import present_files
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.loads import fingerprint_of, standing_files
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.warehouse.base import Warehouse


class WaitingFile(NamedTuple):
    """A landing file whose rows no run has loaded.

    Attributes:
        table: the table of the contract that it belongs to.
        uri: where it is.
        again: whether a file of that name was loaded before, so that its rows will be replaced.
    """

    table: str
    uri: str
    again: bool


def waiting_files(
    settings: Settings, warehouse: Warehouse, mapped: Mapping[str, TableSource], currency: str
) -> list[WaitingFile]:
    """The files in the order of their tables. A table whose files can't be listed has none: the run says what
    is wrong with it.

    Args:
        mapped: what `sources.yml` says of tables.
        currency: the currency of the rules, which decides how amounts are read.
    """
    found = []
    for table in source_tables().values():
        source = mapped.get(table.name)
        if source is not None and source.from_ is not None:
            continue
        try:
            files = present_files(settings, warehouse, table, source, {}, allow_missing=True)
        except SourceError:
            continue
        loads = warehouse.fetch(
            "select uri, fingerprint, row_count, loaded_at from control.loads where table_name = ? order by loaded_at",
            (table.name,),
        )
        append = source is not None and source.mode == "append"
        standing = standing_files(warehouse, table, loads, append=append)
        found += [
            WaitingFile(table.name, file.uri, file.uri in standing)
            for file in files
            if standing.get(file.uri) != fingerprint_of(file, source, currency)
        ]
    return found
