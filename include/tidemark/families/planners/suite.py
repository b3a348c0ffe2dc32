"""What `checks.yml` says of the candidate rows and the statistics of planners."""

from pathlib import Path

from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, that nobody is missing, and how they moved."""
    return suites_of(_FILE, "models", run, "planners")


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "planners")
