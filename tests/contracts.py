"""Empty tables as the contracts say: the sources' own for `raw`, dbt's for what models make."""

from collections.abc import Callable
from functools import cache

from include.tidemark.paths import DBT_DIR
from include.tidemark.sources.contract import source_tables
from include.tidemark.yaml_reading import read_yaml


def create_tables(execute: Callable[[str], object], *names: str) -> None:
    """Create tables without rows; rows come by `insert into ... by name`, which casts them to the contract's
    types.

    Args:
        names: `schema.table`; `raw` stands for all sources.
    """
    for name in names:
        wanted = [table.qualified_name for table in source_tables().values()] if name == "raw" else [name]
        for table in wanted:
            execute(f"create table {table} ({definition(table)})")


def definition(table: str) -> str:
    """What stands between the parentheses of `create table`, for `schema.table`."""
    return ", ".join(f"{column} {data_type}" for column, data_type in types_of(table).items())


def types_of(table: str) -> dict[str, str]:
    """Each column's type, in the contract's order."""
    schema, _, name = table.partition(".")
    if schema == "raw":
        return {column.name: column.data_type for column in source_tables()[name].columns}
    return _model_types()[name]


@cache
def _model_types() -> dict[str, dict[str, str]]:
    return {
        model["name"]: {
            column["name"]: column["data_type"] for column in model["columns"] if "data_type" in column
        }
        for file in (DBT_DIR / "models").rglob("*.yml")
        for model in read_yaml(file.read_text(encoding="utf-8")).get("models", ())
        if "columns" in model
    }
