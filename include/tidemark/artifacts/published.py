"""What is published, read from the artifacts alone: for everything that has no business in the warehouse."""

import csv
import io
import json
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from include.tidemark.artifacts.access import unreachable
from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.pointers import INDEX, LATEST, REPORT
from include.tidemark.artifacts.store import ArtifactRoot, run_folder
from include.tidemark.errors import TidemarkError
from include.tidemark.settings import Settings

_REPAIR = "`tidemark repair` says what else is wrong, and makes it again from the warehouse."


class DamagedError(TidemarkError):
    """What is published can't be read as it was published."""


@dataclass(frozen=True)
class PublishedMonth:
    """One published as-of date, as `index.json` names it."""

    root: ArtifactRoot
    as_of_date: str
    run_key: str
    published_at: str
    """UTC, ISO 8601."""
    action: str
    """`publish`; `rollback` when an earlier run is shown again, `erasure` when persons were erased from the
    files."""
    folder: str
    manifest_sha256: str
    report: str

    def rows(self, file: str) -> list[dict[str, str]]:
        """The rows of one of its CSV files, such as `data/segment_summary.csv`; an empty cell is an empty
        text."""
        try:
            text = self.read(file).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise DamagedError(
                f"The file {file} of the month as of {self.as_of_date} is damaged; {_REPAIR}"
            ) from None
        return list(csv.DictReader(io.StringIO(text)))

    def read(self, file: str) -> bytes:
        """One of its files, by its path in the manifest.

        Raises:
            DamagedError: it is not there.
        """
        try:
            return self.root.read_bytes(f"{self.folder}/{file}")
        except FileNotFoundError:
            raise DamagedError(
                f"The file {file} of the month as of {self.as_of_date} is missing; {_REPAIR}"
            ) from None

    def has(self, file: str) -> bool:
        """Whether the file is there."""
        return self.root.exists(f"{self.folder}/{file}")

    def manifest(self) -> dict[str, Any]:
        """Its manifest.

        Raises:
            DamagedError: it is not there, or is no manifest.
        """
        try:
            content: dict[str, Any] = json.loads(self.read(MANIFEST))
            _ = content["files"], content["families"]
        except (ValueError, KeyError, TypeError):
            raise DamagedError(
                f"The file {MANIFEST} of the month as of {self.as_of_date} is damaged; {_REPAIR}"
            ) from None
        return content

    @property
    def report_uri(self) -> str:
        """Where its report is."""
        return f"{self.root.uri}/{self.report}"


def published_months(settings: Settings) -> list[PublishedMonth]:
    """The published as-of dates, oldest first; empty where nothing has been published.

    Raises:
        SettingsError: the root can't be opened or reached.
        DamagedError: the index can't be read as one.
    """
    root = ArtifactRoot(settings)
    try:
        if not root.exists(INDEX):
            if root.exists(LATEST):
                raise DamagedError(f"The file {INDEX} below {root.uri} is missing; {_REPAIR}")
            return []
        index = root.read_bytes(INDEX)
    except DamagedError:
        raise
    except Exception as error:
        raise unreachable(settings, error, "read") from None
    names = [field.name for field in fields(PublishedMonth) if field.name != "root"]
    try:
        months = [PublishedMonth(root, **{n: m[n] for n in names}) for m in json.loads(index)["months"]]
        return sorted(months, key=lambda month: month.as_of_date)
    except (ValueError, KeyError, TypeError):
        raise DamagedError(f"The file {INDEX} below {root.uri} is damaged; {_REPAIR}") from None


def month_of_run(settings: Settings, as_of_date: date, run_key: str) -> PublishedMonth:
    """The files of a run as those of a month, though it may not be published; its manifest has been
    written."""
    folder = run_folder(as_of_date, run_key)
    return PublishedMonth(
        ArtifactRoot(settings),
        as_of_date.isoformat(),
        run_key,
        published_at="",
        action="",
        folder=folder,
        manifest_sha256="",
        report=f"{folder}/{REPORT}",
    )
