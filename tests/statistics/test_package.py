import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import include.tidemark.statistics as package

SOURCE = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))


def test_every_name_that_the_package_offers_can_be_imported_from_it() -> None:
    for name in package.__all__:
        assert getattr(package, name).__doc__ or name.isupper(), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # noqa: B018


def test_what_is_loaded_later_is_what_type_checkers_are_told() -> None:
    (told,) = [node for node in SOURCE.body if isinstance(node, ast.If)]
    imports = {
        str(node.module).rsplit(".", 1)[1]: tuple(alias.name for alias in node.names)
        for node in told.body
        if isinstance(node, ast.ImportFrom)
    }
    assert imports == package._LATER
    assert set(package._MODULE_OF) < set(package.__all__)


def test_no_offered_name_is_also_a_modules_name() -> None:
    # Whether such a name gave the function or the module would depend on what was imported before.
    modules = {path.stem for path in Path(package.__path__[0]).glob("*.py")}
    assert not modules & set(package.__all__)
    for module in modules - {"__init__"}:
        importlib.import_module(f"{package.__name__}.{module}")


def test_importing_the_package_loads_no_heavy_library() -> None:
    # The DAG processor may come by here at every parse.
    code = (
        "import sys, include.tidemark.statistics as s; s.Cells.from_values([1]); "
        "print([m for m in ('scipy', 'pandas', 'statsmodels') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
