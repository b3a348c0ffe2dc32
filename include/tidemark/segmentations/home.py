"""Where the rows of a segmentation are, and what its tables, columns and files are called."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

Slug = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Share = tuple[StrictInt, StrictInt]


_SHARED = "segment_members"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Computed(_Part):
    """A column of an audience that is made of features."""

    name: Slug
    value: StrictStr
    kind: Literal["money", "number"]
    meaning: StrictStr


class AudienceColumns(_Part):
    """The columns of an audience's file beside the id."""

    features: tuple[StrictStr, ...]
    computed: tuple[Computed, ...] = ()


class Home(_Part):
    """What differs between segmentations that share the tables `runs.segment_*`, as those of a deployment do,
    and one with a model of its own, whose names consumers know."""

    model: Slug = _SHARED
    """Its rows are the members."""
    person: Slug = "user_id"
    period: Slug | None = None
    """The column of the periods, where people have a segment of each and not one."""
    segment: Slug = "segment"
    counted: Slug = "members"
    """What counts people in the table of movement."""
    tables: Slug = "segment"
    """Begins the names of the tables of cells and of movement."""
    files: Slug | None = None
    """Begins the names of its files but the members'; without it, as the segmentation is called."""
    means: Mapping[str, str] = {}
    """Name of the mean of a feature, where it is not `mean_<feature>`."""
    totals: tuple[StrictStr, ...] = ()
    """Features whose sum is published, too."""
    reference_shares: Mapping[str, Share] = {}
    """Shares that are typical elsewhere: to read beside the result, not a target."""
    reference: StrictStr = ""
    """Of what they are typical."""
    smallest_share: StrictStr | None = None
    """The rule that says how small a segment may be before the gate warns."""
    suites: Mapping[Literal["shares", "coverage"], str] = {}
    audiences: Mapping[str, AudienceColumns] = {}
    inputs: Mapping[str, str] = {}
    """Numbers of the model that conditions look at and that are no features, with their meaning."""
    labels: Mapping[str, str] = {}
    """What the report calls a segment."""
    phrases: Mapping[str, Mapping[str, str]] = {}
    """What a rule's value is called in the criteria."""
    terms: Mapping[str, str] = {}

    @property
    def is_shared(self) -> bool:
        """Whether other segmentations are in the same tables."""
        return self.model == _SHARED

    @property
    def members(self) -> str:
        """The table of the members."""
        return f"runs.{self.model}"

    def table(self, what: str) -> str:
        """The table of `cells`, `movement` or `backtest_cells`."""
        return f"runs.{self.tables}_{what}"
