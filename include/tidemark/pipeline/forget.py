"""Erase persons from every month: their rows in the warehouse, and those in the user-level files of every
run.

Files first, a month at a time, then the ledger and the pointers of that month, then the warehouse's rows in
one transaction. Each step can be repeated, so a run that was stopped anywhere is completed by another one
with the same ids. No id is kept.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from include.tidemark.artifacts.manifest import MANIFEST
from include.tidemark.artifacts.pointers import rebuild_pointers
from include.tidemark.artifacts.store import ArtifactRoot, RunFolder, run_folders
from include.tidemark.artifacts.user_ids import published_forms, user_ids
from include.tidemark.config.folder import SOURCES, load_config
from include.tidemark.erasure.files import Wanted
from include.tidemark.erasure.listed import read_user_ids, table_of_ids
from include.tidemark.erasure.rows import (
    UserTable,
    erase_rows,
    foreign_sources,
    loaded_from_files,
    others_of,
    people_found,
    runs_with,
    source_rows,
    user_tables,
)
from include.tidemark.erasure.run_files import (
    ASIDE,
    Erasure,
    RunFiles,
    forget_what_was_put_aside,
    id_columns,
    put_aside,
    put_in_place,
)
from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.history.erasures import record_erasures
from include.tidemark.history.facts import mark_for_rebuild
from include.tidemark.history.kept_runs import keep_manifest
from include.tidemark.history.ledger import published_digests, record_erasure
from include.tidemark.settings import Settings
from include.tidemark.sources.sources_file import sources_model
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.own_schemas import drop_own_schemas, left_own_schemas
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)

_OTHERS = 20
"""How many users who stay are looked for in files where nobody was found."""
_AGAIN = "the people are still in it: put it right, then run the command again"


@dataclass
class Forgotten:
    """What was erased. Counts only."""

    persons: int
    """Who were named."""
    found: int = 0
    """Who of them had a row or a file's row."""
    runs: list[RunFiles] = field(default_factory=list)
    """Runs whose files were changed."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows by table of the warehouse."""
    ledger_rows: int = 0
    foreign: list[str] = field(default_factory=list)
    """Source tables that the deployment itself must erase the people from."""
    landing: list[str] = field(default_factory=list)
    """Tables that are loaded from landing files, which were not touched."""
    problems: list[str] = field(default_factory=list)
    """What was left as it was, in a sentence each."""

    @property
    def notes(self) -> list[str]:
        """What is left for the deployment to do, in a sentence each."""
        notes = []
        if self.foreign:
            notes.append(
                f"Not erased, because this project does not load them: {', '.join(self.foreign)}; where the people are still in"
                " them, erase them there, too, or the next month computes them again."
            )
        if self.landing:
            notes.append(
                f"The landing files of {', '.join(self.landing)} were not touched; erase the people at the source, too, or a"
                " file that changes brings them back."
            )
        return notes

    def as_json(self) -> dict[str, Any]:
        """The counts, for XCom and programs."""
        return {
            "persons": self.persons,
            "found": self.found,
            "unknown": self.persons - self.found,
            "rows": {name: rows for name, rows in self.rows.items() if rows},
            "runs": [
                {
                    "as_of_date": run.as_of_date.isoformat(), "run_key": run.run_key,
                    "persons": len(run.people), "files": run.files, "rows": run.rows,
                }
                for run in self.runs
            ],
            "ledger_rows": self.ledger_rows,
            "notes": self.notes,
            "problems": self.problems,
        }  # fmt: skip


def forget_users(place: str, reason: str | None, settings: Settings, at: datetime) -> dict[str, Any]:
    """Erase the people in a file, and fail where something had to be left; returns the counts.

    Raises:
        TidemarkError: as `forget` does, or after everything else was erased, with what was left.
    """
    outcome = forget(place, reason, settings, at)
    for note in outcome.notes:
        log.warning("%s", note)
    if outcome.problems:
        raise TidemarkError(" ".join(outcome.problems))
    return outcome.as_json()


def forget(place: str, reason: str | None, settings: Settings, at: datetime) -> Forgotten:
    """Erase the people in a file from the warehouse and from the files of every run, published or not.

    Args:
        place: path or URL of a text file with one user id a line.
        reason: for the manifests and `control.erasures`; it must not name anybody.
        at: when it was asked for.

    Raises:
        TidemarkError: the file or the reason can't be used; nothing was changed.
    """
    ids = read_user_ids(place)
    reason = _checked_reason(reason, ids)
    forms = published_forms(settings, ids)
    mapped = _mapped(settings)
    if settings.warehouse == "duckdb" and not settings.duckdb_path.exists():
        raise SettingsError(
            f"There is no warehouse {settings.duckdb_path}, so nobody can be erased from it; set TIDEMARK_DUCKDB_PATH to yours."
        )
    outcome = Forgotten(len(ids))
    with open_warehouse(settings, QueryTag("none", "forget")) as warehouse:
        ensure_control_tables(warehouse)
        for suffix in left_own_schemas(warehouse):
            drop_own_schemas(warehouse, suffix)
        _complete_what_was_begun(settings, warehouse, outcome)
        with table_of_ids(settings, warehouse, ids) as listed:
            _forget(_Work(settings, warehouse, listed, forms, mapped, Erasure(at, reason)), outcome)
    log.info(
        "Of %s persons %s were found; %s rows of the warehouse and %s rows of the files of %s runs are gone.",
        outcome.persons,
        outcome.found,
        sum(outcome.rows.values()),
        sum(run.rows for run in outcome.runs),
        len(outcome.runs),
    )
    return outcome


