"""Folders for files on the way. They hold rows of users, so they are private, and none outlives its process
for long.

Each is named after the product and the run, and holds a lock of the process that made it: who finds a folder
whose lock is free knows that its process has died, and removes it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from include.tidemark.settings import Settings

PREFIX = "tidemark-"
_LOCK = ".lock"
_FILES = "files"


@contextmanager
def scratch_folder(settings: Settings, purpose: str, run_key: str = "") -> Iterator[Path]:
    """A folder that only this user can read, and that is gone at the end of the block.

    What earlier processes left when they were killed goes first.
    """
    remove_left_folders(settings)
    name = "-".join(part for part in (purpose, run_key) if part)
    # Under a name that nobody looks for until it is locked.
    folder = Path(tempfile.mkdtemp(prefix=f".{PREFIX}{name}-", dir=settings.scratch_dir))
    lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = folder.rename(folder.with_name(folder.name.removeprefix(".")))
        files = folder / _FILES
        files.mkdir(mode=0o700)
        yield files
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_left_folders(settings: Settings) -> list[Path]:
    """Remove the folders of processes that have died; returns them. Those of other users are theirs."""
    place = settings.scratch_dir or Path(tempfile.gettempdir())
    left = [
        each
        for each in place.glob(f"{PREFIX}*-*")
        if each.is_dir() and not each.is_symlink() and _is_left(each)
    ]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return left


def _is_left(folder: Path) -> bool:
    try:
        if folder.stat().st_uid != os.getuid():
            return False
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False  # its process lives, it is none of these folders, or it went away meanwhile
    return True
