"""What the texts of a family's files name."""

from collections.abc import Mapping
from importlib import import_module
from string import Template
from typing import Any

from include.tidemark.families.family import folder_of
from include.tidemark.run import Run


class Text(Template):
    """A text in which `$name` and `$rules.<rule>` stand for values."""

    idpattern = r"(?a:[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)"


def values_of(family: str, run: Run) -> Mapping[str, Any]:
    """What its module `values` gives; nothing where it has none."""
    if not (folder_of(family) / "values.py").exists():
        return {}
    found: Mapping[str, Any] = import_module(f"include.tidemark.families.{family}.values").values(run)
    return found


def rules_of(run: Run) -> dict[str, Any]:
    """The rules by their names in texts."""
    return {f"rules.{name}": value for name, value in run.rules.model_dump(mode="json").items()}
