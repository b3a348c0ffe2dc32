"""Files below the landing URL that a pattern fits: never outside of it, and never a folder that is still
being written."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from airflow.sdk import ObjectStoragePath

from include.tidemark.errors import SourceError
from include.tidemark.shared_texts import in_a_line
from include.tidemark.sources.sidecar import SUFFIX

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_MAGIC = re.compile(r"[*?[]")
_SHOWN = 5
_HALF_WRITTEN = ("_temporary", ".spark-staging")
_TABLE_FORMATS = {"_delta_log": "Delta", ".hoodie": "Hudi"}
"""Folders of tables whose data files hold deleted and outdated rows, too."""


class NoFilesError(SourceError):
    """No file is where the files of a table are."""


LandingFolder = ObjectStoragePath
"""A folder of files, local or in object storage."""


def landing_folder(url: str, conn_id: str | None) -> LandingFolder:
    """The folder that a landing URL names, with nothing remembered of an earlier look at it."""
    folder = ObjectStoragePath(_readable(url), conn_id=conn_id)
    folder.fs.invalidate_cache()  # a listing from before the last upload would hide files
    return folder


def _readable(url: str) -> str:
    """The URL as the file systems read it: they take `%3D`, as others write the `=` of a local folder, for a
    part of a name."""
    path = url.removeprefix("file://")
    if path == url or "%" not in path or Path(path).exists() or not Path(unquote(path)).exists():
        return url
    return f"file://{unquote(path)}"


def files_of_pattern(landing: ObjectStoragePath, pattern: str, where: str) -> list[tuple[str, bool]]:
    """The paths of the files that a pattern fits, each with whether a `.manifest` is beside it.

    A folder stands for the part files that Spark wrote into it, and counts only with its `_SUCCESS`. Names
    that start with `_` or `.` never count, unless the pattern says them.

    Args:
        where: the start of each message.

    Raises:
        SourceError: the pattern leaves the landing URL or fits nothing; a folder is not finished, or holds
            something else.
    """
    refuse_outside(pattern, where)
    fs, base, pattern = landing.fs, base_of(landing), pattern.rstrip("/")
    full = f"{_escaped(base)}/{pattern}"
    entries = _entries(fs.glob(full, detail=True))
    named = {path: entry for path, entry in entries.items() if _counts(path[len(base) + 1 :], pattern)}
    # What is neither a file nor a folder (a link to nowhere) is not left out: it would be rows that nobody
    # misses.
    files = [
        path for path, entry in named.items() if entry["type"] != "directory" and not path.endswith(SUFFIX)
    ]
    folders = [path for path, entry in named.items() if entry["type"] == "directory"]
    if pattern.endswith("**"):
        folders = []  # the files below are matches themselves
    _refuse_unfinished(fs, base, files, where)
    sidecars = _sidecars(fs, full) if files else set()
    parts = [part for folder in folders for part in _spark_parts(fs, landing, folder, where)]
    if not files and not parts:
        _raise_nothing_fits(landing, where)
    # A file that is announced and did not come must not be taken for one that never was.
    lost = sorted(path for path in sidecars - entries.keys() if _counts(path[len(base) + 1 :], pattern))
    if lost or (folders and sidecars & set(folders)):
        name = in_a_line((lost or sorted(sidecars & set(folders)))[0][len(base) + 1 :])
        raise SourceError(
            f"{where}: {name}{SUFFIX} describes a file, but no file {name} is there; upload the file, or remove the {SUFFIX}."
        )
    return [(path, path in sidecars) for path in dict.fromkeys(files + parts)]


def _sidecars(fs: "AbstractFileSystem", full: str) -> set[str]:
    pattern = f"{full}/*{SUFFIX}" if full.endswith("**") else f"{full}{SUFFIX}"
    return {_plain(path).removesuffix(SUFFIX) for path in fs.glob(pattern)}


def base_of(landing: ObjectStoragePath) -> str:
    """The landing URL as its file system writes it at the beginning of each path."""
    path = str(landing.fs._strip_protocol(landing.path))
    return str(Path(path)) if landing.protocol == "file" else path.rstrip("/")


def names_in(fs: "AbstractFileSystem", folder: str) -> set[str]:
    """The names of a folder's entries; none where it is not there."""
    try:
        return {_plain(path).rpartition("/")[2] for path in fs.ls(folder, detail=False)} - {""}
    except (FileNotFoundError, NotADirectoryError):
        return set()


def relative_to(landing: ObjectStoragePath, path: str) -> str:
    """A path of the file system as seen from the landing URL."""
    return path.removeprefix(base_of(landing)).lstrip("/")


