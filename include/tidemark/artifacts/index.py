"""What `index.json` says of the published months: enough for a list of them, so that nobody reads a hundred
manifests for one."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include.tidemark.artifacts.store import ArtifactRoot
from include.tidemark.history.ledger import Publication

Pointer = dict[str, Any]


def describe_month(
    root: ArtifactRoot,
    pointer: Pointer,
    history: Sequence[Publication],
    before: Mapping[str, Any],
    *,
    anew: bool = False,
) -> Pointer:
    """A pointer with the run behind it, what it found, and every publication of its date.

    Args:
        history: the publications of the date, oldest first; the last one is what the pointer shows.
        before: the entries of the last index by their manifest's digest: of a manifest that is known nothing
            is read again.
        anew: read every manifest, because the last index may be damaged; where one can't be read the index is
            believed.
    """
    known = before.get(pointer["manifest_sha256"], {}).get("summary")
    return pointer | {
        "dag_run_id": history[-1].dag_run_id,
        "summary": (None if anew else known) or _summary(root, pointer["manifest"], history) or known,
        "history": [
            {
                "publication_id": publication.publication_id,
                "run_key": publication.run_key,
                "published_at": publication.published_at.isoformat() + "Z",
                "action": publication.action,
                "dag_run_id": publication.dag_run_id,
            }
            for publication in history
        ],
    }


def entries_by_digest(root: ArtifactRoot, index: str) -> dict[str, Any]:
    """The entries of the index as it stands, by their manifest's digest; none where it can't be read."""
    try:
        months = json.loads(root.read_bytes(index))["months"]
        return {month["manifest_sha256"]: month for month in months}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {}


def _summary(root: ArtifactRoot, path: str, history: Sequence[Publication]) -> dict[str, Any] | None:
    """What the manifest says in short; None where there is no manifest that says it."""
    try:
        manifest = json.loads(root.read_bytes(path))
        gate, families = manifest["gate"], manifest["families"]
        changes = [family.get("changes") or [] for family in families]
        return {
            "started_at": manifest["started_at"],
            "seconds": _seconds(manifest, history),
            "source_rows": sum(source["rows"] for source in manifest["sources"]),
            "checks": gate["checks"],
            "warnings": gate["warnings"],
            "notes": gate["notes"],
            "families": [family["name"] for family in families if family["status"] == "computed"],
            "changes": [sentences[0] for sentences in changes if sentences],
            "further_changes": sum(max(len(sentences) - 1, 0) for sentences in changes),
        }
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _seconds(manifest: Mapping[str, Any], history: Sequence[Publication]) -> int | None:
    """From the run's start to its first publication; None where the two clocks contradict each other."""
    published = next(row.published_at for row in history if row.run_key == manifest["run_key"])
    waited = published.replace(tzinfo=UTC) - datetime.fromisoformat(manifest["started_at"])
    return round(waited.total_seconds()) if waited.total_seconds() >= 0 else None
