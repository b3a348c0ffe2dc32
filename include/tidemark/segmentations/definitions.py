"""What a segmentation says about itself: its segments in words, with the numbers of its file and of the
rules."""

from typing import Any

from include.tidemark.rules import Rules
from include.tidemark.run import Run
from include.tidemark.segmentations.criteria import filled
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.shipped import Shipped, ShippedSegment, declared
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
        "terms": terms(of, run),
    }


def terms(of: Segmentation, run: Run) -> dict[str, str]:
    """What its words mean, in the deployment's currency."""
    said = of.home.terms or {feature.words: feature.meaning for feature in of.features}
    return {term: run.rules.money.words(meaning) for term, meaning in said.items()}


def criteria(of: Shipped, rules: Rules) -> dict[str, str]:
    """What puts somebody into each segment, in the words of its file."""
    return {segment.name: filled(segment.criteria, rules, of.home.phrases) for segment in of.segments}


def segment_definitions(of: Segmentation, run: Run) -> list[dict[str, Any]]:
    """Each segment in order of priority: its purpose, its condition in words and as the file says it, and the
    rules in it."""
    what, shares = of.shares_beside
    return [
        {
            "priority": number,
            of.home.segment: segment.name,
            "purpose": segment.purpose,
            "criteria": filled(segment.criteria, run.rules, of.home.phrases)
            if isinstance(segment, ShippedSegment)
            else in_words(condition, run.rules.money.write),
            "when": segment.when,
            "thresholds": of.rules_in(segment.when or ""),
            f"{what}_share_pct": list(shares[segment.name]) if segment.name in shares else None,
        }
        for number, (segment, condition) in enumerate(zip(of.segments, of.conditions, strict=True), start=1)
    ]
