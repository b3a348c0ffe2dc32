"""Do the views show what the ledger says, and all of it?"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from include.tidemark.history.ledger import Publication
from include.tidemark.upkeep.findings import Finding, new_run
from include.tidemark.upkeep.rows import published_rows
from include.tidemark.warehouse.base import Warehouse, WarehouseRefusedError

_CURRENT = "_current"
_PLAIN = re.compile(r"[a-z][a-z0-9_]*")
"""A name that SQL takes without quotes, as ours all are."""
Shown = dict[tuple[date, str], int]
"""Rows of a view by as-of date and run key."""


def shown_by_views(warehouse: Warehouse) -> dict[str, Shown | None]:
    """What each view of the schema `marts` that names runs shows; None of one that can't be read."""
    names = [
        str(row["name"])
        for row in warehouse.fetch(
            "select lower(table_name) as name from information_schema.columns"
            " where lower(table_schema) = 'marts' and lower(column_name) in ('as_of_date', 'run_key')"
            " group by lower(table_name) having count(*) = 2 order by lower(table_name)"
        )
        if _PLAIN.fullmatch(row["name"])
    ]
    shown: dict[str, Shown | None] = {name: {} if _is_readable(warehouse, name) else None for name in names}
    readable = {name: rows for name, rows in shown.items() if rows is not None}
    if readable:
        each = (
            f"select '{name}' as name, as_of_date, run_key, count(*) as n from marts.{name} group by as_of_date, run_key"
            for name in readable
        )
        for row in warehouse.fetch(" union all ".join(each)):
            readable[row["name"]][row["as_of_date"], row["run_key"]] = int(row["n"])
    return shown


def _is_readable(warehouse: Warehouse, name: str) -> bool:
    try:
        warehouse.describe(f"select as_of_date, run_key from marts.{name}")
    except WarehouseRefusedError:
        return False
    return True


def faults_of_views(
    seen: Mapping[str, Shown | None],
    current: Sequence[Publication],
    manifests: Mapping[str, Mapping[str, Any]],
    tables: Sequence[str],
) -> Iterator[Finding]:
    """Views that are gone, show another run than the ledger, or fewer or more rows than were published.

    Args:
        current: what the ledger says is published.
        manifests: of the runs, as far as they can be read.
        tables: names of the tables in the schema `runs`.
    """
    keys = {(each.as_of_date, each.run_key) for each in current}
    shown = {name: rows for name, rows in seen.items() if rows is not None}
    for name in seen.keys() - shown.keys():
        yield _unreadable(name, "It can't be read: something that its SQL names is not there.", current)
    for name, rows in shown.items():
        for day, run_key in sorted(rows.keys() - keys):
            yield _other_run(name, day, run_key)
        table = name.removesuffix(_CURRENT)
        if (
            name != table
            and table in shown
            and (newest := max(shown[table], default=None))
            and newest not in rows
        ):
            yield Finding(
                kind="view",
                where=f"marts.{name}",
                what=f"It does not show the newest published month, {newest[0]}.",
                consumers=f"Whoever reads it sees an older month; marts.{table} shows all.",
                action=f"Its SQL was changed by hand. {new_run(newest[0])} dbt then makes the view anew.",
                heal="new run",
                as_of_date=newest[0],
                run_key=newest[1],
            )
    gone: set[str] = set()
    for publication in current:
        for table, published in published_rows(manifests.get(publication.run_key), tables).items():
            gone |= {table, f"{table}{_CURRENT}"} - seen.keys()
            if (
                table in shown
                and (found := shown[table].get((publication.as_of_date, publication.run_key), 0)) != published
            ):
                yield _other_rows(table, found, published, publication)
    for table in sorted(gone):
        yield _unreadable(table, "The view is gone.", current)


def _unreadable(name: str, what: str, current: Sequence[Publication]) -> Finding:
    newest = current[-1] if current else None
    return Finding(
        kind="view",
        where=f"marts.{name}",
        what=what,
        consumers="Whoever reads it gets an error; the files show every month.",
        action=f"dbt makes it anew with every run. {new_run(newest.as_of_date if newest else None)}",
        heal="new run",
        as_of_date=newest.as_of_date if newest else None,
        run_key=newest.run_key if newest else None,
    )


def _other_rows(table: str, found: int, published: int, publication: Publication) -> Finding:
    day = publication.as_of_date
    return Finding(
        kind="view",
        where=f"marts.{table}",
        what=f"It shows {found:,} rows as of {day}; published were {published:,}.",
        consumers="The view and the files show different rows.",
        action=f"Rows of a published run were changed or removed by hand. {new_run(day)}",
        heal="new run",
        as_of_date=day,
        run_key=publication.run_key,
    )


def _other_run(name: str, day: date, run_key: str) -> Finding:
    return Finding(
        kind="view",
        where=f"marts.{name}",
        what=f"It shows run {run_key} as of {day}, which the ledger does not say is published.",
        consumers="Whoever reads it sees rows that nobody published.",
        action=f"Its SQL was changed by hand. {new_run(day)} dbt then makes the view anew.",
        heal="new run",
        as_of_date=day,
        run_key=run_key,
    )
