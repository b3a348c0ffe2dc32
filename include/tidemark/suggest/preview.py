"""What rules come to: customers and audiences as the models counted them in a run."""

from dataclasses import dataclass

from include.tidemark.run import Run
from include.tidemark.segmentations.counts import sizes
from include.tidemark.suggest.segmentation import customer_segments
from include.tidemark.validation.checks import count_where
from include.tidemark.warehouse.base import Warehouse


@dataclass(frozen=True)
class Counts:
    """Customers of one run."""

    segments: dict[str, int]
    """By segment, in order of priority."""
    audiences: dict[str, int]
    """By audience: the rows that its published list would have."""

    @property
    def customers(self) -> int:
        return sum(self.segments.values())

    def share_pct(self, segment: str) -> float:
        """The part of all customers who are in a segment, in per cent."""
        return 100 * self.segments[segment] / self.customers if self.customers else 0.0


def count(warehouse: Warehouse, run: Run) -> Counts:
    """Count a run's customers by segment and by audience."""
    of = customer_segments(run.rules)
    found = sizes(of, run, warehouse)
    columns = ", ".join(f"{count_where(of.chosen(each))} as {each.name}" for each in of.audiences)
    (lists,) = warehouse.fetch(f"select {columns} from {of.home.members} where {of.mine(run.run_key)}")
    most = {each.name: of.limit_of(each) or lists[each.name] for each in of.audiences}
    return Counts(
        {name: int(found[name]["members"]) if name in found else 0 for name in of.names},
        {name: min(int(lists[name]), limit) for name, limit in most.items()},
    )
