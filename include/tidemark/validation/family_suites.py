"""The suites of a family, as its `checks.yml` says them."""

from include.tidemark.families.family import folder_of
from include.tidemark.families.values import values_of
from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.shipped_suites import suites_of


def candidate(family: str, run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how they
    moved."""
    return _suites(family, run, "models")


def statistics(family: str, run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return _suites(family, run, "statistics")


def _suites(family: str, run: Run, stage: str) -> list[Asset]:
    return suites_of(folder_of(family) / "checks.yml", stage, run, family, values_of(family, run))
