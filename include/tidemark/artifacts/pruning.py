"""Old runs that were never published are dropped: their rows, and their folders."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from include.tidemark.artifacts.store import ArtifactRoot, run_folder, run_folders
from include.tidemark.history.ledger import refuse_published
from include.tidemark.history.trial_key import is_trial
from include.tidemark.run import RUN_KEY, Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.own_schemas import drop_own_schemas, left_own_schemas

log = logging.getLogger(__name__)

_MAY_BE_AT_WORK = timedelta(days=1)
"""A run that started less than this before the present one may still be computing: a backfill and the
schedule overlap."""


@dataclass(frozen=True)
class PrunedRun:
    """A run whose rows and files are gone."""

    as_of_date: date
    run_key: str


def prune_unpublished(settings: Settings, warehouse: Warehouse, present: Run) -> list[PrunedRun]:
    """Drop old unpublished runs after a run, which is kept itself; as `prune_before`."""
    return prune_before(settings, warehouse, _started_at(present.run_key), keep=present.run_key)


def prune_before(
    settings: Settings, warehouse: Warehouse, now: datetime, keep: str | None = None
) -> list[PrunedRun]:
    """Drop unpublished runs, except the newest `keep_unpublished_runs` of each as-of date, what dead uploads
    left, and the staging and facts that a run with `known_at` built for itself and did not come to drop.

    A run that was ever published is kept, because a rollback may show it again; so is whatever started less
    than a day before `now`, because it may still be at work. A trial run that was killed before it could tidy
    up takes nobody's place. Names that are not ours are left alone. What can't be removed is named in the
    log, and tried again the next time.

    Returns:
        The runs that were dropped, oldest first.
    """
    published = {
        row["run_key"] for row in warehouse.fetch("select distinct run_key from control.publications")
    }
    tables = _run_tables(warehouse)
    root = ArtifactRoot(settings)
    before = now - _MAY_BE_AT_WORK
    candidates: dict[date, set[str]] = defaultdict(set)
    for as_of_date, run_key in _runs_with_rows(warehouse, tables) | set(run_folders(root)):
        if _is_run_key(run_key) and run_key not in published and run_key != keep:
            candidates[as_of_date].add(run_key)
    pruned = []
    for as_of_date, run_keys in sorted(candidates.items()):
        trials = {run_key for run_key in run_keys if is_trial(run_key)}
        newest_first = sorted(run_keys - trials, key=_started_at, reverse=True)
        for run_key in sorted({*newest_first[settings.keep_unpublished_runs :], *trials}, key=_started_at):
            if _started_at(run_key) < before and _tried(
                run_key, partial(_drop, warehouse, tables, root, as_of_date, run_key)
            ):
                pruned.append(PrunedRun(as_of_date, run_key))
    for suffix in left_own_schemas(warehouse):
        if _started_at(suffix[1:].upper()) < before:
            _tried(f"staging{suffix}", partial(drop_own_schemas, warehouse, suffix))
    for part in root.parts(before):
        _tried(part, partial(root.remove, part))
    return pruned


def _tried(what: str, remove: Callable[[], None]) -> bool:
    try:
        remove()
    except Exception as error:  # one that can't be removed is no reason to keep the others
        log.warning("%s is old and could not be removed (%s)", what, type(error).__name__)
        return False
    return True


def _is_run_key(text: str) -> bool:
    """Whether it is the key of a run and says when that started; another may only look like one."""
    try:
        return RUN_KEY.fullmatch(text) is not None and _started_at(text) is not None
    except ValueError:
        return False


def drop_run(settings: Settings, warehouse: Warehouse, as_of_date: date, run_key: str) -> None:
    """Remove the rows and the files of one run that was never published; nothing happens where it has none.

    Raises:
        RunIdentityError: it has been published.
    """
    refuse_published(warehouse, run_key)
    _drop(warehouse, _run_tables(warehouse), ArtifactRoot(settings), as_of_date, run_key)


def _drop(
    warehouse: Warehouse, tables: list[str], root: ArtifactRoot, as_of_date: date, run_key: str
) -> None:
    for table in tables:
        warehouse.execute(f"delete from {table} where run_key = ?", (run_key,))
    root.remove(run_folder(as_of_date, run_key))


def _run_tables(warehouse: Warehouse) -> list[str]:
    rows = warehouse.fetch(
        """
        select distinct lower(c.table_name) as table_name
        from information_schema.columns as c
        inner join information_schema.tables as t
            on c.table_schema = t.table_schema and c.table_name = t.table_name
        where lower(c.table_schema) = 'runs' and lower(c.column_name) = 'run_key' and t.table_type = 'BASE TABLE'
        """
    )
    return [
        *(f"runs.{row['table_name']}" for row in sorted(rows, key=lambda row: str(row["table_name"]))),
        "control.gate_results",
        "control.run_inputs",
        "control.segmentations",
        "control.source_columns",
    ]


def _runs_with_rows(warehouse: Warehouse, tables: list[str]) -> set[tuple[date, str]]:
    sql = " union ".join(f"select as_of_date, run_key from {table}" for table in tables)
    return {(row["as_of_date"], row["run_key"]) for row in warehouse.fetch(sql)}


def _started_at(run_key: str) -> datetime:
    return datetime.strptime(run_key.split("_")[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
