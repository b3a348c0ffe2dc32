"""Beside the statistics: how every number changed since the last published month and since the same month a
year before, and its trend."""

import logging
from collections.abc import Iterable
from typing import Any

from threadpoolctl import threadpool_limits

from include.tidemark.artifacts.changes import TABLE
from include.tidemark.enabled import families_of
from include.tidemark.families.comparison_part import COMPARISON, MISSING, SAME_RULES, earlier_run
from include.tidemark.families.family import Family
from include.tidemark.history.ledger import refuse_published
from include.tidemark.history.run_inputs import differences
from include.tidemark.pipeline.opened import open_for_run
from include.tidemark.run import PublishedRun, Run
from include.tidemark.segmentations.changes import is_redeclared
from include.tidemark.settings import Settings
from include.tidemark.statistics.change import TREND
from include.tidemark.statistics.change_rows import ChangeRow, change_records
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import replace_run_rows
from include.tidemark.warehouse.query_tag import QueryTag

log = logging.getLogger(__name__)


def compare(run: Run, settings: Settings) -> dict[str, Any]:
    """Write the changes of all families to `runs.changes`; returns how many there are, and how many of them
    are null.

    Raises:
        RunIdentityError: the run has been published.
    """
    with open_for_run(run, settings, QueryTag(run.run_key, "statistics.changes")) as warehouse:
        refuse_published(warehouse, run.run_key)
        with threadpool_limits(limits=1, user_api="blas"):
            rows = [row for family in families_of(run) for row in _changes(family, run, warehouse)]
        replace_run_rows(warehouse, TABLE, run.run_key, rows, {})
    nulls = sum(row["change"] is None for row in rows)
    log.info("%s changes, %s without an estimate", len(rows), nulls)
    return {"rows": len(rows), "without_estimate": nulls}


def _changes(family: Family, run: Run, warehouse: Warehouse) -> list[Row]:
    changes = family.part(COMPARISON).changes(run, warehouse)
    return [
        record
        for comparison in dict.fromkeys(row.comparison for row in changes)
        for record in change_records(
            [row for row in changes if row.comparison == comparison],
            {"as_of_date": run.as_of_date, "run_key": run.run_key, "family": family.name}
            | _earlier(family.name, run, comparison, warehouse)
            | _without_rows(row for row in changes if row.comparison == comparison),
        )
    ]


def _without_rows(rows: Iterable[ChangeRow]) -> Row:
    """What is known of a comparison with a month whose rows are gone: it is with none that can be
    compared."""
    if any(row.reason != MISSING for row in rows):
        return {}
    return {"is_comparable": False, "differences": "rows missing"}


def _earlier(family: str, run: Run, comparison: str, warehouse: Warehouse) -> Row:
    """What is known of all rows of a comparison: the month that it is with, of a trend the first, and what
    differed in any of its months."""
    since = earlier_run(run, family, comparison)
    months = run.trend_of(family) if comparison == TREND else (since,) if since else ()
    if not months:
        return dict.fromkeys(("earlier_as_of_date", "earlier_run_key", "is_comparable", "differences"))
    found = dict.fromkeys(what for month in months for what in _differences(run, family, month, warehouse))
    if comparison.endswith(SAME_RULES):
        found = dict.fromkeys(what for what in found if what not in _OF_RULES)
    return {
        "earlier_as_of_date": months[0].as_of_date,
        "earlier_run_key": months[0].run_key,
        "is_comparable": not found,
        "differences": ", ".join(found) or None,
    }


_OF_RULES = ("rules changed", "segments changed")
"""What is no difference where both months are under this run's rules."""


def _differences(run: Run, family: str, earlier: PublishedRun, warehouse: Warehouse) -> Iterable[str]:
    yield from differences(run, earlier, warehouse)
    if is_redeclared(run, warehouse, family, earlier.run_key):
        yield "segments changed"
