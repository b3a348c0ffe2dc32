import importlib
import pkgutil
import subprocess
import sys

import include.tidemark.statistics as package

MODULES = [module.name for module in pkgutil.iter_modules(package.__path__, package.__name__ + ".")]


def loaded_by(*modules: str) -> list[str]:
    """Which of the heavy libraries a new process has loaded after importing these modules."""
    code = (
        f"import sys, {', '.join(modules)}; "
        "print(*(m for m in ('scipy', 'pandas', 'statsmodels') if m in sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.split()


def test_rows_and_cells_load_no_heavy_library() -> None:
    # Gates, reports and publication read rows; the DAG processor may come by here at every parse.
    assert (
        loaded_by(*(f"{package.__name__}.{name}" for name in ("results", "cells", "config", "streams"))) == []
    )


def test_no_module_loads_statsmodels_before_something_is_fitted() -> None:
    assert not {"statsmodels", "pandas"} & set(loaded_by(*MODULES))


def test_every_module_that_the_package_names_exists() -> None:
    table = [line.split("|")[2] for line in (package.__doc__ or "").splitlines() if line.startswith("| ")][1:]
    named = [name for cell in table for name in cell.split("`")[1::2] if "." in name]
    assert len(named) > 10
    for name in named:
        module, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f"{package.__name__}.{module}"), function)), name
