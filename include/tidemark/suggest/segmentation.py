"""What the file of the customer segments says, as the search for thresholds takes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel
from sqlglot import exp, parse_one

from include.tidemark.documents.sorts import DIALECT
from include.tidemark.segmentations.shipped import Shipped, shipped

FAMILY = "customer_segments"
SEGMENTS = shipped(FAMILY).names
"""In order of priority."""
REFERENCE_SHARES_PCT = shipped(FAMILY).home.reference_shares


@dataclass(frozen=True)
class Bound:
    """The threshold of an audience: who of its segment belongs to it."""

    audience: str
    segment: str
    column: str
    rule: str
    minimum: int | float


def customer_segments(rules: BaseModel) -> Shipped:
    """The segmentation under these rules."""
    return shipped(FAMILY, rules)


def bounds(rules: BaseModel) -> Iterator[Bound]:
    """Those of the audiences that have one: `<column> >= rule.<name>`."""
    of = customer_segments(rules)
    for audience in of.audiences:
        tree = parse_one(audience.where, dialect=DIALECT) if audience.where else None
        if isinstance(tree, exp.GTE) and audience.of:
            rule = tree.expression.name
            yield Bound(audience.name, audience.of, tree.this.name, rule, of.rules[rule])
