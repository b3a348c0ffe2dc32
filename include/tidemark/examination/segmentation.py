"""What a segmentation's file would do to the newest published month, without a run: sizes, overlaps,
boundaries, changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlglot import exp

from include.tidemark.config.folder import load_config
from include.tidemark.documents.document import read_document
from include.tidemark.documents.sorts import DIALECT
from include.tidemark.enabled import FOLDER
from include.tidemark.errors import TidemarkError
from include.tidemark.examination.features_query import features_query
from include.tidemark.families import known_families
from include.tidemark.history.ledger import current_publications
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.reading import load_segmentation
from include.tidemark.segmentations.shipped import FOLDER as SHIPPED
from include.tidemark.segmentations.shipped import Shipped, shipped, shipped_document, shipped_names
from include.tidemark.settings import Settings
from include.tidemark.sources.literals import text_literal
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Row, Warehouse
from include.tidemark.warehouse.query_tag import QueryTag

NEAR_PCT = 5
"""A value so near to a threshold, in per cent of it, counts as near the boundary."""


@dataclass(frozen=True)
class Examination:
    """What a file would do to one month."""

    segmentation: Segmentation
    as_of_date: date
    sizes: list[Row]
    """By segment: how many meet its condition, how many get it because no earlier segment took them, and
    their share."""
    overlaps: list[Row]
    """Pairs of segments whose conditions both hold for somebody: the order decides."""
    boundaries: list[Row]
    """By threshold: how many have a value near it, on either side."""
    changes: list[Row] | None
    """Moves between the published segments of that month and these; None where the segmentation is not
    published."""


def examine(settings: Settings, file: Path) -> Examination:
    """Hold a file against the newest published month.

    Raises:
        SettingsError: the file can't be used.
        TidemarkError: nothing is published, or not what the file looks at.
    """
    of = _read(settings, file)
    with open_warehouse(settings, QueryTag("none", "examine_segmentation")) as warehouse:
        published = current_publications(warehouse) if warehouse.columns("control", "publications") else []
        if not published:
            raise TidemarkError(
                "No month is published yet, so there is nobody to look at; run a month first."
            )
        month = published[-1]
        families = _families(warehouse, month.run_key)
    for feature in of.features:
        if feature.family and feature.family not in families:
            raise TidemarkError(
                f"The month as of {month.as_of_date} was published without the family {feature.family}, which computes"
                f" {feature.name}; run a month with it first."
            )
    # Compiled while the warehouse is closed: dbt opens it, too.
    query = features_query(settings, month.as_of_date, month.run_key, families)
    with open_warehouse(settings, QueryTag(month.run_key, "examine_segmentation")) as warehouse:
        people = _people(of, query)
        return Examination(
            of,
            month.as_of_date,
            _sizes(warehouse, of, people),
            _overlaps(warehouse, of, people),
            _boundaries(warehouse, of, people),
            _changes(warehouse, of, people, month.run_key),
        )


def file_of(settings: Settings, name: str) -> Path:
    """Where the file of a segmentation stands: below the configuration folder, but for those of the
    project."""
    folder = SHIPPED if name in shipped_names() else settings.config_dir / FOLDER
    return folder / f"{name}.yml"


def _read(settings: Settings, file: Path) -> Segmentation:
    if file.parent != SHIPPED:
        return load_segmentation(read_document(file), settings.families)
    if inputs := shipped(file.stem).home.inputs:
        raise TidemarkError(
            f"The segments of {file.stem} are decided by numbers that are no features ({', '.join(inputs)}); compare two runs instead."
        )
    document = shipped_document(file.stem, load_config(settings).rules)
    return load_segmentation(document, settings.families, Shipped)


def _families(warehouse: Warehouse, run_key: str) -> list[str]:
    rows = warehouse.fetch("select distinct family from runs.statistics where run_key = ?", (run_key,))
    return sorted({row["family"] for row in rows} & known_families().keys())


def _people(of: Segmentation, query: str) -> str:
    """Common table expression `people`: who is segmented, which conditions they meet, and the number of their
    segment."""
    met = ", ".join(
        f"coalesce({condition.sql if condition else 'true'}, false) as met_{number}"
        for number, condition in enumerate(of.conditions)
    )
    decided = " ".join(f"when met_{number} then {number}" for number in range(len(of.segments)))
    return f"""
        with features as ({query}),
        met as (select user_id, {", ".join(catalogue())}, {met} from features where is_{of.person}),
        people as (select *, case {decided} end as place from met)"""


def _sizes(warehouse: Warehouse, of: Segmentation, people: str) -> list[Row]:
    counts = ", ".join(
        f"count_if(met_{number}) as met_{number}, count_if(place = {number}) as got_{number}"
        for number in range(len(of.segments))
    )
    (row,) = warehouse.fetch(f"{people} select count(*) as everybody, {counts} from people")
    everybody = int(row["everybody"])
    return [
        {
            "segment": name,
            "meet its condition": int(row[f"met_{number}"]),
            of.of: int(row[f"got_{number}"]),
            "share_pct": round(100 * int(row[f"got_{number}"]) / everybody, 2) if everybody else None,
        }
        for number, name in enumerate(of.names)
    ]


def _overlaps(warehouse: Warehouse, of: Segmentation, people: str) -> list[Row]:
    places = [(one, two) for two in range(len(of.segments) - 1) for one in range(two)]
    if not places:
        return []
    counts = ", ".join(f"count_if(met_{one} and met_{two}) as both_{one}_{two}" for one, two in places)
    (row,) = warehouse.fetch(f"{people} select {counts} from people")
    return [
        {"segment": of.names[one], "also meet": of.names[two], of.of: int(row[f"both_{one}_{two}"])}
        for one, two in places
        if row[f"both_{one}_{two}"]
    ]


def _boundaries(warehouse: Warehouse, of: Segmentation, people: str) -> list[Row]:
    """Thresholds on numbers, each once for the segment that names it."""
    thresholds = list(_thresholds(of))
    if not thresholds:
        return []
    counts = ", ".join(
        f"count_if(abs({feature} - ({value})) <= abs({value}) * {NEAR_PCT / 100}) as near_{number}"
        for number, (_, feature, value) in enumerate(thresholds)
    )
    (row,) = warehouse.fetch(f"{people} select {counts} from people")
    return [
        {
            "segment": segment,
            "threshold": f"{feature} at {value}",
            f"within {NEAR_PCT} %": int(row[f"near_{number}"]),
        }
        for number, (segment, feature, value) in enumerate(thresholds)
    ]


def _thresholds(of: Segmentation) -> Iterator[tuple[str, str, str]]:
    """Segment, feature and value of each comparison of a number with a constant."""
    for segment, condition in zip(of.segments, of.conditions, strict=True):
        for node in condition.tree.find_all(exp.GT, exp.GTE, exp.LT, exp.LTE) if condition else ():
            known = catalogue().get(node.this.name) if isinstance(node.this, exp.Column) else None
            is_constant = not any(node.expression.find_all(exp.Column, exp.Func))
            if known and known.sort == "number" and is_constant:
                yield segment.name, known.name, node.expression.sql(DIALECT)


def _changes(warehouse: Warehouse, of: Segmentation, people: str, run_key: str) -> list[Row] | None:
    home = of.home
    if not warehouse.columns("runs", home.model):
        return None
    published = f"(select {home.person} as user_id, {home.segment} as segment from {home.members} where {of.mine(run_key)})"
    if not warehouse.fetch(f"select 1 as one from {published} as published limit 1"):
        return None
    names = " ".join(
        f"when place = {number} then {text_literal(name)}" for number, name in enumerate(of.names)
    )
    rows = warehouse.fetch(
        f"""
        {people}, named as (select user_id, case {names} end as segment from people)
        select published.segment as from_segment, named.segment as to_segment, count(*) as members
        from named inner join {published} as published on named.user_id = published.user_id
        where named.segment <> published.segment
        group by published.segment, named.segment order by members desc, from_segment, to_segment
        """
    )
    return [
        {"published": row["from_segment"], "would be": row["to_segment"], of.of: int(row["members"])}
        for row in rows
    ]
