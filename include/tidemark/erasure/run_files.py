"""The user-level files of a run's folder without some people, in steps of which each can be the last one
before a crash.

First everything that the folder will hold is put aside, below `erasing/` at the artifact root: the files,
their manifest, and then a plan that says what belongs together. From then on the change is only copied into
place, as often as it takes; and what was put aside goes when the ledger and the pointers know of it.
"""

import csv
import hashlib
import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from include.tidemark.artifacts.dictionary import DICTIONARY
from include.tidemark.artifacts.manifest import MANIFEST, encode_manifest, list_local
from include.tidemark.artifacts.store import ArtifactRoot, Folder, run_folder
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.erasure.files import Removal, Wanted, remove_people
from include.tidemark.erasure.rows import is_user_column
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings

ASIDE = "erasing"
_PLAN = "plan.json"
_DICTIONARY = f"{DICTIONARY.path}.csv"
_TABLES = {".csv", ".parquet"}


@dataclass(frozen=True)
class Erasure:
    """What is written into the manifest about why rows are gone."""

    at: datetime
    reason: str | None

    def entry(self, people: int, files: int, rows: int) -> dict[str, Any]:
        """One object of the manifest's `erasures`."""
        return {
            "erased_at": self.at.isoformat(), "reason": self.reason, "persons": people, "files": files, "rows": rows,
        }  # fmt: skip


@dataclass
class RunFiles:
    """What was found, and put aside, for one run."""

    as_of_date: date
    run_key: str
    people: set[str] = field(default_factory=set)
    files: int = 0
    rows: int = 0
    """Rows that were removed, over all files."""
    left: int = 0
    others: int = 0
    """Rows of people who stay and were looked for."""
    problem: str | None = None
    """Why its files were left as they were."""


def id_columns(folder: Folder) -> dict[str, list[str]]:
    """By table, the columns that hold user ids, as the folder's own data dictionary says; empty where it has
    none."""
    if not folder.exists(_DICTIONARY):
        return {}
    columns: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(folder.read_bytes(_DICTIONARY).decode("utf-8"))):
        names = columns.setdefault(row["table"], [])
        if row["type"] == "id":
            names.append(row["column"])
    return columns


def put_aside(
    settings: Settings,
    as_of_date: date,
    run_key: str,
    wanted: Wanted,
    *,
    erasure: Erasure,
    promised: str | None,
) -> RunFiles:
    """Write what the run's folder will hold without the people below `erasing/`; nothing where none of them
    is in it.

    Args:
        promised: the manifest's digest by the ledger; None for a run that was never published.
    """
    root = ArtifactRoot(settings)
    place = run_folder(as_of_date, run_key)
    folder = Folder(f"{root.uri}/{place}", settings.artifact_conn_id)
    found = RunFiles(as_of_date, run_key)
    before = folder.read_bytes(MANIFEST) if folder.exists(MANIFEST) else None
    manifest: dict[str, Any] = json.loads(before) if before else {"files": []}
    listed = {entry["path"]: entry for entry in manifest["files"]}
    described = id_columns(folder)
    changed = []
    with scratch_folder(settings, "erasure", run_key) as scratch:
        for path in _user_level(folder, described):
            here, there = scratch / "before" / path, scratch / "after" / path
            folder.download(path, here)
            removal = _remove(wanted, here, there, described.get(_table_of(path), ()))
            found.left += removal.left
            found.others += removal.others
            if removal.rows:
                old, new = (
                    list_local(scratch / part, WrittenFile(path, removal.left))
                    for part in ("before", "after")
                )
                if path in listed and old.sha256 != listed[path]["sha256"]:
                    found.problem = f"{place}/{path} is not the file that its manifest lists"
                    break
                if path in listed:
                    listed[path] |= {"bytes": new.bytes, "sha256": new.sha256, "rows": new.rows}
                root.upload(there, f"{ASIDE}/{place}/{path}")
                changed.append(path)
                found.people |= removal.people
                found.files += 1
                found.rows += removal.rows
            here.unlink()
            there.unlink()
    if changed and promised and _sha256(before) != promised:
        found.problem = f"{place}/{MANIFEST} is not the one that was published"
    if found.problem:
        root.remove(f"{ASIDE}/{place}")
    elif changed:
        entry = erasure.entry(len(found.people), found.files, found.rows)
        manifest["erasures"] = [*manifest.get("erasures", ()), entry]
        _write_plan(root, place, before, manifest, changed)
    return found


def put_in_place(root: ArtifactRoot, as_of_date: date, run_key: str) -> str | None:
    """Copy what was put aside for a run into its folder, the manifest last; returns the manifest's new
    digest.

    Returns None where nothing complete was put aside, or the folder was written anew meanwhile: then the rest
    is removed.
    """
    place = run_folder(as_of_date, run_key)
    aside = f"{ASIDE}/{place}"
    plan = json.loads(root.read_bytes(f"{aside}/{_PLAN}")) if root.exists(f"{aside}/{_PLAN}") else None
    manifest = f"{place}/{MANIFEST}"
    standing = _sha256(root.read_bytes(manifest) if root.exists(manifest) else None)
    if plan is None or standing not in (plan["before"], plan["after"]):
        root.remove(aside)
        return None
    for path in plan["files"]:
        root.copy(f"{aside}/{path}", f"{place}/{path}")
    if plan["after"]:
        root.copy(f"{aside}/{MANIFEST}", manifest)
    return str(plan["after"] or "")


def forget_what_was_put_aside(root: ArtifactRoot, as_of_date: date, run_key: str) -> None:
    """Remove it: the change is complete."""
    root.remove(f"{ASIDE}/{run_folder(as_of_date, run_key)}")


def _user_level(folder: Folder, described: Mapping[str, Collection[str]]) -> list[str]:
    """The tables that have user ids, or that no dictionary describes, so that one has to look."""
    return [
        path
        for path in folder.files()
        if PurePosixPath(path).suffix in _TABLES and described.get(_table_of(path), ["unknown"])
    ]


def _remove(wanted: Wanted, here: Path, there: Path, published_as_ids: Collection[str]) -> Removal:
    def columns(names: Sequence[str]) -> list[str]:
        return [name for name in names if name in published_as_ids or is_user_column(name)]

    there.parent.mkdir(parents=True, exist_ok=True)
    return remove_people(here, there, wanted, columns)


def _write_plan(
    root: ArtifactRoot, place: str, before: bytes | None, manifest: dict[str, Any], changed: Sequence[str]
) -> None:
    """The new manifest, where there was one, then the plan: what was put aside counts from then on."""
    after = None
    if before:
        after = encode_manifest(manifest)
        root.write_bytes(f"{ASIDE}/{place}/{MANIFEST}", after)
    plan = {"files": changed, "before": _sha256(before), "after": _sha256(after)}
    root.write_bytes(f"{ASIDE}/{place}/{_PLAN}", json.dumps(plan, indent=2).encode())


def _table_of(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _sha256(data: bytes | None) -> str | None:
    return hashlib.sha256(data).hexdigest() if data is not None else None
