"""The artifact root as the web server sees it: what is published, and of each run only the files that its own
lists name."""

import json
import os
import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from airflow.sdk import ObjectStoragePath

STAGES = ("sources", "models", "statistics")
MANIFEST = "manifest.json"

_RUN_KEY = re.compile(r"[0-9]{8}_[0-9]{8}T[0-9]{6}_[0-9a-f]{8}")
_LISTED = re.compile(rf"validation/(?P<stage>{'|'.join(STAGES)})/(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)")
"""A file of a stage's list; a list that was tampered with leads nowhere else."""
_CHECKS = "checks.json"


_REPAIR = "`tidemark repair` says what else is wrong, and `tidemark repair --apply` makes it again from the warehouse."
_MONTH = ("as_of_date", "run_key", "published_at", "action")
"""What every entry of the index has had in every release."""


class DamagedError(Exception):
    """A file that can't be read as it was written, in a sentence for a reader of the page."""


def published_months() -> list[dict[str, Any]]:
    """The entries of `index.json`, newest first.

    Raises:
        DamagedError: it is no index, or the store can't be read.
    """
    index = _read_json("index.json")
    if index is None:
        return []
    months = index.get("months")
    if not isinstance(months, list) or not all(_is_month(month) for month in months):
        raise DamagedError(f"index.json is damaged. {_REPAIR}")
    return months


def _is_month(month: Any) -> bool:
    return isinstance(month, dict) and all(isinstance(month.get(name), str) for name in _MONTH)


def run_files(as_of_date: str, run_key: str) -> "RunFiles | None":
    """The files of a run; None where these can't be the date and the key of one."""
    try:
        is_date = date.fromisoformat(as_of_date).isoformat() == as_of_date
    except ValueError:
        return None
    return RunFiles(as_of_date, run_key) if is_date and _RUN_KEY.fullmatch(run_key) else None


class RunFiles:
    """The files of one run, whose date and key `run_files` has looked at."""

    def __init__(self, as_of_date: str, run_key: str) -> None:
        self.as_of_date, self.run_key = as_of_date, run_key
        self.address = f"runs/{as_of_date}/{run_key}"
        """Of its files below the plugin's own address."""
        self._folder = f"as_of={as_of_date}/run={run_key}"

    def manifest(self) -> dict[str, Any] | None:
        """Its manifest; None where the run wrote none, as one that failed.

        Raises:
            DamagedError: it is no manifest.
        """
        manifest = self._json(MANIFEST)
        if manifest is not None and not all(name in manifest for name in ("files", "families", "gate")):
            raise DamagedError(f"The manifest of the run {self.run_key} is damaged. {_REPAIR}")
        return manifest

    def checks(self) -> dict[str, dict[str, Any]]:
        """The list of each stage that was checked."""
        found = {stage: self._json(f"validation/{stage}/{_CHECKS}") for stage in STAGES}
        return {stage: listed for stage, listed in found.items() if listed}

    def named(self, path: str) -> ObjectStoragePath | None:
        """The place of a file that the manifest or the list of a stage names; None for every other path."""
        if not self._is_named(path):
            return None
        place = _locate(f"{self._folder}/{path}")
        return place if place.fs.exists(place.path) else None

    def _is_named(self, path: str) -> bool:
        listed = _LISTED.fullmatch(path)
        if listed and (checks := self._json(f"validation/{listed['stage']}/{_CHECKS}")):
            return listed["name"] in (*checks["files"], _CHECKS)
        manifest = self._json(MANIFEST)
        if manifest is None or ".." in path.split("/"):
            return False
        if "files" not in manifest:
            raise DamagedError(f"The manifest of the run {self.run_key} is damaged. {_REPAIR}")
        return path == MANIFEST or path in {file["path"] for file in manifest["files"]}

    def _json(self, path: str) -> dict[str, Any] | None:
        return _read_json(f"{self._folder}/{path}")


def head(place: ObjectStoragePath, size: int) -> bytes:
    """The first bytes of a file."""
    with place.fs.open(place.path, "rb") as handle:
        return bytes(handle.read(size))


def blocks(place: ObjectStoragePath) -> Iterator[bytes]:
    """A file's content, block by block."""
    with place.fs.open(place.path, "rb") as handle:
        yield from iter(partial(handle.read, 1 << 20), b"")


def _read_json(relative: str) -> dict[str, Any] | None:
    place = _locate(relative)
    try:
        with place.fs.open(place.path, "rb") as handle:
            document = json.load(handle)
    except FileNotFoundError:
        return None
    except ValueError:
        raise DamagedError(f"{relative} is damaged. {_REPAIR}") from None
    if not isinstance(document, dict):
        raise DamagedError(f"{relative} is damaged. {_REPAIR}")
    return document


def _locate(relative: str) -> ObjectStoragePath:
    local = Path(__file__).resolve().parents[1] / ".local" / "artifacts"
    root = os.environ.get("TIDEMARK_ARTIFACT_ROOT") or local.as_uri()
    return ObjectStoragePath(
        f"{root.rstrip('/')}/{relative}", conn_id=os.environ.get("TIDEMARK_ARTIFACT_CONN_ID") or None
    )
