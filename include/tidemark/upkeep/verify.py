"""The one function that holds ledger, views, pointers, manifests and files against each other. It changes
nothing."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from include.tidemark.artifacts.access import unreachable
from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.pointers import CURRENT, INDEX, LATEST, wanted_pointers
from include.tidemark.artifacts.store import ArtifactRoot, RunFolder, as_of_folder, date_of, run_folder
from include.tidemark.code_version import code_version
from include.tidemark.errors import TidemarkError
from include.tidemark.history.kept_runs import KeptRun, kept_runs
from include.tidemark.history.ledger import Publication, publications_by_date
from include.tidemark.run import RUN_KEY
from include.tidemark.settings import Settings
from include.tidemark.upkeep.files import faults_of_files, unlisted_files
from include.tidemark.upkeep.findings import MISSING, REPAIR, Finding
from include.tidemark.upkeep.rows import run_tables
from include.tidemark.upkeep.views import faults_of_views, shown_by_views
from include.tidemark.warehouse.base import Warehouse

_OURS = (LATEST, INDEX, "erasing")
"""Names at the artifact root besides the months' folders."""
_ACCESS = re.compile(r"\.tidemark-access-[0-9a-f]{12}")
"""The small file of a check that is under way."""


@dataclass(frozen=True)
class _Published:
    """A run that was ever published, with its newest line in the ledger."""

    publication: Publication
    shown: bool
    kept: KeptRun | None

    @property
    def about(self) -> dict[str, Any]:
        return {
            "as_of_date": self.publication.as_of_date, "run_key": self.publication.run_key, "shown": self.shown,
        }  # fmt: skip

    @property
    def place(self) -> str:
        return run_folder(self.publication.as_of_date, self.publication.run_key)

    def consumers(self, of_shown: str) -> str:
        return of_shown if self.shown else "Nobody now; they would after a roll-back to this run."


def verify(settings: Settings, warehouse: Warehouse, *, read: bool = True) -> list[Finding]:
    """Everything in which ledger, views, pointers, manifests and files contradict each other, and names that
    are not ours.

    Args:
        read: compare the digest of every file of every published run; without it sizes alone.

    Raises:
        SettingsError: the artifact root can't be reached.
    """
    root = ArtifactRoot(settings)
    if not warehouse.columns("control", "publications"):
        return []  # no run has ever started here
    history = publications_by_date(warehouse)
    kept = kept_runs(warehouse)
    findings: list[Finding] = []
    manifests: dict[str, dict[str, Any]] = {}
    try:
        for each in _published(history, kept):
            folder = RunFolder(settings, each.publication.as_of_date, each.publication.run_key)
            manifest, found = _manifest(folder, each)
            findings += found
            if manifest is not None:
                manifests[each.publication.run_key] = manifest
                findings += _files(folder, each, manifest, read=read)
        findings += _pointers(root, history)
        findings += _strange_names(root)
    except TidemarkError:
        raise
    except Exception as error:
        raise unreachable(settings, error, "read") from None
    current = [publications[-1] for publications in history.values()]
    findings += faults_of_views(shown_by_views(warehouse), current, manifests, run_tables(warehouse))
    return findings


def _published(
    history: Mapping[date, list[Publication]], kept: Mapping[str, KeptRun]
) -> Iterator[_Published]:
    for publications in history.values():
        newest = {each.run_key: each for each in publications}
        for run_key, publication in newest.items():
            yield _Published(publication, run_key == publications[-1].run_key, kept.get(run_key))


