"""What is lost or damaged of the publications is made again from what the warehouse holds, byte for byte, or
left as it is."""

import logging
from collections.abc import Iterator
from itertools import groupby

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.pointers import rebuild_pointers
from include.tidemark.artifacts.store import Folder, RunFolder
from include.tidemark.code_version import code_version
from include.tidemark.errors import TidemarkError
from include.tidemark.history.kept_runs import KeptRun, kept_runs
from include.tidemark.pipeline.publish import write_again
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
from include.tidemark.upkeep.findings import Finding
from include.tidemark.upkeep.verify import verify
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def look(settings: Settings, *, read: bool = True) -> list[Finding]:
    """What is wrong with the publications; nothing is changed.

    Args:
        read: as in `verify`.
    """
    if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
        return []
    with open_warehouse(settings, QueryTag("none", "verify"), read_only=True) as warehouse:
        return verify(settings, warehouse, read=read)


def repair(settings: Settings) -> tuple[list[Finding], list[Finding]]:
    """Make again what can be made again; returns what was put right, and what is left with what to do about
    it.

    A file takes its place only where its digest is that of the manifest, so a repair can't make anything
    worse, whatever code makes it.
    """
    with open_warehouse(settings, QueryTag("none", "repair")) as warehouse:
        ensure_control_tables(warehouse)
        found = verify(settings, warehouse)
        kept = kept_runs(warehouse)
        refused: dict[str, str] = {}
        healable = [each for each in found if each.heal == "repair" and each.run_key in kept]
        for run_key, of_run in groupby(healable, key=lambda each: str(each.run_key)):
            refused |= dict(_repair_run(settings, warehouse, kept[run_key], list(of_run)))
        if any(each.heal == "repair" for each in found):
            rebuild_pointers(settings, warehouse, anew=True)
        left = verify(settings, warehouse)
    still = {each.where for each in left}
    healed = [each for each in found if each.is_problem and each.where not in still]
    for each in healed:
        log.info("Made again: %s", each.where)
    return healed, [
        each.beyond_repair(refused[each.where]) if each.where in refused else each for each in left
    ]


def _repair_run(
    settings: Settings, warehouse: Warehouse, kept: KeptRun, findings: list[Finding]
) -> Iterator[tuple[str, str]]:
    """Write a run's manifest and files again; yields the paths that its rows do not give back, and why."""
    run = kept.run
    folder = RunFolder(settings, run.as_of_date, run.run_key)
    if any(each.kind == "manifest" for each in findings):
        folder.write_bytes(MANIFEST, kept.manifest)
    wanted = {each.where: kept.digests[_below(each.where)] for each in findings if each.kind == "file"}
    if not wanted:
        return
    with scratch_folder(settings, "repair", run.run_key) as scratch:
        here = Folder(scratch.as_uri())
        try:
            write_again(run, settings, warehouse, kept.digests, scratch)
            why = _why_other(kept)
        except TidemarkError as error:
            why = f"It could not be made again: {error}"
        except Exception as error:  # other code than the run's may fail anyhow on its rows
            why = f"It could not be made again ({type(error).__name__}). {_why_other(kept)}"
        for where, digest in wanted.items():
            path = _below(where)
            if here.exists(path) and here.sha256(path) == digest:
                folder.upload(scratch / path, path)
            else:
                yield where, why


def _why_other(kept: KeptRun) -> str:
    if kept.run.code_version != code_version():
        return "The code that is installed is not that of the run, and makes other bytes of its rows."
    return (
        "Its rows or a setting, such as the key of the ids, are not those of the run, and give other bytes."
    )


def _below(where: str) -> str:
    """The path within the run's folder."""
    return where.split("/", 2)[2]
