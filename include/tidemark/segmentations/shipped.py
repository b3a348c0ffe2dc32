"""The segmentations that the project ships: files of `dbt/segmentations/` of the same kind as a deployment's,
whose `rule.<name>` is a rule of the run."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import BaseModel, Field

from include.tidemark.documents.document import Document, read_document
from include.tidemark.paths import DBT_DIR
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import Feature, catalogue
from include.tidemark.segmentations.declaration import (
    Audience,
    Segment,
    Segmentation,
    Text,
    segmentations_of,
)
from include.tidemark.segmentations.home import Home
from include.tidemark.sources.literals import text_literal

FOLDER = DBT_DIR / "segmentations"
_RULE = re.compile(r"\brule\.(\w+)")


class ShippedSegment(Segment):
    """A segment whose condition is said in words by hand."""

    criteria: Text
    """`{<rule>}` stands for the value of a rule."""


class Shipped(Segmentation):
    """The file of one segmentation of the project."""

    segments: tuple[ShippedSegment, ...]
    rules: dict[str, Any] = Field(default={})
    published: Home

    @property
    def home(self) -> Home:
        """As the file says."""
        return self.published

    @property
    def known(self) -> Mapping[str, Feature]:
        """The catalogue, and what the model has besides."""
        inputs = self.published.inputs.items()
        return catalogue() | {
            name: Feature(name, "number", "score", meaning, None) for name, meaning in inputs
        }

    @property
    def decided(self) -> str:
        """SQL on the rows of its model: the first segment whose condition holds."""
        (*before, last) = zip(self.conditions, map(text_literal, self.names), strict=True)
        branches = " ".join(f"when {condition.sql} then {name}" for condition, name in before if condition)
        return f"case {branches} else {last[1]} end"

    def chosen(self, audience: Audience) -> str:
        """SQL on the rows of its model: who belongs to an audience, the limit left aside."""
        parts = [f"{self.home.segment} = {text_literal(audience.of)}"] if audience.of else []
        parts += [f"({self.condition(audience.where).sql})"] if audience.where else []
        return " and ".join(parts) or "true"


def shipped_names() -> list[str]:
    """The segmentations of the project."""
    return sorted(file.stem for file in FOLDER.glob("*.yml"))


def shipped_document(name: str, rules: BaseModel | None = None) -> Document:
    """The file of one, with the values of the rules that it names."""
    document = _read(name)
    values = rules.model_dump() if rules else {}
    named = dict.fromkeys(_RULE.findall(json.dumps(document.content)))
    return replace(
        document,
        content=document.content | {"rules": {rule: values[rule] for rule in named if rule in values}},
    )


def shipped(name: str, rules: BaseModel | None = None) -> Shipped:
    """One of them under these rules; without rules, what does not depend on any."""
    return Shipped.model_validate(shipped_document(name, rules).content)


def declared(name: str, run: Run) -> Segmentation:
    """A segmentation of the run: one of the project under the run's rules, or one that its configuration
    folder declares."""
    return shipped(name, run.rules) if name in shipped_names() else segmentations_of(run.config)[name]


@cache
def _read(name: str) -> Document:
    return read_document(FOLDER / f"{name}.yml")
