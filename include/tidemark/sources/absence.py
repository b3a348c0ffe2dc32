"""Landing files that came before and do not come any more: never the same as nothing new."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import LOADED_AT, SourceTable
from include.tidemark.sources.files import LandingFile, find_files
from include.tidemark.sources.folders import NoFilesError
from include.tidemark.sources.sources_file import TableSource
from include.tidemark.warehouse.base import Row, Warehouse

_NAMED = 3


def last_load(warehouse: Warehouse, table: SourceTable) -> Row | None:
    """The newest load of landing files whose rows are the newest of the raw table; None where others fill the
    table."""
    if LOADED_AT not in warehouse.columns("raw", table.name) or not warehouse.columns("control", "loads"):
        return None
    loads = warehouse.fetch(
        "select uri, loaded_at from control.loads where table_name = ? order by loaded_at desc, uri",
        (table.name,),
    )
    if not loads:
        return None
    ((newest,),) = [
        row.values() for row in warehouse.fetch(f"select max({LOADED_AT}) as at from {table.qualified_name}")
    ]
    return loads[0] if newest is None or any(row["loaded_at"] == newest for row in loads) else None


def present_files(
    settings: Settings,
    warehouse: Warehouse | None,
    table: SourceTable,
    source: TableSource | None,
    places: Mapping[str, str],
    *,
    allow_missing: bool = False,
) -> list[LandingFile]:
    """The landing files of a table; none where the raw table has other rows, or may keep those of the last
    load.

    Raises:
        SourceError: there are none though `sources.yml` names some, or though some came before and may not be
            missing.
    """
    missing: SourceError | None = None
    try:
        if source is not None and settings.landing_url is None:
            raise no_landing_folder(table, places)
        if files := find_files(settings, table.name, source, places):
            return files
    except NoFilesError as error:
        missing = error
    load = last_load(warehouse, table) if warehouse else None
    if load is not None and not allow_missing:
        missing = _no_files_any_more(settings, table, load, missing)
    if missing is not None and (load is None or not allow_missing):
        raise missing
    return []


def no_landing_folder(table: SourceTable, places: Mapping[str, str]) -> NoFilesError:
    """The error about a table whose rows are in files, where nothing says in which folder."""
    return NoFilesError(
        f"{places.get(table.name, table.name)}: the rows of {table.name} are in files, but no landing folder is"
        " set; set TIDEMARK_LANDING_URL to the folder that holds them."
    )


def not_found(settings: Settings, table: SourceTable, family: str) -> SourceError:
    """The error about a table that is nowhere, and that a family needs."""
    place = (
        f"no file {table.name}.parquet or {table.name}.csv at {settings.landing_url}"
        if settings.landing_url
        else "no landing folder is set (TIDEMARK_LANDING_URL)"
    )
    return SourceError(
        f"The family {family} needs the table {table.qualified_name}, which is not in the warehouse, and {place};"
        " provide one of the two, map your own table in sources.yml, or leave the family out of TIDEMARK_FAMILIES."
    )


def _no_files_any_more(
    settings: Settings, table: SourceTable, load: Row, found: SourceError | None
) -> SourceError:
    return SourceError(
        f"{_absence(settings, table, load)}; upload it there, or, if the rows of then are to be used once more, start the run with"
        f" allow_missing for this table (`tidemark run --allow-missing {table.name}`).{f' {found}' if found else ''}"
    )


def used_again(settings: Settings, table: SourceTable, load: Row) -> str:
    """What a run that allows it says about the same."""
    return f"{_absence(settings, table, load)}; allow_missing was chosen, so the rows of then are used once more."


def _absence(settings: Settings, table: SourceTable, load: Row) -> str:
    place = (
        f"none is at {settings.landing_url} now"
        if settings.landing_url
        else "no landing folder is set now (TIDEMARK_LANDING_URL)"
    )
    return (
        f"The rows of {table.qualified_name} came from landing files (the last was {load['uri']},"
        f" loaded at {load['loaded_at']:%Y-%m-%d %H:%M} UTC), but {place}"
    )


def lost_files(
    table: SourceTable, before: Mapping[str, int], present: Sequence[str], *, allowed: bool
) -> str | None:
    """What is to be said where files of a table that is replaced as a whole are gone, and their rows with
    them.

    Files that are all replaced by others are a new export, and the oldest ones of a growing row of files go
    when a sender keeps only that many: that is said where others came. Rows that vanish while nothing comes,
    and a hole between files that stay, are no delivery.

    Args:
        before: files whose rows stood there, and how many each had.
        present: files that are there now.

    Returns:
        A warning, or None where there is nothing to say.

    Raises:
        SourceError: the files can't be meant to be gone, and the run does not allow it.
    """
    gone = sorted(before.keys() - set(present))
    kept = sorted(before.keys() & set(present))
    if not gone or not kept:
        return None
    shown = ", ".join(gone[:_NAMED]) + (f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else "")
    rows = sum(before[uri] for uri in gone)
    what = f"Landing files of {table.qualified_name} that came before are gone, and with them {rows} rows: {shown}"
    nothing_came = len(kept) == len(set(present))
    if (nothing_came or _hole(gone, kept, present)) and not allowed:
        raise SourceError(
            f"{what}; upload them again, or, if they are gone for good, start the run once with allow_missing for this table"
            f" (`tidemark run --allow-missing {table.name}`)."
        )
    return f"{what}; make sure that the source no longer has these rows."


def _hole(gone: Sequence[str], kept: Sequence[str], present: Sequence[str]) -> bool:
    """Whether something is gone that comes after something which stays: folders where there are several, else
    files.

    A job that writes a folder anew gives its part files other names, so a folder is gone only with its last
    file.
    """
    folders = {_folder(uri) for uri in (*gone, *present)}
    if len(folders) > 1:
        there = {_folder(uri) for uri in present}
        lost = {_folder(uri) for uri in gone} - there
        return any(folder > _folder(kept[0]) for folder in lost)
    return any(uri > kept[0] for uri in gone)


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]


def rows_by_file(loads: Sequence[Row], published: datetime | None) -> dict[str, int]:
    """The files whose rows stood in a table that is replaced as a whole, and how many rows each had.

    Args:
        loads: lines of `control.loads` about the table, oldest first.
        published: when the last publication's run started (UTC): what stood then counts, so that a run which
            failed in between takes no warning with it. Where nothing was loaded until then, the last load
            counts.
    """
    # A run's key has its start to the second.
    end = (published + timedelta(seconds=1)).replace(tzinfo=None) if published else None
    until = [row for row in loads if end is not None and row["loaded_at"] < end] or loads
    return {row["uri"]: row["row_count"] for row in until if row["loaded_at"] == until[-1]["loaded_at"]}
