"""What is published, read from the artifacts alone: for everything that has no business in the warehouse."""

import csv
import io
import json
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from include.tidemark.artifacts.access import unreachable
from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.pointers import INDEX, REPORT
from include.tidemark.artifacts.store import ArtifactRoot, run_folder
from include.tidemark.settings import Settings


@dataclass(frozen=True)
class PublishedMonth:
    """One published as-of date, as `index.json` names it."""

    root: ArtifactRoot
    as_of_date: str
    run_key: str
    published_at: str
    """UTC, ISO 8601."""
    action: str
    """`publish`; `rollback` when an earlier run is shown again, `erasure` when persons were erased from the files."""
    folder: str
    manifest_sha256: str
    report: str

    def rows(self, file: str) -> list[dict[str, str]]:
        """The rows of one of its CSV files, such as `data/segment_summary.csv`; an empty cell is an empty text."""
        text = self.read(file).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    def read(self, file: str) -> bytes:
        """One of its files, by its path in the manifest."""
        return self.root.read_bytes(f"{self.folder}/{file}")

    def has(self, file: str) -> bool:
        """Whether the file is there."""
        return self.root.exists(f"{self.folder}/{file}")

    def manifest(self) -> dict[str, Any]:
        """Its manifest."""
        content: dict[str, Any] = json.loads(self.read(MANIFEST))
        return content

    @property
    def report_uri(self) -> str:
        """Where its report is."""
        return f"{self.root.uri}/{self.report}"


def published_months(settings: Settings) -> list[PublishedMonth]:
    """The published as-of dates, oldest first; empty where nothing has been published.

    Raises:
        SettingsError: the root can't be opened or reached.
    """
    root = ArtifactRoot(settings)
    try:
        if not root.exists(INDEX):
            return []
        index = root.read_bytes(INDEX)
    except Exception as error:
        raise unreachable(settings, error, "read") from None
    months = json.loads(index)["months"]
    names = [field.name for field in fields(PublishedMonth) if field.name != "root"]
    return sorted(
        (PublishedMonth(root, **{n: m[n] for n in names}) for m in months), key=lambda m: m.as_of_date
    )


def month_of_run(settings: Settings, as_of_date: date, run_key: str) -> PublishedMonth:
    """The files of a run as those of a month, though it may not be published; its manifest has been written."""
    folder = run_folder(as_of_date, run_key)
    return PublishedMonth(
        ArtifactRoot(settings), as_of_date.isoformat(), run_key,
        published_at="", action="", folder=folder, manifest_sha256="", report=f"{folder}/{REPORT}",
    )  # fmt: skip
