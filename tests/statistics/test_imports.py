"""The estimators are a library: they import nothing else of ours, and no warehouse."""

import ast
from pathlib import Path

import include.tidemark.statistics as package


def test_the_package_imports_neither_airflow_nor_a_warehouse_nor_anything_else_of_ours() -> None:
    for path in Path(package.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert not name.startswith(("airflow", "duckdb", "snowflake", "great_expectations")), (
                    path,
                    name,
                )
                assert not name.startswith("include.") or name.startswith(package.__name__), (path, name)
