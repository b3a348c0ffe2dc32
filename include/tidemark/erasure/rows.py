"""Rows of persons in the warehouse: which tables hold any, and their removal."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.loads import FILE
from include.tidemark.warehouse.base import Row, Warehouse

_SCHEMAS = ("raw", "core", "runs", "control")
_USER_COLUMN = re.compile(r"(?:\w+_)?(?:user|customer)_id")
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_FACTS_OF = {
    "transactions": {"fct_customer_category_daily": "purchase_count"},
    "events": {"fct_user_activity_daily": "delivery_count", "fct_user_event_daily": "delivery_count"},
}
"""By source table: the facts that are made of it, and which of their columns counts its rows."""


@dataclass(frozen=True)
class UserTable:
    """A table of the warehouse whose rows are of users."""

    schema: str
    table: str
    columns: tuple[str, ...]
    """Those with a user's id."""
    has_runs: bool = False
    """Whether it has a partition of rows for each run."""

    @property
    def name(self) -> str:
        """As SQL writes it."""
        return f"{self.schema}.{self.table}"

    def of(self, ids: str) -> str:
        """SQL condition: the row is of somebody in the table `ids`."""
        return " or ".join(
            f"cast({column} as varchar) in (select user_id from {ids})" for column in self.columns
        )

    def found_in(self, ids: str) -> str:
        """Query of who in the table `ids` has a row, in the column `user_id`; one may be named more than
        once."""
        return " union all ".join(
            f"select distinct cast({column} as varchar) as user_id from {self.name}"
            f" where cast({column} as varchar) in (select user_id from {ids})"
            for column in self.columns
        )


def is_user_column(name: str) -> bool:
    """Whether a column of that name holds users' ids by the project's convention.

    >>> [is_user_column(name) for name in ("user_id", "customer_id", "previous_user_id", "user_type")]
    [True, True, True, False]
    """
    return _USER_COLUMN.fullmatch(name) is not None


def user_tables(warehouse: Warehouse, published_as_ids: Collection[str] = ()) -> list[UserTable]:
    """Every table that has a column of user ids, by the warehouse's own columns, so that no family can be
    forgotten.

    Args:
        published_as_ids: names of columns that are published as user ids, whatever they are called.
    """
    rows = warehouse.fetch(
        f"""
        select lower(c.table_schema) as table_schema, lower(c.table_name) as table_name, lower(c.column_name) as column_name
        from information_schema.columns as c
        inner join information_schema.tables as t
            on c.table_schema = t.table_schema and c.table_name = t.table_name
        where lower(c.table_schema) in ({", ".join(f"'{schema}'" for schema in _SCHEMAS)}) and t.table_type = 'BASE TABLE'
        """
    )
    columns: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if all(_PLAIN_NAME.fullmatch(name) for name in row.values()):
            columns.setdefault((row["table_schema"], row["table_name"]), set()).add(row["column_name"])
    found = []
    for (schema, table), names in sorted(columns.items()):
        ids = sorted(name for name in names if is_user_column(name) or name in published_as_ids)
        if ids:
            found.append(UserTable(schema, table, tuple(ids), "run_key" in names))
    return found


def loaded_from_files(warehouse: Warehouse) -> set[str]:
    """The raw tables whose rows this project loaded from landing files: those are its own to change."""
    return {row["table_name"] for row in warehouse.fetch("select distinct table_name from control.loads")}


def people_found(warehouse: Warehouse, tables: Iterable[UserTable], ids: str) -> set[str]:
    """Who in the table `ids` has a row in any of the tables."""
    return {
        str(row["user_id"])
        for table in tables
        for row in warehouse.fetch(f"select distinct user_id from ({table.found_in(ids)}) as found")
    }


def erase_rows(warehouse: Warehouse, tables: Iterable[UserTable], ids: str) -> dict[str, int]:
    """Delete the rows of those in the table `ids`, within the caller's transaction; returns how many by
    table."""
    erased = {}
    for table in tables:
        condition = table.of(ids)
        erased[table.name] = _count(warehouse, f"select count(*) as n from {table.name} where {condition}")
        if erased[table.name]:
            files = _files(warehouse, table)
            warehouse.execute(f"delete from {table.name} where {condition}")
            # Of a file without rows nothing tells that it was loaded, and it would be loaded again: it counts
            # as an empty one.
            for uri in files - _files(warehouse, table):
                warehouse.execute(
                    "update control.loads set delivered_count = delivered_count - row_count, row_count = 0"
                    " where table_name = ? and uri = ?",
                    (table.table, uri),
                )
    return erased


def source_rows(
    warehouse: Warehouse, tables: Collection[UserTable], ids: str, ours: Collection[str]
) -> dict[str, int]:
    """How many rows of each source table are those of the people, before they are erased.

    Of a source that the deployment itself loads, this is what the daily facts hold of it: the gate's
    comparison of a month with the one before has to know, wherever the rows were erased.
    """
    counts = {}
    held = {table.name: table for table in tables}
    for source in source_tables():
        if source in ours and (raw := held.get(f"raw.{source}")):
            counts[source] = _count(warehouse, f"select count(*) as n from {raw.name} where {raw.of(ids)}")
            continue
        for fact, column in _FACTS_OF.get(source, {}).items():
            if table := held.get(f"core.{fact}"):
                counts[source] = _count(
                    warehouse,
                    f"select coalesce(sum({column}), 0) as n from {table.name} where {table.of(ids)}",
                )
                break
    return counts


def runs_with(warehouse: Warehouse, tables: Iterable[UserTable], ids: str) -> set[str]:
    """Keys of the runs that have rows of the people."""
    return {
        row["run_key"]
        for table in tables
        if table.has_runs
        for row in warehouse.fetch(f"select distinct run_key from {table.name} where {table.of(ids)}")
    }


def others_of(
    warehouse: Warehouse, tables: Iterable[UserTable], ids: str, run_key: str, count: int
) -> set[str]:
    """Some users of a run who are not in the table `ids`."""
    others: set[str] = set()
    for table in tables:
        if table.has_runs:
            column = table.columns[0]
            rows = warehouse.fetch(
                f"select distinct cast({column} as varchar) as user_id from {table.name}"
                f" where run_key = ? and not ({table.of(ids)}) limit {count:d}",
                (run_key,),
            )
            others |= {str(row["user_id"]) for row in rows if row["user_id"] is not None}
    return others


def foreign_sources(
    tables: Iterable[UserTable], ours: Collection[str], mapped: Mapping[str, str]
) -> list[str]:
    """Names of the source tables with users whose rows are not this project's to change.

    Args:
        mapped: by table of the contract, the deployment's own table that it is read from.
    """
    raw = [t.name for t in tables if t.schema == "raw" and t.table not in ours and t.table not in mapped]
    with_users = {
        name for name, table in source_tables().items() if any(is_user_column(c.name) for c in table.columns)
    }
    return sorted({*raw, *(relation for name, relation in mapped.items() if name in with_users)})


def _files(warehouse: Warehouse, table: UserTable) -> set[str]:
    if table.schema != "raw" or FILE not in warehouse.columns("raw", table.table):
        return set()
    rows: list[Row] = warehouse.fetch(f"select distinct {FILE} as uri from {table.name}")
    return {row["uri"] for row in rows if row["uri"] is not None}


def _count(warehouse: Warehouse, sql: str) -> int:
    return int(warehouse.fetch(sql)[0]["n"])
