"""Does the warehouse hold the rows of a published run?"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from include.tidemark.history.kept_runs import kept_runs
from include.tidemark.warehouse.base import Warehouse

_ALWAYS = "statistics"
"""No run is published without rows of this table."""


def run_tables(warehouse: Warehouse) -> list[str]:
    """Names of the tables in the schema `runs`."""
    rows = warehouse.fetch(
        "select lower(table_name) as name from information_schema.tables where lower(table_schema) = 'runs'"
    )
    return [str(row["name"]) for row in rows]


def published_rows(manifest: Mapping[str, Any] | None, tables: Sequence[str]) -> dict[str, int]:
    """Rows of each table of the run that is published whole under its own name, as the manifest says."""
    found: dict[str, int] = defaultdict(int)
    for entry in (manifest or {"files": ()})["files"]:
        folder, _, name = str(entry["path"]).rpartition("/")
        table, _, suffix = name.rpartition(".")
        if folder == "data" and suffix == "csv" and table in tables and entry.get("rows") is not None:
            found[table] = int(entry["rows"])
    return found


def lost_rows(warehouse: Warehouse, run_key: str) -> str | None:
    """What the warehouse lacks of a published run's rows, in words; None where it has them all.

    A run of an earlier release, whose manifest the warehouse does not keep, is taken for whole where it has
    statistics.
    """
    kept = kept_runs(warehouse).get(run_key)
    expected = published_rows(json.loads(kept.manifest), run_tables(warehouse)) if kept else {}
    for table in [*expected, _ALWAYS]:
        (row,) = warehouse.fetch(f"select count(*) as n from runs.{table} where run_key = ?", (run_key,))
        found = int(row["n"])
        if found == 0 and not expected:
            return f"runs.{table} has none"
        if expected and found != expected.get(table, found):
            return f"runs.{table} has {found:,}, published were {expected[table]:,}"
    return None
