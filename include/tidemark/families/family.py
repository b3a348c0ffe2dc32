"""What a family is."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

Held = TypeVar("Held")


@dataclass(frozen=True)
class Part(Generic[Held]):
    """A module that every family has, and what it must hold: a Protocol, which stands beside the types that it speaks of."""

    module: str


@dataclass(frozen=True)
class Family:
    """One family: a folder and tag of dbt models, and the Python modules that belong to it."""

    name: str
    sources: tuple[str, ...]
    """Raw tables that it needs."""
    questions: tuple[str, ...]
    """Its statistics: functions of `include.tidemark.families.<name>.questions`, one Airflow task each."""
    overview: str
    """The published table that a reader looks at first, as it is called below the run's folder."""
    overview_columns: tuple[str, ...] = ()
    """The columns of it that fit a terminal; all of them unless a family names some."""

    def part(self, part: Part[Held]) -> Held:
        """One of its modules, loaded when it is asked for. That it holds what it must, mypy checks in `tests/families/parts.py`."""
        module: Any = import_module(f"include.tidemark.families.{self.name}.{part.module}")
        found: Held = module
        return found
