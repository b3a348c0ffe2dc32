"""Can the artifact root be reached and written? Answered in a sentence, before anything relies on it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from include.tidemark.artifacts.store import ArtifactRoot
from include.tidemark.errors import SettingsError, TidemarkError, code_of
from include.tidemark.settings import Settings

_ACTION = "correct TIDEMARK_ARTIFACT_ROOT, or let this user or the connection write, read and delete there."


def refuse_unwritable(settings: Settings) -> str:
    """Write, read and remove a small file as publishing does; returns the root's URL. The root is left as it
    was.

    Raises:
        SettingsError: something of that can't be done.
    """
    name, content = f".tidemark-access-{secrets.token_hex(6)}", secrets.token_bytes(16)
    root = ArtifactRoot(settings)
    try:
        with _as_it_was(_local_folder(settings.artifact_root)):
            root.write_bytes(name, content)
            try:
                same = root.read_bytes(name) == content
            finally:
                root.remove(name)
    except TidemarkError:
        raise
    except Exception as error:
        raise unreachable(settings, error, "written") from None
    if not same:
        raise SettingsError(f"{root.uri} gives back other bytes than were written; {_ACTION}")
    return root.uri


def unreachable(settings: Settings, error: Exception, wanted: Literal["read", "written"]) -> SettingsError:
    """An error of the root's file system as a sentence; a client's own words may hold an address or a key."""
    if isinstance(error, OSError):
        why = error.strerror or type(error).__name__
        return SettingsError(f"{settings.artifact_root} can't be {wanted} ({why}); {_ACTION}")
    return SettingsError(
        f"{settings.artifact_root} can't be reached ({type(error).__name__}{code_of(error)}); {_ACTION}"
        " For s3, gs and abfs see docs/deploy.md, Remote artifact root."
    )


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
