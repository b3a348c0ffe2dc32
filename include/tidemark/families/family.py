"""What a family is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

Held = TypeVar("Held")


@dataclass(frozen=True)
class Part(Generic[Held]):
    """A module that every family has, and what it must hold: a Protocol, which is beside the types that it
    speaks of."""

    module: str
    reader: str = ""
    """The module that reads the family's file for those that have no such module: its functions take the
    family's name first."""
    is_file: bool = False
    """Whether the file says all of it in every family, so that a module of that name is about something
    else."""


@dataclass(frozen=True)
class Bound:
    """A module whose functions are told first whom they are about."""

    module: str
    name: str

    def __getattr__(self, function: str) -> Callable[..., Any]:
        return partial(getattr(import_module(self.module), function), self.name)


def folder_of(family: str) -> Path:
    """Where a family's files are."""
    return Path(__file__).parent / family


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
    optional_sources: tuple[str, ...] = ()
    """Raw tables that it reads, but can do without: where one is absent or empty, what is made of it is null
    with a reason."""
    deciding_rules: tuple[str, ...] = ()
    """Rules that decide its segments from what each run keeps of each person, so that the rules of now can be
    asked about an earlier month."""

    @property
    def all_sources(self) -> tuple[str, ...]:
        """Raw tables that it reads: those that it needs, then those that it can do without."""
        return (*self.sources, *self.optional_sources)

    def part(self, part: Part[Held]) -> Held:
        """One of its modules, loaded when it is asked for. That it holds what it must, mypy checks in
        `tests/families/parts.py`."""
        module = folder_of(self.name) / f"{part.module}.py"
        is_there = not part.reader or (module.exists() and not part.is_file)
        own = f"include.tidemark.families.{self.name}.{part.module}"
        held: Any = import_module(own) if is_there else Bound(part.reader, self.name)
        found: Held = held
        return found
