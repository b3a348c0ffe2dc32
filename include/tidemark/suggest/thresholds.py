"""From the customers' numbers to a proposal: segment by segment in order of priority, then the audiences.

The order makes it simple: what a segment holds depends on the segments before it and on nothing after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from include.tidemark.rules import Rules
from include.tidemark.suggest import finders
from include.tidemark.suggest.audience_thresholds import audience_thresholds
from include.tidemark.suggest.customers import Customers, Mask, criteria, how_many
from include.tidemark.suggest.finders import Threshold, Thresholds
from include.tidemark.suggest.shortfalls import why_not_near
from include.tidemark.suggest.wishes import Aim

_FINDERS = {
    "High-Value Travelers": finders.high_value,
    "Declining": finders.declining,
    "New & Growing": finders.new_growing,
    "Budget-Conscious": finders.budget,
}


@dataclass(frozen=True)
class Proposal:
    """What the rules could be."""

    rules: Rules
    changes: Thresholds
    """The rules that differ from today's."""
    notes: tuple[str, ...]
    """What no threshold can reach, a sentence or two for each segment."""


def propose(customers: Customers, rules: Rules, aims: Mapping[str, Aim]) -> Proposal:
    """Thresholds with which each segment comes as near to its aim as readable numbers can.

    A segment that comes near the reference today keeps its thresholds, unless another share was asked for.

    Args:
        customers: at least one.
        rules: today's.
        aims: of each segment.
    """
    left: Mask = np.ones(len(customers), dtype=bool)
    changes: dict[str, Threshold] = {}
    notes = []
    proposed = rules
    for segment, find in _FINDERS.items():
        aim = aims[segment]
        changes |= _better(customers, left, proposed, aim, find(customers, left, proposed, aim))
        proposed = _with(rules, changes)
        held = left & criteria(customers, proposed)[segment]
        if not aim.is_near(how_many(held), len(customers)):
            notes.append(why_not_near(customers, left, held, proposed, aim))
        left &= ~held
    changes |= audience_thresholds(customers, rules, proposed)
    proposed = _with(rules, changes)
    # Copies are not validated; the proposal is what a run will be asked to take.
    return Proposal(Rules.model_validate(proposed.model_dump()), changes, tuple(notes))


def _better(customers: Customers, left: Mask, rules: Rules, aim: Aim, found: Thresholds) -> Thresholds:
    """The found thresholds that differ from today's, where they come nearer to the aim than today's do."""
    wanted = aim.wanted(len(customers))
    today, then = (how_many(left & criteria(customers, r)[aim.segment]) for r in (rules, _with(rules, found)))
    keeps = not aim.wished and aim.is_near(today, len(customers))
    if keeps or abs(then - wanted) >= abs(today - wanted):
        return {}
    return {name: threshold for name, threshold in found.items() if threshold.value != getattr(rules, name)}


def _with(rules: Rules, changes: Mapping[str, Threshold]) -> Rules:
    values: dict[str, Any] = {name: threshold.value for name, threshold in changes.items()}
    return rules.model_copy(update=values)
