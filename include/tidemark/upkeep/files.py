"""Are the files of a run those of its manifest?"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.store import Folder
from include.tidemark.upkeep.findings import MISSING


class Fault(NamedTuple):
    """One file that is not as the manifest lists it."""

    path: str
    what: str


def faults_of_files(folder: Folder, manifest: Mapping[str, Any], *, read: bool) -> Iterator[Fault]:
    """The listed files that are missing, or others than were published.

    Args:
        read: compare digests; without it sizes alone, which takes one listing of the folder.
    """
    sizes = folder.sizes()
    for entry in manifest["files"]:
        path = entry["path"]
        if path not in sizes:
            yield Fault(path, MISSING)
        elif sizes[path] != entry["bytes"]:
            yield Fault(path, f"It has {sizes[path]:,} bytes; published were {entry['bytes']:,}.")
        elif read and (found := folder.sha256(path)) != entry["sha256"]:
            yield Fault(path, f"Its sha256 is {found[:12]}; published was {entry['sha256'][:12]}.")


def unlisted_files(folder: Folder, manifest: Mapping[str, Any]) -> list[str]:
    """Files that somebody has put beside those of the manifest."""
    listed = {entry["path"] for entry in manifest["files"]}
    return [path for path in folder.files() if path not in listed and path != MANIFEST]
