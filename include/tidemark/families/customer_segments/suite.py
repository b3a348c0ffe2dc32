"""What the candidate rows and the statistics of the five segments must keep: what every segmentation must, and what `checks.yml` says."""

from dataclasses import replace

from include.tidemark.families.customer_segments.suite_usefulness import usefulness
from include.tidemark.run import Run
from include.tidemark.segmentations import suite
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.validation import family_suites
from include.tidemark.validation.checks import Asset

_NAME = "customer_segments"


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how they moved."""
    of = shipped(_NAME, run.rules)
    customers, *others = family_suites.candidate(_NAME, run)
    with_criteria = replace(
        customers,
        source=f"(select *, {suite.met_columns(of)} from {of.home.members} where {of.mine(run.run_key)}) as customers",
        checks=(*customers.checks, *suite.criteria(of, run)),
    )
    return [with_criteria, *others, *suite.shares(of, run), *usefulness(of, run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suite.statistics(_NAME, run)
