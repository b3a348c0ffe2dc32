"""The audiences in the report: who is in each, in words, how many they are, and where the warehouse has them
by their own ids."""

from typing import Any

from include.tidemark.run import Run
from include.tidemark.segmentations.artifacts import people
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.words import in_words
from include.tidemark.sources.literals import text_literal
from include.tidemark.validation.checks import count_where
from include.tidemark.warehouse.base import Warehouse


def audiences(of: Segmentation, run: Run, warehouse: Warehouse) -> list[dict[str, Any]]:
    """What the section's template prints, an audience each."""
    shown = []
    for audience in of.audiences:
        condition = of.condition(audience.where) if audience.where else None
        is_of = f"{of.home.segment} = {text_literal(audience.of)}" if audience.of else "true"
        (row,) = warehouse.fetch(
            f"select count(*) as members, {count_where('is_chosen')} as chosen"
            f" from {people(of, run, condition.sql if condition else 'true')} as people where {is_of}"
        )
        limit = of.limit_of(audience)
        shown.append(
            {
                "name": audience.name.replace("_", " ").capitalize(),
                "segment": audience.of,
                "members": row["members"],
                "size": min(row["chosen"], limit or row["chosen"]),
                "says": in_words(condition, run.rules.money.write) if condition else "",
                "most": limit if limit is not None and limit < row["chosen"] else None,
            }
        )
    return shown
