"""The pointers that say which run folder to read. They hold nothing that the ledger does not, and can be made again."""

import json
from typing import Any

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.store import ArtifactRoot, as_of_folder, run_folder
from include.tidemark.history.ledger import Publication, current_publications
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse

REPORT = "report/index.html"
LATEST = "latest.json"
INDEX = "index.json"


def rebuild_pointers(settings: Settings, warehouse: Warehouse) -> list[str]:
    """Make `current.json` of every as-of date, `index.json` and `latest.json` say what the ledger says.

    `latest.json` names the newest as-of date, not the newest publication, so recomputing an old month does not move it
    back. Pointers that are right already are not touched, and `latest.json` moves last.

    Returns:
        The pointers that were written, relative to the artifact root.
    """
    root = ArtifactRoot(settings)
    written: list[str] = []
    while True:
        published = current_publications(warehouse)
        written += [name for name in _write(root, published) if name not in written]
        # Another run may have been published while these were written; then what stands there may be older than the ledger.
        if current_publications(warehouse) == published:
            return written


def _write(root: ArtifactRoot, published: list[Publication]) -> list[str]:
    wanted = {f"{as_of_folder(p.as_of_date)}/current.json": _encode(_pointer(p)) for p in published}
    if published:
        wanted[INDEX] = _encode({"months": [_pointer(p) for p in reversed(published)]})
        wanted[LATEST] = _encode(_pointer(published[-1]))
    written = []
    for name, data in wanted.items():
        if not root.exists(name) or root.read_bytes(name) != data:
            root.write_bytes(name, data)
            written.append(name)
    return written


def _pointer(publication: Publication) -> dict[str, Any]:
    folder = run_folder(publication.as_of_date, publication.run_key)
    return {
        "as_of_date": publication.as_of_date.isoformat(),
        "run_key": publication.run_key,
        "published_at": publication.published_at.isoformat() + "Z",
        "action": publication.action,
        "rules_hash": publication.rules_hash,
        "code_version": publication.code_version,
        "folder": folder,
        "manifest": f"{folder}/{MANIFEST}",
        "manifest_sha256": publication.manifest_sha256,
        "report": f"{folder}/{REPORT}",
    }


def _encode(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
