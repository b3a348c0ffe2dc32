"""Where published files stand: a folder on a disk or in object storage, below the artifact root.

<root>/as_of=2026-11-01/run=<run_key>/...    one run, written once
<root>/latest.json, index.json, as_of=2026-11-01/current.json    pointers, derived from the ledger
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from airflow.sdk import ObjectStoragePath

from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.run import RUN_KEY
from include.tidemark.settings import Settings

_COPY_BYTES = 1 << 20
_PART = ".part"
"""Suffix of a file that is still being written on a disk; it is no part of a folder's content."""
_IS_PART = re.compile(rf"(^|/)\.[^/]+\.[0-9a-f]{{8}}{re.escape(_PART)}$")
"""As `_atomic_local` names them; another's file of that suffix is left alone."""


class Folder:
    """A folder that is written through one file at a time; a reader sees a file whole or not at all.

    On a disk that takes a temporary file, moved into place; an object store shows an object when it is
    complete.
    """

    def __init__(self, url: str, conn_id: str | None = None) -> None:
        self._path = ObjectStoragePath(url.rstrip("/"), conn_id=conn_id)

    @property
    def uri(self) -> str:
        """The folder's URL, without a slash at the end."""
        return str(self._path)

    @property
    def _fs(self) -> Any:
        # Every operation goes through the connection's own file system: on Airflow 3.2 the path's methods do
        # not.
        return self._path.fs

    @property
    def _is_disk(self) -> bool:
        return self._path.protocol in ("", "file")

    @property
    def _base(self) -> str:
        return str(self._path.path).rstrip("/")

    def write_bytes(self, relative: str, data: bytes) -> None:
        """Write one file, replacing what stood there."""
        target = self._locate(relative)
        if self._is_disk:
            with _atomic_local(Path(target)) as file:
                file.write(data)
        else:
            self._fs.pipe_file(target, data)

    def upload(self, local_path: Path, relative: str) -> None:
        """Copy one local file into the folder, replacing what stood there."""
        target = self._locate(relative)
        if self._is_disk:
            with local_path.open("rb") as source, _atomic_local(Path(target)) as file:
                shutil.copyfileobj(source, file, length=_COPY_BYTES)
        else:
            self._fs.put_file(str(local_path), target)

    def upload_tree(self, local_dir: Path, relative: str = "") -> None:
        """Copy every file below a local folder, keeping its layout, to the subfolder `relative`."""
        for file in sorted(path for path in local_dir.rglob("*") if path.is_file()):
            self.upload(file, str(PurePosixPath(relative) / file.relative_to(local_dir).as_posix()))

    def read_bytes(self, relative: str) -> bytes:
        """The content of one file.

        Raises:
            FileNotFoundError: it does not exist.
        """
        with self._fs.open(self._locate(relative), "rb") as source:
            return bytes(source.read())

    def download(self, relative: str, local_path: Path) -> None:
        """Copy one file of the folder to a local one.

        Raises:
            FileNotFoundError: it does not exist.
        """
        local_path.parent.mkdir(parents=True, exist_ok=True)
        with self._fs.open(self._locate(relative), "rb") as source, local_path.open("wb") as target:
            shutil.copyfileobj(source, target, length=_COPY_BYTES)

    def copy(self, relative: str, target: str) -> None:
        """Copy one file of the folder to another place in it, replacing what stood there."""
        origin, place = self._locate(relative), self._locate(target)
        if self._is_disk:
            with Path(origin).open("rb") as source, _atomic_local(Path(place)) as file:
                shutil.copyfileobj(source, file, length=_COPY_BYTES)
        else:
            self._fs.copy(origin, place)

    def exists(self, relative: str) -> bool:
        """Whether a file or subfolder stands there."""
        return bool(self._fs.exists(self._locate(relative)))

    def files(self) -> list[str]:
        """Relative paths of all files, sorted."""
        return list(self.sizes())

    def sizes(self) -> dict[str, int]:
        """Bytes of every file by its relative path, sorted."""
        found = ((path, int(entry["size"] or 0)) for path, entry in self._found())
        return dict(sorted((path, size) for path, size in found if not path.endswith(_PART)))

    def parts(self, before: datetime) -> list[str]:
        """Files of writers that died, by their last change: none but a disk has such files."""
        if not self._is_disk:
            return []
        instant = before.timestamp()
        return sorted(
            path for path, entry in self._found() if _IS_PART.search(path) and entry["mtime"] < instant
        )

    def _found(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if self._fs.exists(self._base):
            prefix = self._base.lstrip("/") + "/"
            for name, entry in self._fs.find(self._base, detail=True).items():
                yield str(name).lstrip("/").removeprefix(prefix), entry

    def sha256(self, relative: str) -> str:
        """The digest of one file.

        Raises:
            FileNotFoundError: it does not exist.
        """
        digest = hashlib.sha256()
        with self._fs.open(self._locate(relative), "rb") as source:
            for block in iter(partial(source.read, _COPY_BYTES), b""):
                digest.update(block)
        return digest.hexdigest()

    def names(self, relative: str = "") -> list[str]:
        """Names of the files and folders directly below this one, or below a folder in it, sorted."""
        folder = self._locate(relative) if relative else self._base
        if not self._fs.exists(folder):
            return []
        listed = self._fs.ls(folder, detail=False)
        return sorted(PurePosixPath(str(name).rstrip("/")).name for name in listed)

    def subfolders(self, relative: str = "") -> list[str]:
        """Names of the folders directly below this one, or below a folder in it, sorted."""
        folder = self._locate(relative) if relative else self._base
        if not self._fs.exists(folder):
            return []
        listed = self._fs.ls(folder, detail=True)
        names = (str(entry["name"]) for entry in listed if entry["type"] == "directory")
        return sorted(PurePosixPath(name.rstrip("/")).name for name in names)

    def remove(self, relative: str) -> None:
        """Remove a file or a whole subfolder, and the folder around it where that is then empty; nothing
        happens where none stands."""
        target = self._locate(relative)
        if not self._fs.exists(target):
            return
        self._fs.rm(target, recursive=True)
        if self._is_disk and len(PurePosixPath(relative).parts) > 1:
            with suppress(OSError):  # something else is in it
                Path(target).parent.rmdir()

    def _locate(self, relative: str) -> str:
        path = PurePosixPath(relative)
        if path.is_absolute() or not path.parts or ".." in path.parts or "\\" in relative:
            raise TidemarkError(
                f"The file name {relative!r} is not a path below the artifact folder; use a relative one."
            )
        return f"{self._base}/{path.as_posix()}"


class ArtifactRoot(Folder):
    """The root of all published files."""

    def __init__(self, settings: Settings) -> None:
        if "://" not in settings.artifact_root:
            raise SettingsError(
                f"TIDEMARK_ARTIFACT_ROOT is {settings.artifact_root!r}, which is no URL;"
                " write it as file:///..., s3://..., gs://... or abfs://...."
            )
        try:
            super().__init__(settings.artifact_root, settings.artifact_conn_id)
            _ = self._fs
        except (ValueError, ImportError):
            raise SettingsError(
                f"TIDEMARK_ARTIFACT_ROOT is {settings.artifact_root!r}, which nothing that is installed here can open; write it as"
                " file:///..., s3://..., gs://... or abfs://..., and install its provider (docs/deploy.md, Remote artifact root)."
            ) from None


class RunFolder(Folder):
    """The files of one run."""

    def __init__(self, settings: Settings, as_of_date: date, run_key: str) -> None:
        root = ArtifactRoot(settings)
        super().__init__(f"{root.uri}/{run_folder(as_of_date, run_key)}", settings.artifact_conn_id)


def as_of_folder(as_of_date: date) -> str:
    """The folder of an as-of date, relative to the artifact root."""
    return f"as_of={as_of_date.isoformat()}"


def run_folder(as_of_date: date, run_key: str) -> str:
    """The folder of a run, relative to the artifact root."""
    return f"{as_of_folder(as_of_date)}/run={run_key}"


def run_folders(root: ArtifactRoot, below: str = "") -> Iterator[tuple[date, str]]:
    """As-of date and key of every run that has a folder, oldest month first. Folders of other names are not
    ours: they are left alone."""
    for month in root.subfolders(below):
        as_of_date = date_of(month)
        if as_of_date is None:
            continue
        for run in root.subfolders(f"{below}/{month}" if below else month):
            if run.startswith("run=") and RUN_KEY.fullmatch(run.removeprefix("run=")):
                yield as_of_date, run.removeprefix("run=")


def date_of(folder: str) -> date | None:
    """The as-of date whose folder this is, such as `as_of=2026-11-01`; None for another, such as a copy of
    it."""
    try:
        found = date.fromisoformat(folder.removeprefix("as_of="))
    except ValueError:
        return None
    return found if folder == as_of_folder(found) else None


@contextmanager
def _atomic_local(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name only when it is complete and on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PART}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
