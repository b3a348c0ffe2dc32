"""What the report says of segments against each other, of their shares together and of their quantiles, a
sentence each."""

from collections.abc import Callable
from typing import Any

from include.tidemark.artifacts.results import StatisticRows
from include.tidemark.report import words
from include.tidemark.report.numbers import interval
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.statistics.segment_pairs import RETAINED, RETAINED_DIFFERENCE, SHARE, mean_difference
from include.tidemark.statistics.segments import BACKTEST_HORIZON
from include.tidemark.warehouse.base import Row

Write = Callable[[Any], str]


def of_segments(of: Segmentation, results: StatisticRows, writer: Callable[[str], Write]) -> list[str]:
    """Shares together, pairs of segments, medians; what has no number is left out.

    Args:
        writer: what writes a feature's values.
    """
    joint = [(name, results.at("segment_share", name, method="goodman")) for name in of.names]
    told = [
        _listed("All shares together lie, at the level of the intervals, within", joint, words.percent, ends=True),
        _pairs(results, SHARE, "share", words.points),
    ]  # fmt: skip
    for feature in of.means:
        what, write = catalogue()[feature].words, writer(feature)
        told.append(_pairs(results, mean_difference(of.mean_of(feature)), f"mean {what}", write))
        middle = [(name, results.at(of.quantile_of(feature), name, horizon="p50")) for name in of.names]
        told.append(_listed(f"Half of each segment is at or below this {what}:", middle, write))
    return [sentence for sentence in told if sentence]


def of_backtest(of: Segmentation, results: StatisticRows) -> list[str]:
    """Who was there again in the window after, and which pairs of segments differ in it."""
    then = [row["segment"] for row in results.of(RETAINED) if row["segment"]]
    again = [(name, results.at(RETAINED, name, horizon=BACKTEST_HORIZON)) for name in then]
    did = "bought something" if of.backtest == "spend" else "were active"
    told = (
        _listed(f"Of the {of.of} of each segment, this share {did} in the 90 days after:", again, words.percent),
        _pairs(results, RETAINED_DIFFERENCE, "this share", words.points),
    )  # fmt: skip
    return [sentence for sentence in told if sentence]


def _listed(start: str, rows: list[tuple[str, Row | None]], write: Write, *, ends: bool = False) -> str:
    """Each row's number with its interval, or the interval alone."""
    there = [(name, row) for name, row in rows if row and row["estimate"] is not None]
    told = [
        f"{name} {interval(row, write) if ends else write(row['estimate'])}"
        + (f" ({interval(row, write)})" if interval(row, write) and not ends else "")
        for name, row in there
    ]
    return f"{start} {'; '.join(told)}." if told else ""


def _pairs(results: StatisticRows, metric: str, what: str, write: Write) -> str:
    """How many pairs differ after the adjustment for all comparisons, and which do most."""
    compared = [row for row in results.of(metric) if row["p_value"] is not None]
    found = [row for row in compared if row["is_discovery"]]
    if not found:
        return f"None of {len(compared)} pairs of segments is found to differ in {what}." if compared else ""
    most = max(found, key=lambda row: abs(row["estimate"]))
    return (
        f"{len(found)} of {len(compared)} pairs of segments are found to differ in {what}; most do {most['segment']} and"
        f" {most['segment_to']}, by {write(most['estimate'])} ({interval(most, write)})."
    )
