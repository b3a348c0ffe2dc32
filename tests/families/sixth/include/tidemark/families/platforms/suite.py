"""What `checks.yml` says of the family before it is published."""

from pathlib import Path

from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.shipped_suites import suites_of

_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run."""
    return suites_of(_FILE, "models", run, "platforms")


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suites_of(_FILE, "statistics", run, "platforms")
