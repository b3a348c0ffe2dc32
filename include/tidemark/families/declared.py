"""A segmentation as a family: its parts are the modules of `segmentations`, told which segmentation they are
about."""

from dataclasses import dataclass
from typing import Any

from include.tidemark.families.family import Bound, Family, Held, Part

PARTS = "include.tidemark.segmentations"
"""Named, not imported, as every family's parts are."""


@dataclass(frozen=True)
class DeclaredFamily(Family):
    """The family of one file: below `segmentations/` of the configuration folder, or of `dbt/`."""

    own: tuple[str, ...] = ()
    """The parts for which a family of the project has modules of its own."""

    def part(self, part: Part[Held]) -> Held:
        """As of every family; the functions of a shared module take the segmentation's name before what they
        take of a run."""
        if part.module in self.own:
            return super().part(part)
        bound: Any = Bound(f"{PARTS}.{part.module}", self.name)
        found: Held = bound
        return found


_OVERVIEW = (
    "priority", "segment", "customers", "dormant_customers", "users", "dormant_users", "share_pct", "share_pct_ci_low",
    "share_pct_ci_high", "expected_share_low_pct", "expected_share_high_pct",
)  # fmt: skip
"""Of customers or of users."""
QUESTIONS = ("profile", "movement", "backtest")


def declared_family(name: str) -> DeclaredFamily:
    """The family of the segmentation of that name. Nothing of its file is read: the DAG file asks at every
    parse."""
    return DeclaredFamily(
        name=name,
        sources=("users",),
        questions=QUESTIONS,
        overview=f"data/{name}_summary.csv",
        overview_columns=_OVERVIEW,
    )
