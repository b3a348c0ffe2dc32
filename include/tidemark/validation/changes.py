"""What `changes.yml` says of the changes since earlier months."""

from pathlib import Path

from include.tidemark.run import Run
from include.tidemark.validation.checks import Asset
from include.tidemark.validation.shipped_suites import suites_of


def changes_assets(run: Run) -> list[Asset]:
    """The rows that the task `changes` wrote for this run."""
    values = {"defect": "The comparison that made them has a defect."}
    return suites_of(Path(__file__).with_name("changes.yml"), "statistics", run, "", values)
