"""Staging, facts and views of one run alone, beside those that all runs share: a run with `known_at` must
neither read nor alter these."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.tidemark.errors import TidemarkError, code_of
from include.tidemark.transient import is_transient
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.control import transient

SHARED = ("staging", "core", "marts")
"""The schemas whose tables and views are the same for all runs; dbt's macro `generate_schema_name` gives them
a run's suffix."""
_OWN = re.compile(rf"(?:{'|'.join(SHARED)})_(\d{{8}}_\d{{8}}t\d{{6}}_[0-9a-f]{{8}})")


def in_own_schemas(tables: Collection[str], suffix: str) -> Callable[[str], str]:
    """What turns a query of shared tables into one of the run's own.

    Args:
        tables: as `schema.table`; no other name in a query is touched.
        suffix: what the run's schemas end in; empty for a run that has none.
    """
    if not suffix:
        return lambda sql: sql
    names = "|".join(re.escape(name) for name in tables)
    pattern = re.compile(rf'(?<![\w."$])(?:{names})(?![\w$])')
    return lambda sql: pattern.sub(lambda name: name[0].replace(".", f"{suffix}.", 1), sql)


def make_own_schemas(warehouse: Warehouse, suffix: str) -> None:
    """Make the schemas before anything is built in them: not every role may.

    Raises:
        TidemarkError: this one may not; it says what to grant.
    """
    for schema in SHARED:
        try:
            warehouse.execute(f"create {transient(warehouse, schema)}schema if not exists {schema}{suffix}")
        except Exception as error:
            if is_transient(error):
                raise
            raise TidemarkError(
                "A run with known_at builds staging, facts and views in schemas of its own and drops them at its end, but the role may not"
                f" make a schema ({type(error).__name__}{code_of(error)}); grant CREATE SCHEMA on the database to it."
            ) from None


def drop_own_schemas(warehouse: Warehouse, suffix: str) -> None:
    """Remove what a run has built for itself; harmless where nothing is left."""
    for schema in SHARED[::-1]:
        warehouse.execute(f"drop schema if exists {schema}{suffix} cascade")


def left_own_schemas(warehouse: Warehouse) -> list[str]:
    """The suffixes of own schemas that there are: of runs that are at work, or did not come to their end."""
    rows = warehouse.fetch(
        "select lower(schema_name) as name from information_schema.schemata where catalog_name = current_database()"
    )
    return sorted({f"_{own[1]}" for row in rows if (own := _OWN.fullmatch(str(row["name"])))})


class OwnSchemas:
    """A connection whose queries read a run's own tables in place of the shared ones.

    Args:
        own: what `in_own_schemas` made.
    """

    def __init__(self, warehouse: Warehouse, own: Callable[[str], str]) -> None:
        self._warehouse, self._own = warehouse, own
        self.dialect = warehouse.dialect

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._warehouse.execute(self._own(sql), parameters)

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        return self._warehouse.fetch(self._own(sql), parameters)

    def batches(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[pa.RecordBatch]:
        return self._warehouse.batches(self._own(sql), parameters)

    def transaction(self) -> AbstractContextManager[None]:
        return self._warehouse.transaction()

    def columns(self, schema: str, table: str) -> dict[str, str]:
        own_schema, own_table = self._own(f"{schema}.{table}").split(".")
        return self._warehouse.columns(own_schema, own_table)

    def describe(self, query: str) -> dict[str, str]:
        return self._warehouse.describe(self._own(query))

    def probe(self, query: str) -> Row:
        return self._warehouse.probe(self._own(query))

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._warehouse.insert(table, rows)

    def load_parquet(
        self, table: str, files: Sequence[Path], where: str | None, then: Callable[[int], None]
    ) -> None:
        self._warehouse.load_parquet(table, files, where, then)

    def close(self) -> None:
        self._warehouse.close()
