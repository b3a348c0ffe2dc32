"""What rules come to: customers and audiences as the models counted them in a run."""

from dataclasses import dataclass

from include.tidemark.families.customer_segments.audiences import audiences
from include.tidemark.families.customer_segments.definitions import SEGMENTS
from include.tidemark.run import Run
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
    found = {
        row["customer_segment"]: int(row["customers"])
        for row in warehouse.fetch(
            "select customer_segment, count(*) as customers from runs.customer_segments where run_key = ?"
            " group by customer_segment",
            (run.run_key,),
        )
    }
    lists = audiences(run.rules)
    columns = ", ".join(f"{count_where(audience.condition)} as {audience.name}" for audience in lists)
    (sizes,) = warehouse.fetch(
        f"select {columns} from runs.customer_segments where run_key = ?", (run.run_key,)
    )
    return Counts(
        {segment: found.get(segment, 0) for segment in SEGMENTS},
        {audience.name: min(int(sizes[audience.name]), audience.limit) for audience in lists},
    )
