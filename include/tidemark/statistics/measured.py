"""Which numbers are compared between months, and their changes on pairs of the same people."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from include.tidemark.statistics.change import Change, Form, Kind, Number
from include.tidemark.statistics.pairs import (
    PairCells,
    count_change,
    difference_change,
    mean_change,
    part_change,
    quotient_change,
    share_change,
    sum_change,
    sum_share_change,
)
from include.tidemark.statistics.segment_pairs import SHARE, mean_difference
from include.tidemark.statistics.trust import Tail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MEMBERS, ACTIVE, DORMANT = "members", "active_members", "dormant_members"
"""The metrics of the cells that count people: all, and by whether they are dormant."""


@dataclass(frozen=True)
class Numbers:
    """Which numbers a segmentation publishes.

    Attributes:
        segments: all segments, in the order of the rows.
        means: metric of the cells -> metric of the mean.
        sums: metric of the cells -> metric of the sum over a segment.
        units: metric of the cells -> how many of its whole numbers are one of the result's unit.
    """

    segments: Sequence[str]
    means: Mapping[str, str]
    sums: Mapping[str, str]
    units: Mapping[str, int]


class Measured(NamedTuple):
    """The change of one published number.

    Attributes:
        metric: what it is called.
        kind: what it is.
        segment: whom it is about.
        change: what was found.
        reference: the tail of all people's influence, of means and sums.
        segment_to: of a difference, the segment whose number is subtracted.
    """

    metric: str
    kind: Kind
    segment: str | None
    change: Change
    reference: Tail | None = None
    segment_to: str | None = None


NOBODY = PairCells((), (), ())


def segment_numbers(cells: Mapping[str, PairCells], numbers: Numbers) -> list[Measured]:
    """The changes of every number of a segmentation: shares, counts, means and sums, by segment and for all.

    Args:
        cells: metric -> cells of the people of both months; without any where there is no earlier month.
        numbers: what is published. A segment that only the earlier month had has its changes, too.

    >>> [measured.metric for measured in segment_numbers({}, Numbers(["A"], {}, {}, {}))]
    ['segment_share', 'segment_share_active', 'members', 'members', 'dormant_members', 'dormant_members']
    """
    gone = sorted({name for each in cells.values() for name in each.segments} - set(numbers.segments))
    return measured_pairs(cells, published_numbers(replace(numbers, segments=[*numbers.segments, *gone])))


def published_numbers(numbers: Numbers) -> list[Number]:
    """Every number of a segmentation, in the order of its rows."""
    everybody = (*numbers.segments, None)
    shares = ((MEMBERS, "segment_share"), (ACTIVE, "segment_share_active"))
    made = [
        Number(metric, "share", source, name, name) for source, metric in shares for name in numbers.segments
    ]
    made += [
        Number(metric, "count", metric, name, name) for metric in (MEMBERS, DORMANT) for name in everybody
    ]
    amounts: tuple[tuple[Form, Mapping[str, str]], ...] = ("mean", numbers.means), ("sum", numbers.sums)
    made += [
        Number(metric, form, source, name, name, numbers.units[source])
        for form, metrics in amounts
        for source, metric in metrics.items()
        for name in everybody
    ]
    pairs = list(itertools.combinations(numbers.segments, 2))
    made += [Number(SHARE, "share", MEMBERS, first, first, versus=second) for first, second in pairs]
    return made + [
        Number(mean_difference(metric), "mean", source, first, first, numbers.units[source], second)
        for source, metric in numbers.means.items()
        for first, second in pairs
    ]


def measured_pairs(cells: Mapping[str, PairCells], numbers: Iterable[Number]) -> list[Measured]:
    """The change of each number, in their order; of a mean and a sum with all people's influence as the
    reference of its tail."""

    @cache
    def change(number: Number) -> Change:
        of, name, unit = cells.get(number.source, NOBODY), number.of, number.unit
        if number.form == "quotient":
            return quotient_change(of, name or "", number.versus or "")
        if number.versus is not None:
            return difference_change(of, number.form, name or "", number.versus, unit)
        match number.form:
            case "mean":
                return mean_change(of, name, unit)
            case "sum":
                return sum_change(of, name, unit)
            case "count":
                return count_change(of, name)
        return _OF_A_SEGMENT[number.form](of, name or "")

    return [
        Measured(
            number.metric,
            number.kind,
            number.segment,
            change(number),
            change(number.of_all).tail if number.of_all else None,
            number.versus,
        )
        for number in numbers
    ]


_OF_A_SEGMENT = {"share": share_change, "part": part_change, "ratio": sum_share_change}
