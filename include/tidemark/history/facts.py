"""What the daily facts of `core` were built on: when that changes, all of their days have to be built
again."""

import hashlib
import json
from datetime import UTC, timedelta
from typing import Any

from include.tidemark.families import known_families
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Row, Warehouse

VERSION = 2
"""Of the rows that the models of the daily facts make. To be raised by a change after which the same source
has other rows: the first run of the new release then builds all days again, without being told."""


def basis_of(run: Run) -> str:
    """Digest of what decides the rows of a day besides the source's own: the zone, the mapping, which facts
    are built, and the version of their models."""
    built = sorted(set(run.families) & known_families().keys())
    basis: list[Any] = [run.rules.business_timezone, run.config.get("sources.yml"), built]
    if VERSION > 1:  # 1 stands for the releases that noted none
        basis.append(VERSION)
    return hashlib.sha256(json.dumps(basis, sort_keys=True, default=str).encode()).hexdigest()


def start_build(warehouse: Warehouse, run: Run) -> bool:
    """Whether the facts stand on something else than this run does, or may: an earlier build did not come to
    its end.

    That is written down before anything is built, so that a run which fails on the way leaves the facts
    marked. A run with facts of its own leaves those of all runs alone.
    """
    if run.known_at:
        return False
    newest = _newest(warehouse)
    if newest is None or _stands_on(newest, run):
        return False
    _record(warehouse, run, finished=False)
    return True


def finish_build(warehouse: Warehouse, run: Run) -> None:
    """Note that the facts stand on what this run does, unless it has facts of its own."""
    if run.known_at:
        return
    newest = _newest(warehouse)
    if newest is None or not _stands_on(newest, run):
        warehouse.execute("delete from control.fact_builds where run_key = ?", (run.run_key,))
        _record(warehouse, run, finished=True)


def mark_for_rebuild(warehouse: Warehouse, why: str) -> None:
    """Note that the facts no longer hold what they were built from: the next run builds all of their days
    again."""
    (newest,) = warehouse.fetch(
        "select coalesce(max(recorded_at), timestamp '1970-01-01 00:00:00') as moment from control.fact_builds"
    )
    moment = newest["moment"] + timedelta(microseconds=1)
    warehouse.insert(
        "control.fact_builds", [{"basis": why, "run_key": why, "finished": False, "recorded_at": moment}]
    )


def _newest(warehouse: Warehouse) -> Row | None:
    """The last build that was noted; of a run that noted both, that it began."""
    rows = warehouse.fetch(
        "select basis, finished from control.fact_builds order by recorded_at desc, finished limit 1"
    )
    return rows[0] if rows else None


def _stands_on(build: Row, run: Run) -> bool:
    return bool(build["finished"]) and build["basis"] == basis_of(run)


def _record(warehouse: Warehouse, run: Run, *, finished: bool) -> None:
    moment = run.started_at.astimezone(UTC).replace(tzinfo=None)
    warehouse.insert(
        "control.fact_builds",
        [{"basis": basis_of(run), "run_key": run.run_key, "finished": finished, "recorded_at": moment}],
    )