def refuse_outside(pattern: str, where: str) -> None:
    """Refuse a pattern that could name files outside the landing folder, or whose `**` means nothing.

    Raises:
        SourceError: it is such a pattern.
    """
    parts = pattern.rstrip("/").split("/")
    if any("**" in part and part != "**" for part in parts):
        raise SourceError(
            f"{where}: ** stands for any folders, so it must stand alone between two /, as in orders/**/*.csv."
        )
    if (
        "://" in pattern
        or "\\" in pattern
        or ":" in parts[0]
        or not all(parts)
        or {".", "..", "~"} & set(parts)
    ):
        raise SourceError(
            f"{where} must be a pattern below the landing URL, such as orders/dt=*/*.parquet: without a scheme, a leading /,"
            " and with no part that is empty, '.', '..' or '~'; write what follows the landing URL."
        )


def _escaped(base: str) -> str:
    return _MAGIC.sub(r"[\g<0>]", base)


def _entries(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Files and folders by path, without the empty objects whose names end in / by which consoles of object
    stores keep a folder."""
    return {
        _plain(path): entry
        for path, entry in found.items()
        if entry["type"] != "file" or not str(path).endswith("/")
    }


def _plain(path: str) -> str:
    return str(path).rstrip("/")


def _hidden(name: str) -> bool:
    return name.startswith(("_", "."))


def _counts(relative: str, pattern: str) -> bool:
    said = set(pattern.split("/"))
    return not any(_hidden(part) and part not in said for part in relative.split("/"))


def _output_root(folder: str, base: str) -> str:
    """The folder that one job writes: above its `key=value` folders."""
    while "=" in folder.rpartition("/")[2] and len(folder) > len(base):
        folder = folder.rpartition("/")[0]
    return folder


def _refuse_unfinished(fs: "AbstractFileSystem", base: str, files: Iterable[str], where: str) -> None:
    for root in sorted({_output_root(path.rpartition("/")[0], base) for path in files}):
        _refuse_half_written(names_in(fs, root), in_a_line(root[len(base) + 1 :]) or ".", where)
        above, _, name = root.rpartition("/")
        if name == "data" and any(
            each.endswith(".metadata.json") for each in names_in(fs, f"{above}/metadata")
        ):
            raise _no_plain_files(in_a_line(above[len(base) + 1 :]) or ".", "Iceberg", where)


def _refuse_half_written(names: set[str], shown: str, where: str) -> None:
    if any(name == _HALF_WRITTEN[0] or name.startswith(_HALF_WRITTEN[1]) for name in names):
        raise SourceError(
            f"{where}: the folder {shown} is half written (a job's temporary folder is still in it); run the job that writes it"
            " to its end, or remove what it left."
        )
    for name, kind in _TABLE_FORMATS.items():
        if name in names:
            raise _no_plain_files(shown, kind, where)


def _no_plain_files(shown: str, kind: str, where: str) -> SourceError:
    return SourceError(
        f"{where}: the folder {shown} is a table of {kind}, whose files hold rows that are deleted or outdated; export the table to"
        " files of its current rows."
    )


def _spark_parts(fs: "AbstractFileSystem", landing: ObjectStoragePath, folder: str, where: str) -> list[str]:
    shown = in_a_line(relative_to(landing, folder))
    names = names_in(fs, folder)
    _refuse_half_written(names, shown, where)
    if "_SUCCESS" not in names:
        raise SourceError(
            f"{where}: the folder {shown} has no _SUCCESS, so it may be half written; run the job that writes it to its end."
            f' If no job of Spark wrote it, name its files instead of the folder, such as "{shown}/*.parquet".'
        )
    parts = {}
    for path, entry in sorted(_entries(fs.find(folder, detail=True)).items()):
        name = path[len(folder) + 1 :]
        *above, last = name.split("/")
        if entry["type"] == "directory" or any(_hidden(part) for part in (*above, last)):
            continue
        if not last.startswith("part-") or not all("=" in part for part in above):
            raise SourceError(
                f"{where}: the folder {shown} holds {in_a_line(name)}, which is no part file of Spark's; move it elsewhere, or name the"
                " files instead of the folder."
            )
        parts[f"{folder}/{name}"] = entry["size"] or entry["type"] != "file"
    # A task of Spark's without a row leaves an empty text file; _SUCCESS says that it is meant to be so.
    return [path for path, size in parts.items() if size or path.endswith(".parquet")] or list(parts)


def _raise_nothing_fits(landing: ObjectStoragePath, where: str) -> None:
    names = sorted(names_in(landing.fs, landing.path))
    if not names and not landing.exists():
        raise NoFilesError(
            f"{where} fit no file below {landing}: there is no such folder. Correct TIDEMARK_LANDING_URL, or upload the files."
        )
    there = ", ".join(map(in_a_line, names[:_SHOWN])) + (
        f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )
    raise NoFilesError(
        f"{where} fit no file below {landing}; there is: {there or 'nothing'}. Correct the pattern, or upload the files."
    )
