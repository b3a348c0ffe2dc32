"""Which files a source has, and whether they are whole as far as their names and their neighbours can say."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import ObjectStoragePath

from include.tidemark.errors import SourceError
from include.tidemark.settings import Settings
from include.tidemark.shared_texts import in_a_line
from include.tidemark.sources.file_names import format_by_name, partitions_of
from include.tidemark.sources.folders import files_of_pattern, landing_folder, names_in, relative_to
from include.tidemark.sources.sidecar import SUFFIX, Sidecar, read_sidecar
from include.tidemark.sources.sources_file import FileFormat, TableSource

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_CONTRACT_SUFFIXES = (".parquet", ".csv")
_ALMOST = (
    ".csv.gz",
    ".csv.zst",
    ".tsv",
    ".tsv.gz",
    ".ndjson",
    ".jsonl",
    ".ndjson.gz",
    ".jsonl.gz",
    *_CONTRACT_SUFFIXES,
)
"""Suffixes with which a file of a table's name is meant for the table, though the contract does not read
it."""


@dataclass(frozen=True)
class LandingFile:
    """One file with rows of a table."""

    uri: str
    fingerprint: str
    """Another text whenever the content may be another."""
    format: FileFormat
    partitions: Mapping[str, str | None]
    """Columns that the file's folders hold, of those that the source asks for."""
    path: ObjectStoragePath
    sidecar: Sidecar = field(default_factory=Sidecar)
    """What the file's `.manifest` promises; nothing where there is none."""


def find_files(
    settings: Settings, table: str, source: TableSource | None, places: Mapping[str, str] | None = None
) -> list[LandingFile]:
    """The files that hold a table's rows, in the order of their URIs.

    Args:
        source: what `sources.yml` says about the table; None for the contract's `<table>.parquet` or
            `<table>.csv`.
        places: file and line of each key of `sources.yml`, for messages.

    Returns:
        Nothing where there is no landing URL, where the rows come from the warehouse, or where no file of the
        contract's name stands at the landing URL.

    Raises:
        SourceError: there are two files of the contract's name, or a folder; the pattern of `files` fits
            nothing, leaves the landing folder, or fits a folder that is not finished; the format can't be
            told from the names.
    """
    if settings.landing_url is None or (source is not None and source.files is None):
        return []
    # Through the connection's own file system, here and below: the path's methods lose the connection on
    # Airflow 3.2.
    landing = landing_folder(settings.landing_url, settings.landing_conn_id)
    with _permitted(str(landing)):
        if source is None or source.files is None:
            return _files_of_contract(landing, table)
        place = (places or {}).get(f"{table}.files")
        where = f"{f'{place}: the' if place else 'The'} files {in_a_line(repr(source.files), 200)} of {table} in sources.yml"
        found = files_of_pattern(landing, source.files, where)
        files = [_landing_file(landing, path, has_sidecar, source, where) for path, has_sidecar in found]
    if len({file.format for file in files}) > 1:
        raise SourceError(
            f"{where} have several formats ({_examples(files)}); all must have one: narrow the pattern."
        )
    return sorted(files, key=lambda file: file.uri)


@contextmanager
def local_copy(file: LandingFile, folder: Path) -> Iterator[Path]:
    """The file on this machine: itself where it is local, else a copy in `folder` that is removed afterwards.

    Raises:
        SourceError: the content has not the digest that the file's `.manifest` promises.
    """
    if file.path.protocol == "file":
        _refuse_other_content(file, Path(file.path.path))
        yield Path(file.path.path)
        return
    local = folder / f"{hashlib.sha256(file.uri.encode()).hexdigest()[:16]}-{file.path.name[-100:]}"
    try:
        with _permitted(file.uri):
            file.path.fs.get_file(file.path.path, str(local))
        _refuse_other_content(file, local)
        yield local
    finally:
        local.unlink(missing_ok=True)


