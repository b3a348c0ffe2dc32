"""Where files are written: published ones, those on the way, and the DuckDB file."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from include.tidemark.artifacts.store import ArtifactRoot
from include.tidemark.doctor.examination import Examination
from include.tidemark.doctor.findings import Finding, State, code_of, wrong
from include.tidemark.errors import TidemarkError

GIB = 1 << 30
LITTLE_SPACE, NO_SPACE = 2 * GIB, GIB // 4
"""A month of a million users took less than 2 GiB of scratch space; below a quarter none of any size goes through."""


def look_at_artifact_root(examination: Examination) -> Iterator[Finding]:
    """Write, read and remove a small file as publishing does."""
    settings = examination.settings
    subject, name, content = (
        "artifact root",
        f".tidemark-doctor-{secrets.token_hex(6)}",
        secrets.token_bytes(16),
    )
    action = (
        "Correct TIDEMARK_ARTIFACT_ROOT, or let this user or the connection write, read and delete there."
    )
    try:
        root = ArtifactRoot(settings)
        with _as_it_was(_local_folder(settings.artifact_root)):
            root.write_bytes(name, content)
            try:
                same = root.read_bytes(name) == content
            finally:
                root.remove(name)
    except TidemarkError as error:
        yield wrong(subject, error)
        return
    except OSError as error:
        why = error.strerror or type(error).__name__
        yield Finding(subject, "wrong", f"{settings.artifact_root} can't be written ({why}).", action)
        return
    except Exception as error:
        yield Finding(
            subject, "wrong", f"{settings.artifact_root} can't be reached ({type(error).__name__}{code_of(error)}).",
            f"{action} For s3, gs and abfs see docs/deploy.md, Remote artifact root.",
        )  # fmt: skip
        return
    if same:
        yield Finding(subject, "ok", f"{root.uri} can be written, read and tidied up.")
    else:
        yield Finding(subject, "wrong", f"{root.uri} gives back other bytes than were written.", action)


def look_at_disk(examination: Examination) -> Iterator[Finding]:
    """Free space where files are staged, and where the DuckDB file is."""
    settings = examination.settings
    scratch = settings.scratch_dir or Path(tempfile.gettempdir())
    if not scratch.is_dir():
        yield Finding(
            "disk space", "wrong", f"The folder {scratch} for files on the way does not exist.",
            "Make it, or correct TIDEMARK_SCRATCH_DIR.",
        )  # fmt: skip
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


def _local_folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


@contextmanager
def _as_it_was(folder: Path | None) -> Iterator[None]:
    """Folders that the block made are removed again, where nobody has put anything into them meanwhile."""
    made = [] if folder is None else [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        yield
    finally:
        for each in made:
            try:
                each.rmdir()
            except OSError:
                break
