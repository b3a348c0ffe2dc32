"""The feature catalogue: what the files of segmentations may name, as the dbt model `user_features` describes
it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from include.tidemark.artifacts.columns import KINDS
from include.tidemark.artifacts.tables import Kind
from include.tidemark.documents.sorts import Sort
from include.tidemark.paths import DBT_DIR
from include.tidemark.shared_texts import shared_or_other
from include.tidemark.yaml_reading import read_yaml

TABLE = "runs.user_features"

Unit = Literal[
    "text", "date", "yes_no", "money", "count", "days", "months", "seconds", "percent", "score", "bps"
]

_SORTS: Mapping[Kind, Sort] = {"text": "text", "date": "date", "boolean": "boolean"}
_SCALES: Mapping[Unit, int] = {"score": 10_000}


@dataclass(frozen=True)
class Feature:
    """One column of the catalogue."""

    name: str
    kind: Kind
    unit: Unit
    meaning: str
    family: str | None
    """The family that computes it; None for what the table of users says itself."""

    @property
    def sort(self) -> Sort:
        """What it can be compared with."""
        return _SORTS.get(self.kind, "number")

    @property
    def published(self) -> str:
        """SQL of it over one row per user, as files may show it: a text of the source only where enough users
        share it."""
        return shared_or_other(self.name) if self.kind == "text" and self.family is None else self.name

    @property
    def scale(self) -> int:
        """How many whole numbers of its sums are one of its unit: means are computed of exact sums."""
        return 1 if self.kind == "integer" else _SCALES.get(self.unit, 100)

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ")


@cache
def catalogue() -> dict[str, Feature]:
    """Every feature, by its name."""
    features = (
        _feature(column) for column in _columns("segmentations", "user_features") if "config" in column
    )
    return {feature.name: feature for feature in features}


@cache
def model_kinds(folder: str, model: str) -> dict[str, Kind]:
    """The columns of a dbt model, in order, and what they hold."""
    return {column["name"]: KINDS[column["data_type"]] for column in _columns(folder, model)}


def _columns(folder: str, name: str) -> list[dict[str, Any]]:
    file = DBT_DIR / "models" / folder / f"{name}.yml"
    (model,) = read_yaml(file.read_text(encoding="utf-8"))["models"]
    columns: list[dict[str, Any]] = model["columns"]
    return columns


def _feature(column: Mapping[str, Any]) -> Feature:
    meta = column["config"]["meta"]
    return Feature(
        name=column["name"],
        kind=KINDS[column["data_type"]],
        unit=meta["unit"],
        meaning=column["description"],
        family=meta.get("family"),
    )