@contextmanager
def _permitted(uri: str) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise SourceError(
            f"{uri} can't be read: permission is denied; let the connection of TIDEMARK_LANDING_CONN_ID (or this machine's user)"
            " list and read it."
        ) from None


def _files_of_contract(landing: ObjectStoragePath, table: str) -> list[LandingFile]:
    names = names_in(landing.fs, landing.path)
    present = [name for suffix in _CONTRACT_SUFFIXES if (name := f"{table}{suffix}") in names]
    for name in present:
        if landing.fs.isdir((landing / name).path):
            raise SourceError(
                f"{name} at {landing} is a folder, but the contract reads one file of this name; if the folder holds the"
                f' table, say so in sources.yml: {table}: {{files: "{name}"}}.'
            )
    if len(present) > 1:
        raise SourceError(f"Both {present[0]} and {present[1]} stand at {landing}; remove one of them.")
    _refuse_almost(landing, table, names, present)
    if not present:
        return []
    sidecar = f"{present[0]}{SUFFIX}" in names
    return [
        _landing_file(landing, (landing / present[0]).path, sidecar, None, f"The landing file of {table}")
    ]


def _refuse_almost(landing: ObjectStoragePath, table: str, names: set[str], present: list[str]) -> None:
    """A table that came in another form than the contract's must not be taken for one that did not come, or
    not come anew."""
    for name in sorted(names - set(present)):
        if name.lower() in {f"{table}{suffix}" for suffix in _ALMOST}:
            if present:
                raise SourceError(
                    f"Both {present[0]} and {name} stand at {landing}, and the contract reads only the first; remove one of them."
                )
            raise SourceError(
                f"{name} stands at {landing}, but the contract reads only {table}.parquet or {table}.csv; rename it, or name"
                f' it in sources.yml: {table}: {{files: "{name}"}}.'
            )


def _landing_file(
    landing: ObjectStoragePath, path: str, has_sidecar: bool, source: TableSource | None, where: str
) -> LandingFile:
    fs = landing.fs
    relative = relative_to(landing, path)
    file = landing / relative
    if "\\" in str(file) or not str(file).isprintable():
        raise SourceError(
            f"{where}: the name of a file or of its folder holds a backslash or a control character; rename it."
        )
    if file.protocol == "file" and not Path(path).is_file():  # a pipe would be waited for
        raise SourceError(
            f"{where}: {relative} is no file but a link to nowhere, a pipe or a device; put the file itself there, or remove it."
        )
    sidecar = read_sidecar(fs, path, f"{file}{SUFFIX}") if has_sidecar else Sidecar()
    return LandingFile(
        uri=str(file),
        fingerprint=_fingerprint(fs, path, local=file.protocol == "file") + sidecar.mark,
        format=(source.format if source else None) or format_by_name(relative, where),
        partitions=partitions_of(relative, source.partitions if source else (), where),
        path=file,
        sidecar=sidecar,
    )


def _fingerprint(fs: "AbstractFileSystem", path: str, *, local: bool) -> str:
    """A digest of a local file's content; elsewhere what the store says of it (its ETag, version or time of
    change).

    A local file is read instead of asked for its time: file systems keep times by ticks of up to two seconds,
    in which a file of the same size can be written again. Reading costs a second per gigabyte, a small part
    of loading it.
    """
    return _sha256(Path(path)) if local else str(fs.checksum(path))


def _refuse_other_content(file: LandingFile, local: Path) -> None:
    if file.sidecar.sha256 is not None and file.sidecar.sha256 != _sha256(local):
        raise SourceError(
            f"The landing file {file.uri} is not the one that {file.path.name}{SUFFIX} describes: its SHA-256 digest is"
            " another; upload both again, whole."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _examples(files: list[LandingFile]) -> str:
    by_format = {file.format: file.path.name for file in files}
    return ", ".join(f"{name} is {format_}" for format_, name in sorted(by_format.items()))
