"""What changed since the last published month, in a few sentences: the first thing that a reader asks."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.tidemark.report import words
from include.tidemark.run import Run
from include.tidemark.statistics.results import REASONS
from include.tidemark.warehouse.base import Row

MOST, MOST_TRENDS = 7, 3
"""Sentences; a reader remembers no more."""


@dataclass(frozen=True)
class Wording:
    """How sentences call a number."""

    label: str
    """What it is; of a share or a count, the people that it is of."""
    write: Callable[[Any], str]
    names: Mapping[Any, str] = field(default_factory=dict)
    """What people call segments that go by a code; None stands for all."""
    subject: str = ""
    """What a sentence is about where it is not the segment alone, with `{segment}`, `{of_segment}` and
    `{horizon}`."""


NEVER_JUDGED = ("same_users", "not_paired", "moved_by_others", "descriptive")
"""Reasons of numbers whose change is never judged: those of a cohort or week that is over, effects of models,
and descriptions."""

Wordings = Mapping[str, Mapping[str, Wording]]
"""By family and metric. A number without one has no sentence."""


@dataclass(frozen=True)
class WhatChanged:
    """The section that opens the report."""

    since: str
    """The day of the earlier month; empty where there is none, or not one for all families."""
    sentences: tuple[str, ...]
    """Changes beyond chance, the most important first."""
    further: int
    """Changes beyond chance that have no sentence."""
    trends: tuple[str, ...]
    """Shares that rose or fell month after month, beyond chance."""
    of_the_measure: tuple[str, ...]
    """What may have changed because of what was computed, not of what people did: a sentence per family."""
    could_be_missed: str
    """The smallest change of a share that would have been seen; empty where no share was judged."""
    compared: int
    """Numbers that were compared."""
    unjudged: tuple[tuple[int, str], ...]
    """How many changes could not be judged, and why, the most frequent reason first."""
    is_first: bool
    """Whether no earlier month is published."""


def what_changed(run: Run, changes: Iterable[Row], wordings: Wordings) -> WhatChanged:
    """The section from the rows of `runs.changes`.

    A change is beyond chance where its interval is reliable and its adjusted p-value is at most the false
    discovery rate of the rules. Each segment has one sentence: of its share if that changed, else of the
    number that changed most.
    """
    changes = list(changes)
    # What is adjusted for the earlier spend says again what the change itself says.
    compared = [
        row
        for row in changes
        if row["comparison"] == "previous" and row["earlier_as_of_date"] and row["method"] != "ancova"
    ]
    days = {row["earlier_as_of_date"] for row in compared}
    judged = [row for row in compared if row["trust"] == "ok" and row["p_adjusted"] is not None]
    rate = run.rules.segmentation_significance_threshold
    found = [
        row
        for row in judged
        if is_beyond_chance(row, rate) and row["metric"] in wordings.get(row["family"], {})
    ]
    # Of a segment its share is told: its number grows with the business alone.
    told = [
        row for row in found if row["is_comparable"] and (row["kind"] != "count" or row["segment"] is None)
    ]
    behaviour = _one_each(told, wordings)
    sentences = list(dict.fromkeys(_sentence(row, wordings, dated=len(days) > 1) for row in behaviour))
    return WhatChanged(
        since=words.day(*days) if len(days) == 1 else "",
        sentences=tuple(sentences[:MOST]),
        further=sum(bool(row["is_comparable"]) for row in found) - len(sentences[:MOST]),
        trends=tuple(_trends(changes, rate, wordings))[:MOST_TRENDS],
        of_the_measure=tuple(_of_the_measure(compared, found, changes, wordings)),
        could_be_missed=_could_be_missed(judged, wordings),
        compared=sum(row["reason"] not in NEVER_JUDGED for row in compared),
        unjudged=tuple(_unjudged(compared)),
        is_first=not compared,
    )


def is_beyond_chance(row: Row, rate: float) -> bool:
    """Whether a change is judged, and its adjusted p-value at most the false discovery rate."""
    return row["trust"] == "ok" and row["p_adjusted"] is not None and row["p_adjusted"] <= rate


def _sizes(row: Row) -> tuple[float, float, float]:
    """The change and the ends of its interval, upwards where it fell."""
    change, low, high = (float(row[name]) for name in ("change", "ci_low", "ci_high"))
    return (change, low, high) if change > 0 else (-change, -high, -low)


def _points(size: float) -> str:
    """A size in percentage points, without a sign where it has none."""
    return f"{100 * size:.1f}".replace("-", "\u2212")


def _one_each(rows: Sequence[Row], wordings: Wordings) -> list[Row]:
    """The row that speaks for each segment of each family, the most important segment first.

    Of shares the one that the wordings name first, such as that of all customers before that of those who are
    not dormant.
    """
    people = {
        family: max(row["n"] or 0 for row in rows if row["family"] == family)
        for family in {r["family"] for r in rows}
    }

    def importance(row: Row) -> float:
        """The part of all people, or of what they all have, that the change amounts to."""
        if row["kind"] == "share":
            return abs(float(row["change"]))
        relative = abs(row["change"] / row["earlier_estimate"]) if row["earlier_estimate"] else 1.0
        return float(relative) * (row["n"] or 0) / (people[row["family"]] or 1)

    def place(row: Row) -> int:
        return list(wordings[row["family"]]).index(row["metric"]) if row["kind"] == "share" else 0

    chosen: dict[tuple[str, str | None], Row] = {}
    for row in sorted(rows, key=lambda row: (row["kind"] == "share", -place(row), importance(row))):
        chosen[row["family"], row["segment"]] = row
    return sorted(chosen.values(), key=importance, reverse=True)


def _sentence(row: Row, wordings: Wordings, *, dated: bool = False) -> str:
    wording = wordings[row["family"]][row["metric"]]
    if row["kind"] == "share":
        by, least, most = map(_points, _sizes(row))
        by, to = f"{by} points", f"{words.percent(row['estimate'])} of {wording.label}"
    else:
        by, least, most = map(wording.write, _sizes(row))
        to = wording.write(row["estimate"])
    if wording.subject and row["kind"] == "share":
        to = words.percent(row["estimate"])
    what = _subject(row, wording)
    since = f" since {words.day(row['earlier_as_of_date'])}" if dated else ""
    return f"{what} {'rose' if row['change'] > 0 else 'fell'} by {by} ({least} to {most}) to {to}{since}."


def _subject(row: Row, wording: Wording) -> str:
    segment = wording.names.get(row["segment"], row["segment"])
    if wording.subject:
        of_segment = f" of {segment.replace('_', ' ')}" if segment else ""
        horizon = re.sub(r"^(\d+)d$", r"\1 days", row["horizon"] or "")
        return wording.subject.format(segment=segment, of_segment=of_segment, horizon=horizon)
    if row["kind"] == "share":
        return str(segment)
    label = wording.label[:1].upper() + wording.label[1:]
    return f"{label} of {segment}" if segment else label


def _trends(changes: Sequence[Row], rate: float, wordings: Wordings) -> Iterable[str]:
    """A sentence for each share with a slope beyond chance, the steepest first."""
    found = [
        row
        for row in changes
        if row["comparison"] == "trend"
        and row["kind"] == "share"
        and row["is_comparable"]
        and is_beyond_chance(row, rate)
        and row["metric"] in wordings.get(row["family"], {})
    ]
    said = set()
    for row in sorted(found, key=lambda row: -abs(row["change"])):
        wording = wordings[row["family"]][row["metric"]]
        what = _subject(row, wording)
        if what in said:
            continue
        said.add(what)
        by, least, most = map(_points, _sizes(row))
        yield (
            f"{what} has {'risen' if row['change'] > 0 else 'fallen'} by {by} points a month over {row['months']} months"
            f" ({least} to {most}), to {words.percent(row['estimate'])}{'' if wording.subject else f' of {wording.label}'}."
        )


def _of_the_rules(family: str, changes: Sequence[Row], wordings: Wordings) -> str:
    """What new conditions did to a share and what people did, of the share that the conditions moved most;
    empty without such."""
    rows = [
        row
        for row in changes
        if row["family"] == family
        and row["comparison"] == "previous_same_rules"
        and row["kind"] == "share"
        and row["rules_effect"]
        and row["change"] is not None
        and row["metric"] in wordings.get(family, {})
    ]
    if not rows:
        return ""
    row = max(rows, key=lambda row: abs(row["rules_effect"]))
    what = _subject(row, wordings[family][row["metric"]])
    rules, people = (
        words.points(float(row[name])).replace(" pp", " points") for name in ("rules_effect", "change")
    )
    return f" The new conditions alone moved {what} by {rules}, people moved it by {people}."


def _of_the_measure(
    compared: Sequence[Row], found: Sequence[Row], changes: Sequence[Row], wordings: Wordings
) -> Iterable[str]:
    for family in dict.fromkeys(row["family"] for row in compared if not row["is_comparable"]):
        title = family.replace("_", " ").capitalize()
        changed = [row for row in found if row["family"] == family]
        differences = next(row["differences"] for row in compared if row["family"] == family)
        day = words.day(next(row["earlier_as_of_date"] for row in compared if row["family"] == family))
        said = f"{title}: not the same measure as on {day} ({differences})"
        rules = _of_the_rules(family, changes, wordings)
        if not changed:
            yield f"{said}, and no number changed beyond chance.{rules}"
            continue
        largest = _sentence(_one_each(changed, wordings)[0], wordings)
        yield f"{said}, so a change may come from that and not from what people did. {words.count(len(changed))} numbers changed. {largest}{rules}"


def _could_be_missed(judged: Sequence[Row], wordings: Wordings) -> str:
    """Of the shares of segments, which sentences speak of first."""
    shares = [
        float(row["detectable_change"])
        for row in judged
        if row["metric"] == "segment_share"
        and row["detectable_change"]
        and row["metric"] in wordings.get(row["family"], {})
    ]
    return f"{100 * max(shares):.1f} points" if shares else ""


def _unjudged(compared: Sequence[Row]) -> Iterable[tuple[int, str]]:
    """What did not vary, or could not, needs no judgement."""
    nothing = (None, "no_variation", *NEVER_JUDGED)
    reasons = Counter(
        row["reason"] for row in compared if row["trust"] != "ok" and row["reason"] not in nothing
    )
    for reason, number in reasons.most_common():
        yield number, REASONS.get(reason, reason)
