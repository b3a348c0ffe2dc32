"""The families that are enabled: those of the project that the settings name, and the segmentations that the
folder declares."""

import re
from dataclasses import dataclass
from pathlib import Path

from include.tidemark.families import enabled_families, known_families
from include.tidemark.families.declared import declared_family
from include.tidemark.families.family import Family
from include.tidemark.run import Run
from include.tidemark.settings import Settings

FOLDER = "segmentations"
"""Of the configuration folder: one file for each declared segmentation, called like it."""
SLUG = r"[a-z][a-z0-9_]{0,39}"
"""How a segmentation, and so its file, may be called."""
_TAG = "tag:segmentations"


@dataclass(frozen=True)
class Selection:
    """What dbt builds, as its options take it."""

    select: tuple[str, ...]
    exclude: tuple[str, ...]


def declared_names(config_dir: Path) -> list[str]:
    """The segmentations that a configuration folder declares, by the names of their files.

    A file whose name can't be a segmentation's is left out: that it is refused is said when a run is
    resolved, and not by a DAG file that can't be imported.
    """
    return sorted(file.stem for file in (config_dir / FOLDER).glob("*.yml") if re.fullmatch(SLUG, file.stem))


def families_of(run: Run) -> list[Family]:
    """What a run computes."""
    return _families(run.families)


def families_in(settings: Settings) -> list[Family]:
    """What the next run computes."""
    return [*enabled_families(settings.families), *map(declared_family, declared_names(settings.config_dir))]


def _families(names: tuple[str, ...]) -> list[Family]:
    known = known_families()
    return [known.get(name) or declared_family(name) for name in names]


def dbt_selection(families: list[Family]) -> Selection:
    """The families' models, all that they are made from, and the published views on them.

    Features of users are made of the models of all families that are enabled, and so come with each; without
    a segmentation nobody asks for them.
    """
    known = known_families()
    own = [family.name for family in families if family.name in known]
    select = (*(f"+tag:{name}+" for name in own), "tag:publication")
    return Selection(select, (_TAG,) if len(own) == len(families) else ())
