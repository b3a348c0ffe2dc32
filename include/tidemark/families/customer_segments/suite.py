"""What the candidate rows and the statistics of the five segments must keep: what every segmentation must, and what `checks.yml` says."""

from dataclasses import replace
from pathlib import Path

from include.tidemark.families.customer_segments.suite_usefulness import usefulness
from include.tidemark.run import Run
from include.tidemark.segmentations import suite
from include.tidemark.segmentations.shipped import shipped
from include.tidemark.segmentations.suite_shares import shares
from include.tidemark.validation.checks import Asset, text_list
from include.tidemark.validation.shipped_suites import suites_of

_NAME = "customer_segments"
_FILE = Path(__file__).with_name("checks.yml")


def candidate(run: Run) -> list[Asset]:
    """The rows that dbt built for this run: their shape, their definitions, their sums, and how they moved."""
    of = shipped(_NAME, run.rules)
    values = {"segments": text_list(of.names), "dormant_before": f"cast('{run.prior_window_start}' as date)"}
    customers, *others = suites_of(_FILE, "models", run, _NAME, values)
    with_criteria = replace(
        customers,
        source=f"(select *, {suite.met_columns(of)} from {of.home.members} where {of.mine(run.run_key)}) as customers",
        checks=(*customers.checks, *suite.criteria_checks(of, [_slug(name) for name in of.names])),
    )
    return [with_criteria, *others, shares(of, run), *usefulness(of, run)]


def statistics(run: Run) -> list[Asset]:
    """The numbers that the statistics tasks wrote for this run."""
    return suite.statistics(_NAME, run)


def _slug(segment: str) -> str:
    return "_".join(segment.lower().replace("&", "and").replace("-", " ").split())