@dataclass(frozen=True)
class _Work:
    settings: Settings
    warehouse: Warehouse
    listed: str
    """Table of the ids."""
    forms: Mapping[str, str]
    mapped: Mapping[str, str]
    erasure: Erasure


def _forget(work: _Work, outcome: Forgotten) -> None:
    warehouse, root = work.warehouse, ArtifactRoot(work.settings)
    folders = sorted(run_folders(root))
    published_as_ids = {
        name
        for as_of_date, run_key in folders
        for names in id_columns(RunFolder(work.settings, as_of_date, run_key)).values()
        for name in names
    }
    every = [table for table in user_tables(warehouse, published_as_ids) if table.name != work.listed]
    ours = loaded_from_files(warehouse)
    tables = [table for table in every if table.schema != "raw" or table.table in ours]
    found = people_found(warehouse, tables, work.listed)
    with_rows = runs_with(warehouse, tables, work.listed)
    for as_of_date, runs in groupby(folders, key=lambda folder: folder[0]):
        changed = []
        for _, run_key in runs:
            others = (
                others_of(warehouse, tables, work.listed, run_key, _OTHERS) if run_key in with_rows else set()
            )
            files = _put_aside(work, as_of_date, run_key, others)
            if files.problem:
                outcome.problems.append(f"{files.problem}; {_AGAIN}.")
            elif files.rows:
                changed.append(files)
            found |= files.people
        outcome.runs += changed
        outcome.ledger_rows += _show(work.settings, warehouse, as_of_date, [run.run_key for run in changed])
    root.remove(ASIDE)
    outcome.found = len(found)
    outcome.foreign = foreign_sources(every, ours, work.mapped)
    outcome.landing = sorted(t.table for t in tables if t.schema == "raw" and t.table not in work.mapped)
    outcome.rows = _erase_rows(work, tables, ours, outcome)


def _put_aside(work: _Work, as_of_date: date, run_key: str, others: set[str]) -> RunFiles:
    """The run's files without the people, below `erasing/`.

    Where nobody is found although the warehouse has rows of them for that run, it must be possible to find
    others; else the files were written with another key.
    """
    publish = user_ids(work.settings).publish
    wanted = Wanted(work.forms, {publish(user_id) for user_id in others})
    promised = published_digests(work.warehouse).get(run_key)
    files = put_aside(work.settings, as_of_date, run_key, wanted, erasure=work.erasure, promised=promised)
    if others and files.left and not files.rows and not files.others and not files.problem:
        files.problem = (
            f"The user ids in the files of run {run_key} were not made with the present TIDEMARK_ID_HASH_KEY"
        )
    return files


def _show(settings: Settings, warehouse: Warehouse, as_of_date: date, run_keys: list[str]) -> int:
    """Put the changed files of a month's runs in place, and let ledger and pointers know; returns the rows of
    the ledger."""
    root = ArtifactRoot(settings)
    digests = {run_key: digest for run_key in run_keys if (digest := put_in_place(root, as_of_date, run_key))}
    for run_key in digests:
        keep_manifest(warehouse, run_key, RunFolder(settings, as_of_date, run_key).read_bytes(MANIFEST))
    recorded = record_erasure(warehouse, as_of_date, digests)
    if run_keys:
        rebuild_pointers(settings, warehouse)
    for run_key in run_keys:
        forget_what_was_put_aside(root, as_of_date, run_key)
    return len(recorded)


def _complete_what_was_begun(settings: Settings, warehouse: Warehouse, outcome: Forgotten) -> None:
    """Finish what an interrupted erasure had put aside, whoever it was about."""
    begun = sorted(run_folders(ArtifactRoot(settings), ASIDE))
    for as_of_date, runs in groupby(begun, key=lambda folder: folder[0]):
        outcome.ledger_rows += _show(settings, warehouse, as_of_date, [run_key for _, run_key in runs])


def _erase_rows(work: _Work, tables: list[UserTable], ours: set[str], outcome: Forgotten) -> dict[str, int]:
    warehouse = work.warehouse
    with warehouse.transaction():
        of_source = source_rows(warehouse, tables, work.listed, ours)
        erased = erase_rows(warehouse, tables, work.listed)
        if any(rows for name, rows in erased.items() if name.startswith("core.")) and outcome.foreign:
            # The deployment's own rows may be erased before the next run or after it: the facts then follow.
            mark_for_rebuild(warehouse, "erasure")
        record_erasures(warehouse, work.erasure.at, work.erasure.reason, outcome.found, erased, of_source)
    return erased


def _mapped(settings: Settings) -> dict[str, str]:
    """By table of the contract, the deployment's own table that `sources.yml` reads it from."""
    content = load_config(settings).documents.get(SOURCES, {})
    sources = sources_model().model_validate(content).mapped()
    return {name: str(source.from_) for name, source in sources.items() if source.from_ is not None}


def _checked_reason(reason: str | None, ids: frozenset[str]) -> str | None:
    if reason is None or not reason.strip():
        return None
    if ids & {reason.strip(), *re.findall(r"[^\s,;:()]+", reason)}:
        raise TidemarkError(
            "The reason names one of the user ids, and is written into every manifest; give one that names nobody."
        )
    return reason.strip()
