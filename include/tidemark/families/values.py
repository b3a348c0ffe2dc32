"""What the texts of a family's files name beside what every run has."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from include.tidemark.families.family import folder_of
from include.tidemark.run import Run


def values_of(family: str, run: Run) -> Mapping[str, Any]:
    """What its module `values` gives; nothing where it has none."""
    if not (folder_of(family) / "values.py").exists():
        return {}
    found: Mapping[str, Any] = import_module(f"include.tidemark.families.{family}.values").values(run)
    return found
