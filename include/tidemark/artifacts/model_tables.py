"""Tables that are published as a dbt model has them: what, and how, is `meta` in the yml that holds the
model's contract.

`publish`, by the path of the file below the run's folder without a suffix:

| key | meaning |
|---|---|
| `description` | the rows in words |
| `formats` | `[csv]`, or `[csv, parquet]` for the large ones |
| `schema_version` | raised when a column is renamed, removed, or changes its meaning |
| `columns` | names in their order, as `{name: published name}` where the two differ, `$name` for columns that rules decide; all if left out |
| `without` | the columns that stay in the warehouse, instead of `columns` |
| `ids` | the columns that name users: they are hashed |
| `where` | SQL over the model's columns, `$name` for a whole number of the rules |
| `order_by` | SQL; a column of `ids` is put into an order that tells nothing about the ids |

A column with `meta: {shown: where_shared}` is a text of a source: published where enough users share it, else
as `other`.
"""  # noqa: W505

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from include.tidemark.artifacts.columns import KINDS
from include.tidemark.artifacts.tables import Column, PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.artifacts.writing import write_table
from include.tidemark.paths import DBT_DIR
from include.tidemark.run import Run
from include.tidemark.shared_texts import SHARED_BY_USERS, shared_or_other
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.yaml_reading import read_yaml


@dataclass(frozen=True)
class ModelTable(PublishedTable):
    """A published table whose rows are those of a model."""

    where: str = "true"
    order_by: tuple[str, ...] = ()
    shown_where_shared: frozenset[str] = frozenset()
    """Columns whose texts are published where enough users share them."""


@cache
def dbt_models() -> Mapping[str, Mapping[str, Any]]:
    """The yml of each dbt model, by the model's name."""
    files = sorted((DBT_DIR / "models").rglob("*.yml"))
    documents = (read_yaml(file.read_text(encoding="utf-8")) or {} for file in files)
    return {str(model["name"]): model for document in documents for model in document.get("models") or []}


def column_words(column: Mapping[str, Any]) -> str:
    """The description of a model's column, in one line."""
    return re.sub(r"\s+", " ", str(column.get("description") or "")).strip()


def model_table(path: str, **decided: tuple[Column, ...]) -> ModelTable:
    """The table that a model's yml publishes under a path.

    Args:
        decided: the columns that replace each `$name`.
    """
    ((model, publish),) = [(model, publish) for model, found, publish in _published() if found == path]
    held = {column["name"]: column for column in model["columns"]}
    shared = frozenset(name for name, column in held.items() if _meta(column).get("shown") == "where_shared")
    columns: list[Column] = []
    without = publish.get("without", ())
    for entry in publish.get("columns") or [name for name in held if name not in without]:
        ((name, published),) = entry.items() if isinstance(entry, dict) else ((entry, entry),)
        if name.startswith("$"):
            columns += decided[name[1:]]
            continue
        words = column_words(held[name])
        if name in shared:
            words = f"{words.removesuffix('.')}; other where fewer than {SHARED_BY_USERS} users have it."
        kind = "id" if name in publish.get("ids", ()) else KINDS[held[name]["data_type"]]
        columns.append(Column(published, kind, words, inside=name if name != published else ""))
    return ModelTable(
        path=path,
        columns=tuple(columns),
        description=publish["description"],
        model=model["name"],
        parquet="parquet" in publish["formats"],
        schema_version=publish["schema_version"],
        where=publish.get("where", "true"),
        order_by=tuple(publish.get("order_by", ())),
        shown_where_shared=shared,
    )


def write_model_table(
    table: ModelTable, run: Run, warehouse: Warehouse, ids: UserIds, target: Path
) -> list[WrittenFile]:
    """Write the run's rows of the model below the folder `target`."""
    id_columns = {column.key for column in table.columns if column.kind == "id"}
    shown = [
        f"shown_{name} as {name}" if name in table.shown_where_shared else name
        for name in (column.key for column in table.columns)
    ]
    # Counted before the condition: a platform has the same name in every file.
    counted = "".join(
        f", {shared_or_other(name)} as shown_{name}" for name in sorted(table.shown_where_shared)
    )
    order = [ids.order_by(part, warehouse.dialect) if part in id_columns else part for part in table.order_by]
    sql = (
        f"select {', '.join(shown)} from (select held.*{counted} from runs.{table.model} as held where run_key = ?) as held"
        f" where {_condition(table, run)}{' order by ' if order else ''}{', '.join(order)}"
    )
    parameters = (run.run_key, *(ids.order_parameters if id_columns & {*table.order_by} else ()))
    return write_table(table, warehouse.batches(sql, parameters), target, ids.publish)


def model_rows(table: ModelTable, run: Run, warehouse: Warehouse) -> list[Row]:
    """The run's rows of the model in their order, for a small table that names no user."""
    order = f" order by {', '.join(table.order_by)}" if table.order_by else ""
    return warehouse.fetch(f"select * from runs.{table.model} where run_key = ?{order}", (run.run_key,))


def _condition(table: ModelTable, run: Run) -> str:
    template = Template(table.where)
    return template.substitute({name: int(getattr(run.rules, name)) for name in template.get_identifiers()})


def _published() -> Iterator[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    for model in dbt_models().values():
        for path, publish in _meta(model).get("publish", {}).items():
            yield model, path, publish


def _meta(described: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = (described.get("config") or {}).get("meta") or {}
    return meta
