"""The last stage: the run's files, then the one ledger row that publishes it, then the pointers.

Until the ledger row is written nothing that a consumer can see has changed, and from then on everything that
is left can be made again from the ledger. So the stage can be killed anywhere, and a plain retry finishes it.
"""

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.tidemark.accounting.published import ROW_ACCOUNT, read_account, write_account
from include.tidemark.artifacts.changes import CHANGES, read_changes, write_changes
from include.tidemark.artifacts.definitions import write_definitions
from include.tidemark.artifacts.dictionary import write_dictionary
from include.tidemark.artifacts.manifest import (
    MANIFEST,
    ListedFile,
    list_bytes,
    list_local,
    make_manifest,
    read_gate,
)
from include.tidemark.artifacts.parts import ARTIFACTS, DEFINITIONS
from include.tidemark.artifacts.pointers import REPORT, rebuild_pointers
from include.tidemark.artifacts.pruning import PrunedRun, prune_unpublished
from include.tidemark.artifacts.results import STATISTICS, StatisticRows, read_statistics, write_statistics
from include.tidemark.artifacts.store import RunFolder
from include.tidemark.artifacts.tables import WrittenFile
from include.tidemark.artifacts.user_ids import user_ids
from include.tidemark.enabled import families_of
from include.tidemark.errors import GateError
from include.tidemark.families.left_out import LeftOut, families_left_out
from include.tidemark.history.kept_runs import keep_run
from include.tidemark.history.ledger import find_publication, record_publication
from include.tidemark.pipeline.discoveries import mark_discoveries, select_discoveries
from include.tidemark.pipeline.opened import open_for_run
from include.tidemark.report.family_report import REPORT_PART
from include.tidemark.report.figure_changes import with_changes
from include.tidemark.report.page import write_report
from include.tidemark.report.what_changed import Wordings, what_changed
from include.tidemark.run import Run
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.statistics.multiplicity import Selection
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.own_schemas import drop_own_schemas
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

_STAGES = ("sources", "models", "statistics")
_OURS = ("data/", "audiences/", "definitions/", "report/")
"""Subfolders that only this stage writes; what an earlier attempt left there and this one did not make is
removed."""


def publish(run: Run, settings: Settings, timings: Mapping[str, float] | None = None) -> dict[str, Any]:
    """Publish the run: export its files, append the ledger row, move the pointers, prune old unpublished
    runs.

    A run that is in the ledger already is never exported again; only what an interrupted attempt left undone
    is finished. With `options.publish` off the files are made, and neither the ledger nor a pointer is
    touched. Staging and facts that a run has for itself are dropped.

    Args:
        timings: seconds by stage for the manifest, where they are known.

    Returns:
        `status` (`published`, `already_published` or `dry_run`), `manifest_uri`, `report_uri`,
        `publication_id`, by family the `changes` since its last published month in sentences, the run's
        `summary` in lines, the `sources` with their rows, the `pointers` that moved, and the run keys that
        were `pruned`.

    Raises:
        GateError: a stage was not checked, or a critical check failed.
        SettingsError: user ids are to be hashed and there is no key.
    """
    folder = RunFolder(settings, run.as_of_date, run.run_key)
    with open_for_run(run, settings, QueryTag(run.run_key, "publish")) as warehouse:
        publication = find_publication(warehouse, run.run_key)
        status = "already_published" if publication else "published" if run.options.publish else "dry_run"
        if publication is None:
            manifest = _export(run, settings, warehouse, folder, timings)
            if run.options.publish:
                keep_run(warehouse, run, manifest)
                sha256 = hashlib.sha256(manifest).hexdigest()
                publication = record_publication(warehouse, run, f"{folder.uri}/{MANIFEST}", sha256)
        else:
            manifest = folder.read_bytes(MANIFEST)
        pointers = rebuild_pointers(settings, warehouse) if publication else []
        if run.schema_suffix:
            drop_own_schemas(warehouse, run.schema_suffix)
        pruned = _pruned(settings, warehouse, run)
    log.info(
        "Run %s as of %s: %s; pointers moved: %s", run.run_key, run.as_of_date, status, pointers or "none"
    )
    document = json.loads(manifest)
    summary = document.get("summary", [])
    log.info("\n".join(summary))
    return {
        "status": status,
        "as_of_date": run.as_of_date.isoformat(),
        "run_key": run.run_key,
        "manifest_uri": f"{folder.uri}/{MANIFEST}",
        "report_uri": f"{folder.uri}/{REPORT}",
        "publication_id": publication.publication_id if publication else None,
        "changes": {
            family["name"]: family.get("changes")
            for family in document["families"]
            if family["status"] == "computed"
        },
        "summary": summary,
        "sources": [
            {name: source[name] for name in ("table", "rows", "origin")} for source in document["sources"]
        ],
        "pointers": pointers,
        "pruned": [old.run_key for old in pruned],
    }


def _pruned(settings: Settings, warehouse: Warehouse, run: Run) -> list[PrunedRun]:
    """The run is published by now: nothing about old ones may fail it."""
    try:
        return prune_unpublished(settings, warehouse, run)
    except Exception as error:
        log.warning(
            "Old unpublished runs could not be pruned (%s); the weekly maintenance tries again",
            type(error).__name__,
        )
        return []


