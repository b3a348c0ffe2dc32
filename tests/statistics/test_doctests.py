"""The examples in the docstrings are run."""

import doctest
import importlib
import pkgutil

import pytest

import include.tidemark.statistics as package

MODULES = [
    package.__name__,
    *sorted(module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_the_package_imports_neither_airflow_nor_a_warehouse_nor_anything_else_of_ours() -> None:
    import ast
    from pathlib import Path

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
