"""The pointers that say which run folder to read. They hold nothing that the ledger does not, and can be made
again."""

import json
from typing import Any

from include.tidemark.artifacts.index import describe_month, entries_by_digest
from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.store import ArtifactRoot, as_of_folder, run_folder
from include.tidemark.history.ledger import Publication, publications_by_date
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse

REPORT = "report/index.html"
LATEST = "latest.json"
INDEX = "index.json"
CURRENT = "current.json"
"""Of one as-of date, in its folder."""


def rebuild_pointers(settings: Settings, warehouse: Warehouse, *, anew: bool = False) -> list[str]:
    """Make `current.json` of every as-of date, `index.json` and `latest.json` say what the ledger says.

    `latest.json` names the newest as-of date, not the newest publication, so recomputing an old month does
    not move it back. Pointers that are right already are not touched, and `latest.json` moves last.

    Args:
        anew: believe nothing of what the last index says.

    Returns:
        The pointers that were written, relative to the artifact root.
    """
    root = ArtifactRoot(settings)
    written: list[str] = []
    while True:
        history = publications_by_date(warehouse)
        written += [name for name in _write(root, list(history.values()), anew=anew) if name not in written]
        # Another run may have been published while these were written; then what stands there may be older
        # than the ledger.
        if publications_by_date(warehouse) == history:
            return written


def wanted_pointers(
    root: ArtifactRoot, dates: list[list[Publication]], *, anew: bool = False
) -> dict[str, bytes]:
    """What every pointer has to hold, by its name, in the order in which they are written.

    Args:
        dates: the publications of each as-of date, oldest first, the oldest date first.
        anew: believe nothing of what the last index says.
    """
    shown = [history[-1] for history in dates]
    wanted = {f"{as_of_folder(p.as_of_date)}/{CURRENT}": _encode(_pointer(p)) for p in shown}
    if dates:
        before = entries_by_digest(root, INDEX)
        months = [describe_month(root, _pointer(h[-1]), h, before, anew=anew) for h in reversed(dates)]
        wanted[INDEX] = _encode({"months": months})
        wanted[LATEST] = _encode(_pointer(shown[-1]))
    return wanted


def _write(root: ArtifactRoot, dates: list[list[Publication]], *, anew: bool) -> list[str]:
    """Write what differs."""
    written = []
    for name, data in wanted_pointers(root, dates, anew=anew).items():
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
