"""A segmentation as its file declares it: ordered segments with conditions over the feature catalogue."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from include.tidemark.documents.document import unknown_name
from include.tidemark.enabled import FOLDER, SLUG
from include.tidemark.errors import ContradictionError
from include.tidemark.segmentations.catalogue import Feature, catalogue
from include.tidemark.segmentations.conditions import Condition, compile_condition, compile_order, rules_in
from include.tidemark.segmentations.home import Home

_TEXT = r"^[^\\\x00-\x1f]*$"

Population = Literal["customers", "users"]
Slug = Annotated[StrictStr, Field(pattern=f"^{SLUG}$")]
Name = Annotated[StrictStr, Field(min_length=1, max_length=60, pattern=_TEXT)]
Text = Annotated[StrictStr, Field(max_length=300, pattern=_TEXT)]
Expression = Annotated[StrictStr, Field(min_length=1, max_length=2000)]
RuleName = Annotated[StrictStr, Field(pattern=r"^rule\.[a-z][a-z0-9_]*$")]
Percent = Annotated[StrictInt | StrictFloat, Field(ge=0, le=100)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Segment(_Part):
    """One segment. A customer or user belongs to the first whose condition holds."""

    name: Name = Field(description="What it is called in files and in the report.")
    when: Expression | None = Field(
        None,
        description="Condition over the features, such as `spend_last_90_days >= 500`; the last segment has none.",
    )
    purpose: Text = Field("", description="What one does with it, in a sentence.")


class Audience(_Part):
    """Whom a campaign writes to: a file of ids."""

    name: Slug = Field(description="Of its file below audiences/.")
    of: Name | None = Field(None, description="The segment; all of them without it.")
    where: Expression | None = Field(None, description="A further condition over the features.")
    order_by: Expression | None = Field(
        None,
        description="Who comes first where there are more than the limit, such as `lifetime_value desc`.",
    )
    limit: Annotated[StrictInt, Field(ge=1, le=10_000_000)] | RuleName | None = Field(
        None, description="How many at most; rule.<name> stands for a rule's value."
    )


class Segmentation(_Part):
    """The file of one segmentation."""

    name: Slug = Field(description="As the file is called; its view is marts.<name>.")
    title: Name = Field(description="Heads its chapter of the report.")
    of: Population = Field(description="Who is segmented: customers have a purchase, users have signed up.")
    segments: Annotated[tuple[Segment, ...], Field(min_length=1, max_length=20)]
    rules: dict[Slug, StrictBool | StrictInt | StrictFloat | Name] = Field(
        default={}, description="Values that conditions name as rule.<name>."
    )
    means: Annotated[tuple[StrictStr, ...], Field(max_length=8)] = Field(
        (), description="Features whose mean is compared between segments."
    )
    backtest: Literal["spend", "active_days"] | None = Field(
        None, description="What the members of an earlier month did in the 90 days after it."
    )
    expected_shares: dict[
        StrictStr, Annotated[tuple[Percent, Percent], Field(json_schema_extra={"minItems": 2})]
    ] = Field(
        default={},
        description="By segment, the share in per cent that is expected; outside of it the gate warns.",
    )
    audiences: tuple[Audience, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Segmentation":
        names = [segment.name for segment in self.segments]
        _refuse_twice(names, "segment", "segments")
        for taken in (self.joined, self.left, f"All {self.of}"):
            if taken in names:
                raise ContradictionError(
                    f"no segment can be called {taken!r}, which files say of those who are in none; rename it",
                    "segments",
                )
        _refuse_twice([audience.name for audience in self.audiences], "audience", "audiences")
        _refuse_twice(self.means, "mean", "means")
        for number, segment in enumerate(self.segments):
            is_last = number == len(self.segments) - 1
            if is_last and segment.when is not None:
                raise ContradictionError(
                    f"the last segment ({segment.name!r}) takes everyone else, so it has no `when`; add one after it",
                    "segments",
                )
            if not is_last and segment.when is None:
                raise ContradictionError(
                    f"the segment {segment.name!r} has no `when`, so nobody would reach those after it",
                    "segments",
                )
        for place, name in (
            *(("expected_shares", name) for name in self.expected_shares),
            *(("audiences", audience.of) for audience in self.audiences if audience.of is not None),
        ):
            if name not in names:
                raise ContradictionError(f"{place}: the segment {unknown_name(name, name, names)}", place)
        if reversed_shares := [name for name, (low, high) in self.expected_shares.items() if low > high]:
            raise ContradictionError(
                f"expected_shares: the lower end of {reversed_shares[0]!r} is above its upper end",
                "expected_shares",
            )
        return self

    @property
    def home(self) -> Home:
        """Where its rows are, and what its columns and files are called."""
        return Home()

    def mine(self, run_key: str) -> str:
        """SQL that picks its rows of a run, of the members and of what is made of them."""
        run = f"run_key = '{run_key}'"
        return f"{run} and segmentation = '{self.name}'" if self.home.is_shared else run

    @property
    def names(self) -> tuple[str, ...]:
        """The segments, in the order in which they are tried."""
        return tuple(segment.name for segment in self.segments)

    @property
    def person(self) -> str:
        """One of the people that are segmented."""
        return self.of.removesuffix("s")

    @property
    def joined(self) -> str:
        """Where those come from who were in no segment at the previous as-of date."""
        return f"New {self.person}"

    @property
    def left(self) -> str:
        """Where those are who are in no segment any more."""
        return f"No longer a {self.person}"

    @property
    def backtest_metric(self) -> str:
        """The metric of its backtest."""
        return f"backtest_{self.backtest}_ratio"

    @property
    def alike_metric(self) -> str:
        """The metric that compares the backtest with people who did as much before."""
        return f"{self.backtest_metric}_vs_alike"

    @property
    def shares_beside(self) -> tuple[str, Mapping[str, tuple[float, float]]]:
        """The shares that are published beside its own, in per cent, and what they are."""
        reference = self.home.reference_shares
        return ("reference", reference) if reference else ("expected", self.expected_shares)

    def mean_of(self, feature: str) -> str:
        """The metric of a feature's mean."""
        return self.home.means.get(feature, f"mean_{feature}")

    def quantile_of(self, feature: str) -> str:
        """The metric of a feature's quantiles."""
        return f"quantile_{self.mean_of(feature).removeprefix('mean_')}"

    def limit_of(self, audience: Audience) -> int | None:
        """How many an audience may have, which `reading.load_segmentation` has checked."""
        limit = audience.limit
        return int(self.rules[limit.removeprefix("rule.")]) if isinstance(limit, str) else limit

    def rules_in(self, text: str) -> dict[str, Any]:
        """The rules that an expression names, with their values."""
        return {name: self.rules[name] for name in rules_in(text)}

    @property
    def known(self) -> Mapping[str, Feature]:
        """What its conditions may look at."""
        return catalogue()

    def condition(self, text: str) -> Condition:
        """A condition of it, which `reading.load_segmentation` has checked."""
        return compile_condition(text, self.known, self.rules)

    @property
    def conditions(self) -> tuple[Condition | None, ...]:
        """That of each segment; none for the last."""
        return tuple(
            None if segment.when is None else self.condition(segment.when) for segment in self.segments
        )

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features that it looks at, in the order of the catalogue."""
        looked = set(self.means)
        for condition in self.conditions:
            looked |= set(condition.features if condition else ())
        for audience in self.audiences:
            looked |= set(self.audience_features(audience))
        looked |= {"spend": {"spend_last_90_days"}, "active_days": {"active_days_last_90_days"}, None: set()}[
            self.backtest
        ]
        return tuple(feature for name, feature in self.known.items() if name in looked)

    def audience_features(self, audience: Audience) -> tuple[str, ...]:
        """The features that an audience is chosen and ordered by."""
        looked = set(self.condition(audience.where).features) if audience.where else set()
        if audience.order_by:
            looked |= {part.split()[0] for part in compile_order(audience.order_by, catalogue()).split(", ")}
        return tuple(name for name in catalogue() if name in looked)


def segmentations_of(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Segmentation]:
    """The segmentations of a configuration folder's content, which `reading.load_segmentation` has checked,
    by their names."""
    found = (
        Segmentation.model_validate(content)
        for name, content in config.items()
        if name.startswith(f"{FOLDER}/")
    )
    return {segmentation.name: segmentation for segmentation in found}


def _refuse_twice(names: Collection[str], what: str, key: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise ContradictionError(f"the {what} {name!r} is declared twice; remove or rename one", key)
        seen.add(name.lower())
