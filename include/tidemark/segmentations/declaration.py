"""A segmentation as its file declares it: ordered segments with conditions over the feature catalogue."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import duckdb
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
from sqlglot.dialects.snowflake import Snowflake

from include.tidemark.documents.document import Document, unknown_name, validate
from include.tidemark.enabled import FOLDER, SLUG
from include.tidemark.errors import ContradictionError, SettingsError
from include.tidemark.families import known_families
from include.tidemark.paths import DBT_DIR
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import Feature, catalogue
from include.tidemark.segmentations.conditions import Condition, compile_condition, compile_order

_TEXT = r"^[^\\\x00-\x1f]*$"

Population = Literal["customers", "users"]
Slug = Annotated[StrictStr, Field(pattern=f"^{SLUG}$")]
Name = Annotated[StrictStr, Field(min_length=1, max_length=60, pattern=_TEXT)]
Text = Annotated[StrictStr, Field(max_length=300, pattern=_TEXT)]
Expression = Annotated[StrictStr, Field(min_length=1, max_length=2000)]
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
    limit: Annotated[StrictInt, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="How many at most."
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

    def condition(self, text: str) -> Condition:
        """A condition of it, which `load_segmentation` has checked."""
        return compile_condition(text, catalogue(), self.rules)

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
        return tuple(feature for name, feature in catalogue().items() if name in looked)

    def audience_features(self, audience: Audience) -> tuple[str, ...]:
        """The features that an audience is chosen and ordered by."""
        looked = set(self.condition(audience.where).features) if audience.where else set()
        if audience.order_by:
            looked |= {part.split()[0] for part in compile_order(audience.order_by, catalogue()).split(", ")}
        return tuple(name for name in catalogue() if name in looked)


def load_segmentation(document: Document, families: Collection[str]) -> Segmentation:
    """A segmentation's file, checked as a whole.

    Args:
        families: the enabled ones, whose features can be used.

    Raises:
        SettingsError: something in it can't be used; the message names file and line.
    """
    read = validate(document, Segmentation)
    if read.name != document.path.stem:
        raise SettingsError(
            f"{document.where(('name',))}: the file is called {document.path.name}, so its name is {document.path.stem}"
            f" (found '{read.name}'); rename one of them."
        )
    features = catalogue()
    for number, name in enumerate(read.means):
        _refuse(document, ("means", number), lambda name=name: _mean(name, features))
    for place, text in _expressions(read):
        _refuse(
            document,
            place,
            lambda text=text, place=place: (
                compile_order(text, features)
                if place[-1] == "order_by"
                else compile_condition(text, features, read.rules)
            ),
        )
    if read.of == "customers" and "customer_segments" not in families:
        raise SettingsError(
            f"{document.where(('of',))}: who is a customer is computed by the family customer_segments, which TIDEMARK_FAMILIES"
            " does not name; add it there, or segment users."
        )
    for feature in read.features:
        if feature.family and feature.family not in families:
            raise SettingsError(
                f"{document.path}: the feature {feature.name} is computed by the family {feature.family}, which TIDEMARK_FAMILIES"
                " does not name; add it there, or use another feature."
            )
    return read


def load_segmentations(documents: Mapping[str, Document], families: Collection[str]) -> None:
    """Check every segmentation's file, and that no name is taken.

    Raises:
        SettingsError: as `load_segmentation`; or a name is that of a family or table of the project or a word of SQL, or two files declare an
            audience of one name.
    """
    taken = _taken_names()
    audiences: dict[str, str] = {}
    for document in documents.values():
        read = load_segmentation(document, families)
        if read.name in taken or read.name in _reserved_words():
            whose = "a family or table of the project" if read.name in taken else "SQL"
            raise SettingsError(
                f"{document.where(('name',))}: the name {read.name} is taken by {whose}; choose another, and call the file like it."
            )
        for number, audience in enumerate(read.audiences):
            if audience.name in audiences:
                raise SettingsError(
                    f"{document.where(('audiences', number, 'name'))}: the audience {audience.name} is declared by"
                    f" {audiences[audience.name]}.yml, too; rename one of them."
                )
            audiences[audience.name] = read.name


@cache
def _reserved_words() -> set[str]:
    """Words that can't be the name of a view without quotes, as DuckDB's parser (PostgreSQL's) and sqlglot's for Snowflake list them."""
    with duckdb.connect() as engine:
        rows = engine.execute(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        ).fetchall()
    return {row[0] for row in rows} | {word.lower() for word in Snowflake.Tokenizer.KEYWORDS}


def _taken_names() -> set[str]:
    """Families, models, and the views that show the published rows of one."""
    models = {file.stem for file in (DBT_DIR / "models").rglob("*.sql")}
    return {*known_families(), *models, *(name.removesuffix("_published") for name in models)}


def segmentations_of(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Segmentation]:
    """The segmentations of a configuration folder's content, which `load_segmentation` has checked, by their names."""
    found = (
        Segmentation.model_validate(content)
        for name, content in config.items()
        if name.startswith(f"{FOLDER}/")
    )
    return {segmentation.name: segmentation for segmentation in found}


def declared(name: str, run: Run) -> Segmentation:
    """The segmentation of that name, as the run's configuration folder declares it."""
    return segmentations_of(run.config)[name]


def _expressions(read: Segmentation) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    for number, segment in enumerate(read.segments):
        if segment.when is not None:
            found.append((("segments", number, "when"), segment.when))
    for number, audience in enumerate(read.audiences):
        for key in ("where", "order_by"):
            text = getattr(audience, key)
            if text is not None:
                found.append((("audiences", number, key), text))
    return found


def _mean(name: str, features: Mapping[str, Feature]) -> None:
    if name not in features:
        raise SettingsError(unknown_name(name, name, sorted(features), may_list=False))
    if features[name].sort != "number":
        raise SettingsError(f"{name} has no mean: it is no number.")


def _refuse(document: Document, place: tuple[str | int, ...], look: Any) -> None:
    try:
        look()
    except SettingsError as error:
        raise SettingsError(f"{document.where(place)}: {error}") from None


def _refuse_twice(names: Collection[str], what: str, key: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise ContradictionError(f"the {what} {name!r} is declared twice; remove or rename one", key)
        seen.add(name.lower())
