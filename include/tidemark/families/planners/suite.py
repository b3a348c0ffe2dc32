"""What `checks.yml` says of the candidate rows and the statistics of planners."""

from pathlib import Path
from typing import Any

from include.tidemark.families.planners.definitions import SEGMENTS, TYPES
from include.tidemark.run import Run
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.validation.checks import Asset, text_list
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, that nobody is missing, and how they moved."""
    return suites_of(_FILE, "models", run, "planners", _values(run))


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "planners")


def _values(run: Run) -> dict[str, Any]:
    types, segments = (shipped(name, run.rules) for name in (TYPES, SEGMENTS))
    return {
        "types": text_list(types.names),
        "type_names": types.names,
        "segments": text_list(segments.names),
        "decided": segments.decided,
    }
