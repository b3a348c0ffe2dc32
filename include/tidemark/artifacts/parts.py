"""What publication asks of a family."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.artifacts.tables import PublishedTable, WrittenFile
from include.tidemark.artifacts.user_ids import UserIds
from include.tidemark.enabled import FOLDER, families_of
from include.tidemark.errors import SettingsError
from include.tidemark.families import known_families
from include.tidemark.families.family import Part
from include.tidemark.run import Run
from include.tidemark.warehouse.base import Warehouse


class ArtifactsPart(Protocol):
    """The files of a family: its `tables.yml`, or its module `artifacts` where Python adds to that."""

    def published_tables(self, run: Run, /) -> Sequence[PublishedTable]:
        """What it publishes, for the dictionary."""
        ...

    def export(
        self, run: Run, warehouse: Warehouse, results: StatisticRows, ids: UserIds, target: Path, /
    ) -> Sequence[WrittenFile]:
        """Write them below a local folder.

        Args:
            results: the statistics of this family alone.
        """
        ...


class DefinitionsPart(Protocol):
    """What a family says of itself: its `definitions.yml`."""

    def definitions(self, run: Run, /) -> Mapping[str, Any]:
        """Its part of `segment_definitions.json`."""
        ...


ARTIFACTS: Part[ArtifactsPart] = Part("artifacts", "include.tidemark.artifacts.wide_tables")
DEFINITIONS: Part[DefinitionsPart] = Part(
    "definitions", "include.tidemark.artifacts.family_definitions", is_file=True
)


def refuse_same_paths(run: Run) -> None:
    """Raises:
    SettingsError: two families would publish a table under one name, as a segmentation called `segment`
    would.
    """
    if set(run.families) <= known_families().keys():
        return
    seen: dict[str, str] = {}
    for family in families_of(run):
        for table in family.part(ARTIFACTS).published_tables(run):
            if table.path in seen:
                raise SettingsError(
                    f"{seen[table.path]} and {family.name} both publish {table.path}; rename the segmentation or audience in"
                    f" {FOLDER}/ of the configuration folder."
                )
            seen[table.path] = family.name
