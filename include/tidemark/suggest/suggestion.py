"""The whole of `tidemark suggest-rules` but its printing: the month today, a proposal, and the month under
it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.suggest.features import categories_without_group, read_customers
from include.tidemark.suggest.finders import Thresholds
from include.tidemark.suggest.preview import Counts, count
from include.tidemark.suggest.quantiles import Cut, cuts
from include.tidemark.suggest.segmentation import FAMILY, SEGMENTS
from include.tidemark.suggest.shortfalls import NEEDS_GROUP
from include.tidemark.suggest.thresholds import propose
from include.tidemark.suggest.trial import build_proposal, trial_run
from include.tidemark.suggest.wishes import Aim
from include.tidemark.validation.distribution import LARGEST_SHARE_PCT
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.query_tag import QueryTag

_FEW = 100
"""Customers below which quantiles hang on single ones."""


@dataclass(frozen=True)
class Suggestion:
    """What the rules could be, and what that comes to."""

    as_of_date: date
    aims: Mapping[str, Aim]
    today: Rules
    proposed: Rules
    changes: Thresholds
    """The rules that would change."""
    cuts: list[Cut]
    before: Counts
    """Of the month with today's rules."""
    after: Counts
    """Of the month with the proposed ones."""
    notes: list[str]
    """What a reader should know before taking the proposal: what no threshold reaches, and why."""


def suggest(
    settings: Settings,
    as_of_date: date,
    aims: Mapping[str, Aim],
    started_at: datetime,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Suggestion:
    """Compute the month twice as an unpublished run, and leave none of it behind.

    Args:
        aims: of each segment.
        started_at: when the command started: an as-of date after that day is refused.
        on_stage: told the name of each stage before it starts.

    Raises:
        TidemarkError: the month can't be computed, or has no customers.
    """
    with trial_run(settings, as_of_date, started_at, on_stage) as run:
        on_stage("thresholds")
        with _opened(settings, run) as warehouse:
            customers = read_customers(warehouse, run.run_key, as_of_date)
            before = count(warehouse, run)
        proposal = propose(customers, run.rules, aims)
        after = before
        if proposal.changes:
            on_stage("preview")
            other = build_proposal(run, settings, proposal.rules)
            with _opened(settings, other) as warehouse:
                after = count(warehouse, other)
        short = [name for name in aims if not aims[name].is_near(after.segments[name], after.customers)]
        with _opened(settings, run) as warehouse:
            notes = [*proposal.notes, *_categories(warehouse, run, short), *_remarks(after)]
    return Suggestion(
        as_of_date=as_of_date,
        aims=aims,
        today=run.rules,
        proposed=proposal.rules,
        changes=proposal.changes,
        cuts=cuts(customers, run.rules, proposal.rules),
        before=before,
        after=after,
        notes=notes,
    )


def _categories(warehouse: Warehouse, run: Run, short: list[str]) -> list[str]:
    """What could go into the group of categories that a segment lacks."""
    groups = [NEEDS_GROUP[name] for name in short if name in NEEDS_GROUP]
    without = categories_without_group(warehouse, run.rules, run.as_of_date) if groups else []
    if not without:
        return []
    named = ", ".join(f"{row['category']} {row['share_pct']:.1f} %" for row in without)
    return [
        f"The rule category_groups says which categories are {' and which are '.join(groups)}. In no group are, with their share of all"
        f" purchases: {named}. Put those that belong there into the group, and start this command again."
    ]


def _remarks(after: Counts) -> list[str]:
    remarks = []
    if after.customers < _FEW:
        remarks.append(f"There are only {after.customers} customers: each of them moves the quantiles.")
    largest = max(SEGMENTS, key=lambda name: after.segments[name])
    if after.share_pct(largest) > LARGEST_SHARE_PCT:
        remarks.append(
            f"Under the proposal, too, {largest} holds more than {LARGEST_SHARE_PCT} % of the customers."
        )
    return remarks


def _opened(settings: Settings, run: Run) -> AbstractContextManager[Warehouse]:
    return open_warehouse(settings, QueryTag(run.run_key, "suggest-rules", FAMILY))
