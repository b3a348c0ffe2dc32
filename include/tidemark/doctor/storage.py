"""Where files are written: published ones, those on the way, and the DuckDB file."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from include.tidemark.artifacts.access import refuse_unwritable
from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding, State, wrong
from include.tidemark.errors import TidemarkError

GIB = 1 << 30
LITTLE_SPACE, NO_SPACE = 2 * GIB, GIB // 4
"""A month of a million users took less than 2 GiB of scratch space; below a quarter none of any size goes
through."""


def look_at_artifact_root(examination: Examination) -> Iterator[Finding]:
    """A small file is written, read and removed there, through its connection."""
    try:
        root = refuse_unwritable(examination.settings)
    except TidemarkError as error:
        yield wrong("artifact root", error)
        return
    yield Finding("artifact root", "ok", f"{root} can be written, read and tidied up.")


def look_at_disk(examination: Examination) -> Iterator[Finding]:
    """What is free where files are staged, and where a DuckDB file is."""
    settings = examination.settings
    scratch = settings.scratch_dir or Path(tempfile.gettempdir())
    if not scratch.is_dir():
        yield Finding(
            "disk space",
            "wrong",
            f"The folder {scratch} for files on the way does not exist.",
            "Make it, or correct TIDEMARK_SCRATCH_DIR.",
        )
    places = {"files on the way": scratch}
    if settings.warehouse == "duckdb":
        places["the warehouse"] = settings.duckdb_path.absolute().parent
    for what, folder in places.items():
        yield _space(what, _nearest(folder))


def _space(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / GIB:.1f} GiB are free for {what} ({folder})."
    if free >= LITTLE_SPACE:
        return Finding("disk space", "ok", found)
    state: State = "warning" if free >= NO_SPACE else "wrong"
    return Finding(
        "disk space", state, found, "Make room, or move it: TIDEMARK_SCRATCH_DIR, TIDEMARK_DUCKDB_PATH."
    )


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
