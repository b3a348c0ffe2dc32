"""The tables that a check of the deployment's own can name, with their columns: what dbt's contracts and
Python's own tables say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from include.tidemark.documents.sorts import Sort
from include.tidemark.paths import DBT_DIR
from include.tidemark.run import Run
from include.tidemark.sources.contract import MOMENTS, Column, SourceTable, source_tables
from include.tidemark.sources.kinds import Kind, kind_of
from include.tidemark.sources.timestamps import begin_literal
from include.tidemark.validation.checks import Stage
from include.tidemark.warehouse.control import run_tables
from include.tidemark.yaml_reading import read_yaml

Schema = Literal["raw", "staging", "core", "runs"]
SCHEMAS: tuple[Schema, ...] = ("raw", "staging", "core", "runs")

_STATISTICS = "runs.statistics"
_SORTS: Mapping[Kind, Sort] = {
    Kind.TEXT: "text", Kind.DATE: "date", Kind.TIMESTAMP: "date", Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "number", Kind.NUMBER: "number",
}  # fmt: skip


@dataclass(frozen=True)
class CheckedTable:
    """One table, and which of its rows belong to a run."""

    name: str
    """`schema.table`."""
    columns: Mapping[str, Sort]
    moment: Column | None
    """The column that says when a row happened; None for the tables of runs, whose rows carry the run's
    key."""
    folder: str
    """Of its dbt model: the name of a family, or of the schema; empty for tables without a model."""

    @property
    def stage(self) -> Stage:
        """When its rows are there, and what they are about is not yet published."""
        if self.name.startswith("raw."):
            return "sources"
        return "statistics" if self.name == _STATISTICS else "models"

    def rows(self, run: Run) -> str:
        """What stands after `from`: the rows that the run made, or that lie before its as-of date or nobody
        knows when."""
        if self.moment is None:
            return f"{self.name} where run_key = '{run.run_key}'"
        table = self.name.partition(".")[2]
        rows = run.rows_of(table).rows if self.name.startswith("raw.") else self.name
        before = begin_literal(self.moment, run.as_of_date, run.as_of_instant)
        return f"{rows} as {table} where coalesce({self.moment.name} < {before}, true)"


@cache
def checked_tables() -> dict[str, CheckedTable]:
    """Every such table, by `schema.table`."""
    found = (*map(_source, source_tables().values()), *_models(), *_own_tables())
    return {table.name: table for table in sorted(found, key=lambda table: table.name)}


def _source(table: SourceTable) -> CheckedTable:
    columns = _sorts({column.name: column.data_type for column in table.columns})
    return CheckedTable(table.qualified_name, columns, table.column(MOMENTS[table.name]), "raw")


def _models() -> Iterator[CheckedTable]:
    for file in sorted((DBT_DIR / "models").rglob("*.yml")):
        declared = read_yaml(file.read_text(encoding="utf-8"))
        for model in declared.get("models", ()):
            if table := _model(model, file):
                yield table


def _model(model: Mapping[str, Any], file: Path) -> CheckedTable | None:
    """A model whose contract names its columns, unless other teams read it: views are looked at by way of
    their tables."""
    folder = file.relative_to(DBT_DIR / "models").parts[0]
    declared = {
        str(column["name"]).lower(): str(column["data_type"]).lower()
        for column in model.get("columns", ())
        if "data_type" in column
    }
    columns = _sorts(declared)
    if folder == "marts" or not declared:
        return None
    if folder in ("staging", "core"):
        moment = MOMENTS.get(model["name"].removeprefix("stg_")) if folder == "staging" else None
        # A fact has one row per day of something: the first date of its contract.
        moment = moment or next(name for name, data_type in declared.items() if data_type == "date")
        return CheckedTable(f"{folder}.{model['name']}", columns, _column(moment, declared[moment]), folder)
    return CheckedTable(f"runs.{model['name']}", columns, None, folder) if "run_key" in columns else None


def _own_tables() -> Iterator[CheckedTable]:
    for name, columns in run_tables().items():
        yield CheckedTable(name, _sorts(columns), None, "")


def _column(name: str, data_type: str) -> Column:
    return Column(name, "", data_type, required=False, unique=False, at_least_once=False, without="")


def _sorts(types: Mapping[str, str]) -> dict[str, Sort]:
    return {name: _SORTS[kind] for name, data_type in types.items() if (kind := kind_of(data_type)) in _SORTS}