def _manifest(folder: RunFolder, each: _Published) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The manifest as it was published, from its file or from what the warehouse keeps, and what is wrong
    with the file."""
    try:
        data = folder.read_bytes(MANIFEST)
    except FileNotFoundError:
        what = MISSING
    else:
        digest = hashlib.sha256(data).hexdigest()
        if digest == each.publication.manifest_sha256:
            return json.loads(data), []
        what = f"Its sha256 is {digest[:12]}; the ledger says {each.publication.manifest_sha256[:12]}."
    elsewhere = not each.publication.manifest_uri.startswith(f"{folder.uri}/")
    moved = f" It was published as {each.publication.manifest_uri}." if elsewhere else ""
    finding = Finding(
        kind="manifest",
        where=f"{each.place}/{MANIFEST}",
        what=what + moved,
        consumers=each.consumers(
            "The views do not depend on it. Commands and pages can't say what the files of the month are."
        ),
        action=REPAIR,
        heal="repair",
        **each.about,
    )
    if each.kept is None:
        return None, [finding.beyond_repair("The warehouse keeps no copy of this run's manifest.")]
    return json.loads(each.kept.manifest), [finding]


def _files(
    folder: RunFolder, each: _Published, manifest: Mapping[str, Any], *, read: bool
) -> Iterator[Finding]:
    for fault in faults_of_files(folder, manifest, read=read):
        finding = Finding(
            kind="file",
            where=f"{each.place}/{fault.path}",
            what=fault.what,
            consumers=each.consumers(
                "The views do not depend on it. Whoever opens this file does not get what was published."
            ),
            action=REPAIR,
            heal="repair",
            **each.about,
        )
        if fault.path.startswith("validation/"):
            finding = finding.beyond_repair("Great Expectations made it while the run was at work.")
        elif each.kept is None:
            finding = finding.beyond_repair("The warehouse does not keep what the run was made of.")
        elif not each.shown and each.kept.run.code_version != code_version():
            finding = finding.beyond_repair("The code that is installed is not that of the run.")
        yield finding
    for path in unlisted_files(folder, manifest):
        yield Finding(
            kind="name",
            where=f"{each.place}/{path}",
            what="The run's manifest does not list it.",
            consumers="Nothing of ours shows it.",
            action="It is left alone.",
            heal="nothing",
            **each.about,
        )


def _pointers(root: ArtifactRoot, history: Mapping[date, list[Publication]]) -> Iterator[Finding]:
    for name, data in wanted_pointers(root, list(history.values()), anew=True).items():
        if not root.exists(name):
            what = MISSING
        elif (found := root.read_bytes(name)) != data:
            what = (
                f"It {_says(found)}; the ledger says {_says(data).removeprefix('names ')}."
                if name != INDEX
                else "It is not what ledger and manifests say."
            )
        else:
            continue
        yield Finding(
            kind="pointer",
            where=name,
            what=what,
            consumers="The views do not depend on it. Whoever follows this pointer is led astray, or nowhere.",
            action=REPAIR,
            heal="repair",
        )
    known = {as_of_folder(day) for day in history}
    for name in [
        *(f"{month}/{CURRENT}" for month in root.subfolders() if date_of(month) and month not in known),
        LATEST,
        INDEX,
    ]:
        if (name.endswith(CURRENT) or not history) and root.exists(name):
            yield Finding(
                kind="ledger",
                where=name,
                what=f"It {_says(root.read_bytes(name))}; the ledger knows no publication of that date.",
                consumers="Whoever follows this pointer sees a month that no view shows.",
                action="Was the warehouse restored to an earlier state? Compute the month again, or remove the pointer.",
                heal="by hand",
                as_of_date=date_of(name.partition("/")[0]),
            )


def _says(pointer: bytes) -> str:
    """What a pointer says, without words of a file that may be anything."""
    try:
        run_key = json.loads(pointer)["run_key"]
    except (ValueError, KeyError, TypeError):
        return "can't be read"
    return f"names {run_key}" if isinstance(run_key, str) and RUN_KEY.fullmatch(run_key) else "can't be read"


def _strange_names(root: ArtifactRoot) -> Iterator[Finding]:
    """What lies below the root and is not ours: nothing of ours reads, counts or removes it."""
    for name in root.names():
        if name in _OURS or _ACCESS.fullmatch(name):
            continue
        if date_of(name) is None:
            yield _strange(name)
            continue
        for below in root.names(name):
            if below != CURRENT and not RUN_KEY.fullmatch(below.removeprefix("run=")):
                yield _strange(f"{name}/{below}")


def _strange(where: str) -> Finding:
    return Finding(
        kind="name",
        where=where,
        what="It is no name that a run or a pointer has.",
        consumers="Nothing of ours shows it.",
        action="It is left alone.",
        heal="nothing",
    )
