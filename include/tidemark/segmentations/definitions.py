"""What a declared segmentation says about itself: its segments in words, with the numbers of its file."""

from typing import Any

from include.tidemark.run import Run
from include.tidemark.segmentations.declaration import Segmentation, declared
from include.tidemark.segmentations.words import in_words

_POPULATIONS = {
    "customers": "Every customer with a posted purchase before the as-of date; test users are left out.",
    "users": "Every user who signed up before the as-of date; test users are left out.",
}


def definitions(name: str, run: Run) -> dict[str, Any]:
    """The segmentation's part of `definitions/segment_definitions.json`."""
    of = declared(name, run)
    return {
        "title": of.title,
        "population": _POPULATIONS[of.of],
        "assignment": f"Each {of.person} belongs to the first segment, in order of priority, whose condition holds.",
        "segments": segment_definitions(of, run),
        "terms": {feature.words: run.rules.money.words(feature.meaning) for feature in of.features},
    }


def segment_definitions(of: Segmentation, run: Run) -> list[dict[str, Any]]:
    """Each segment in order of priority: its purpose, its condition in words and as the file says it."""
    return [
        {
            "priority": number,
            "segment": segment.name,
            "purpose": segment.purpose,
            "criteria": in_words(condition, run.rules.money.write),
            "when": segment.when,
            "expected_share_pct": list(of.expected_shares[segment.name])
            if segment.name in of.expected_shares
            else None,
        }
        for number, (segment, condition) in enumerate(zip(of.segments, of.conditions, strict=True), start=1)
    ]