def _export(
    run: Run, settings: Settings, warehouse: Warehouse, folder: RunFolder, timings: Mapping[str, float] | None
) -> bytes:
    """Make every file of the run's folder, the manifest last; returns the manifest."""
    selection = mark_discoveries(run, warehouse)
    evidence = _evidence(run, warehouse, _validation_pages(folder.files()), selection)
    _refuse_unchecked(run, evidence.gate)
    with scratch_folder(settings, "publish", run.run_key) as target:
        written, changes = _write_files(run, settings, warehouse, evidence, target)
        listed = [list_local(target, file) for file in written]
        for file in listed:
            folder.upload(target / file.path, file.path)
    listed += _list_others(folder, {file.path for file in listed})
    manifest = make_manifest(
        run,
        warehouse,
        evidence.results,
        evidence.gate,
        listed,
        left_out=evidence.left_out,
        changes=changes,
        timings=timings,
    )
    folder.write_bytes(MANIFEST, manifest)
    return manifest


def write_again(
    run: Run, settings: Settings, warehouse: Warehouse, listed: Collection[str], target: Path
) -> None:
    """Write the files of a published run below a local folder once more, from its rows, which are only read.

    Args:
        listed: what the run's manifest lists.

    Raises:
        TidemarkError: its rows, or a setting such as the key of the ids, do not allow it.
    """
    evidence = _evidence(run, warehouse, _validation_pages(listed), select_discoveries(run, warehouse))
    _write_files(run, settings, warehouse, evidence, target)


@dataclass(frozen=True)
class _Evidence:
    """What earlier stages left for the files to show."""

    results: StatisticRows
    gate: list[Row]
    account: list[Row]
    changes: list[Row]
    validation_pages: list[str]
    left_out: list[LeftOut]
    selection: Selection


def _evidence(run: Run, warehouse: Warehouse, validation_pages: list[str], selection: Selection) -> _Evidence:
    return _Evidence(
        read_statistics(run, warehouse),
        read_gate(run, warehouse),
        read_account(run, warehouse),
        read_changes(run, warehouse),
        validation_pages,
        families_left_out(run),
        selection,
    )


def _write_files(
    run: Run, settings: Settings, warehouse: Warehouse, evidence: _Evidence, target: Path
) -> tuple[list[WrittenFile], dict[str, list[str] | None]]:
    """Write the files; returns them, and by family the sentences of what changed."""
    ids = user_ids(settings)
    tables = [STATISTICS, CHANGES, ROW_ACCOUNT]
    written = write_statistics(evidence.results, target, run.rules.money)
    written += write_account(evidence.account, run, target)
    written += write_changes(evidence.changes, target, run.rules.money)
    parts, definitions, wordings = [], {}, {}
    for family in families_of(run):
        artifacts, results = family.part(ARTIFACTS), evidence.results.of_family(family.name)
        written += artifacts.export(run, warehouse, results, ids, target)
        tables += artifacts.published_tables(run)
        definitions[family.name] = family.part(DEFINITIONS).definitions(run)
        changes = [row for row in evidence.changes if row["family"] == family.name]
        part = family.part(REPORT_PART).report_part(run, warehouse, results)
        parts.append(with_changes(part, changes, run.rules.segmentation_significance_threshold))
        wordings[family.name] = part.wordings
    written += write_definitions(run, definitions, target)
    written += write_dictionary(tables, target, run.rules.money)
    report = write_report(
        run,
        parts,
        evidence.gate,
        account=evidence.account,
        files=written,
        validation=evidence.validation_pages,
        target=target,
        left_out=evidence.left_out,
        selection=evidence.selection,
        changed=what_changed(run, evidence.changes, wordings),
    )
    return [*written, report], _changes_of_families(run, evidence.changes, wordings)


def _changes_of_families(run: Run, changes: Sequence[Row], wordings: Wordings) -> dict[str, list[str] | None]:
    found = {
        family: what_changed(run, [row for row in changes if row["family"] == family], wordings)
        for family in run.families
    }
    return {
        family: None if changed.is_first else [*changed.of_the_measure, *changed.sentences]
        for family, changed in found.items()
    }


def _refuse_unchecked(run: Run, gate: list[Row]) -> None:
    for row in gate:
        if row["severity"] == "critical" and not row["success"]:
            raise GateError(
                f"Run {run.run_key} may not be published: the critical check {row['expectation']} on {row['table_name']}"
                f" failed at stage {row['stage']}. Correct the cause and start a new run."
            )
    if missing := [stage for stage in _STAGES if stage not in {row["stage"] for row in gate}]:
        raise GateError(
            f"Run {run.run_key} may not be published: control.gate_results holds no check of stage {missing[0]} for it,"
            " so it was never validated. Run the check tasks before publish."
        )


def _validation_pages(files: Collection[str]) -> list[str]:
    pages = [f"validation/{stage}/index.html" for stage in _STAGES]
    return [page for page in pages if page in files]


def _list_others(folder: RunFolder, ours: set[str]) -> list[ListedFile]:
    """The files that earlier tasks put into the folder, such as the validation documents."""
    others = []
    for path in folder.files():
        if path in ours or path == MANIFEST:
            continue
        if path.startswith(_OURS):
            folder.remove(path)
        else:
            others.append(list_bytes(path, folder.read_bytes(path)))
    return others
