"""Old runs that were never published are dropped: their rows, and their folders."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from include.tidemark.artifacts.store import ArtifactRoot, run_folder, run_folders
from include.tidemark.history.ledger import refuse_published
from include.tidemark.history.trial_key import is_trial
from include.tidemark.run import RUN_KEY, Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse.base import Warehouse

_MAY_BE_AT_WORK = timedelta(days=1)
"""A run that started less than this before the present one may still be computing: a backfill and the schedule overlap."""


@dataclass(frozen=True)
class PrunedRun:
    """A run whose rows and files are gone."""

    as_of_date: date
    run_key: str


def prune_unpublished(settings: Settings, warehouse: Warehouse, present: Run) -> list[PrunedRun]:
    """Drop unpublished runs, except the newest `keep_unpublished_runs` of each as-of date.

    A run that was ever published is kept, because a rollback may show it again; so is the present run, and whatever
    started less than a day before it. A trial run that was killed before it could tidy up takes nobody's place.

    Returns:
        The runs that were dropped, oldest first.
    """
    published = {
        row["run_key"] for row in warehouse.fetch("select distinct run_key from control.publications")
    }
    tables = _run_tables(warehouse)
    root = ArtifactRoot(settings)
    candidates: dict[date, set[str]] = defaultdict(set)
    for as_of_date, run_key in _runs_with_rows(warehouse, tables) | set(run_folders(root)):
        if RUN_KEY.fullmatch(run_key) and run_key not in published and run_key != present.run_key:
            candidates[as_of_date].add(run_key)
    pruned = []
    for as_of_date, run_keys in sorted(candidates.items()):
        trials = {run_key for run_key in run_keys if is_trial(run_key)}
        newest_first = sorted(run_keys - trials, key=_started_at, reverse=True)
        for run_key in sorted({*newest_first[settings.keep_unpublished_runs :], *trials}, key=_started_at):
            if _started_at(run_key) < _started_at(present.run_key) - _MAY_BE_AT_WORK:
                _drop(warehouse, tables, root, as_of_date, run_key)
                pruned.append(PrunedRun(as_of_date, run_key))
    return pruned


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
