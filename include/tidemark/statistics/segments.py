"""The statistics of a segmentation: shares, means, movement and backtest, as long rows.

Plain numbers in, `ResultRow` out. Each function returns every row that it ever returns, in the same order,
whatever the data hold: what can't be estimated is a null with a reason, never a missing row.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from include.tidemark.statistics import ratios
from include.tidemark.statistics.cells import Cells, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.rates import wilson_interval
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from include.tidemark.statistics.ratios import ratio_tail
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.trust import Sample, Tail, flag, weakest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BACKTEST_HORIZON = "90d"


def segment_shares(
    counts: Mapping[str, tuple[int, int]], config: StatisticsConfig, segments: Sequence[str]
) -> list[ResultRow]:
    """The share of people in each segment, with and without dormant customers, with Wilson intervals.

    Args:
        counts: segment -> (people, dormant ones among them). A segment that is left out holds nobody.
        config: the run's settings.
        segments: all segments, in the order of the rows.

    Returns:
        ``segment_share`` then ``segment_share_active``, two rows per segment each: ``wilson``, and
        ``goodman``, whose intervals hold all shares together at the level. Where there is nobody at all:
        null, ``zero_denominator``.

    >>> counts = {"Declining": (40, 10), "New & Growing": (60, 0)}
    >>> rows = segment_shares(counts, StatisticsConfig("2026-11-01"), ["Declining", "New & Growing"])
    >>> [(row.segment, row.estimate, row.n) for row in rows if row.metric == "segment_share_active" and row.is_primary]
    [('Declining', 0.333333333333, 90), ('New & Growing', 0.666666666667, 90)]
    """  # noqa: W505
    _check_names(counts, segments)
    for segment, (people, dormant) in counts.items():
        if not 0 <= dormant <= people:
            raise ValueError(f"{segment!r} has {dormant} dormant of {people} people; 0 <= dormant <= people.")
    everyone = {segment: counts.get(segment, (0, 0))[0] for segment in segments}
    active = {segment: everyone[segment] - counts.get(segment, (0, 0))[1] for segment in segments}
    rows = []
    for metric, held in (("segment_share", everyone), ("segment_share_active", active)):
        total = sum(held.values())
        for segment in segments:
            share = proportion_row(metric, held[segment], total, config, "zero_denominator", segment=segment)
            rows += [share, _joint(share, held[segment], total, len(segments))]
    return rows


def _joint(share: ResultRow, people: int, total: int, segments: int) -> ResultRow:
    """The share's interval among those that hold all shares at the level: a score interval, at alpha over
    their number.

    Source: Goodman 1965.
    """
    low, high = share.ci_low, share.ci_high
    if share.estimate is not None and share.confidence_level is not None:
        low, high = wilson_interval(people, total, 1 - (1 - share.confidence_level) / segments)
    return replace(share, method="goodman", is_primary=False, ci_low=low, ci_high=high)


def segment_means(
    cells: Mapping[tuple[str, str], Cells],
    config: StatisticsConfig,
    segments: Sequence[str],
    means: Mapping[str, str],
    units: Mapping[str, int],
) -> list[ResultRow]:
    """The mean of each number per person, by segment and for all.

    Args:
        cells: (metric, segment) -> cells in whole numbers; metrics are the keys of `means`. What is left out
            holds nobody.
        config: the run's settings.
        segments: all segments, in the order of the rows.
        means: metric of the cells -> metric of the result.
        units: metric of the cells -> how many of its whole numbers are one of the result's unit: 100 where
            they are cents.

    Returns:
        For each metric, for each segment and then for all (segment null): a ``percentile_bootstrap`` and a
        ``hall_skew_t`` row.

    >>> rows = [{"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in range(0, 40_000, 100)]
    >>> cells = {("lifetime_value", "Declining"): Cells.from_rows(rows)}
    >>> means, units = {"lifetime_value": "mean_lifetime_value"}, {"lifetime_value": 100}
    >>> rows = segment_means(cells, StatisticsConfig("2026-11-01"), ["Declining"], means, units)
    >>> [(row.segment, row.estimate) for row in rows if row.metric == "mean_lifetime_value" and row.seed]
    [('Declining', 199.5), (None, 199.5)]
    """
    unknown = sorted({metric for metric, _ in cells} - set(means))
    if unknown:
        raise ValueError(f"cells hold the unknown metric {unknown[0]!r}; known are {sorted(means)}.")
    _check_names((segment for _, segment in cells), segments)
    rows = []
    for source, metric in means.items():
        groups: dict[str | None, Cells] = {name: cells.get((source, name), merge([])) for name in segments}
        groups[None] = merge(groups.values())
        for segment, group in groups.items():
            rows += mean_rows(
                metric, group, config, unit=units[source], reference=groups[None], segment=segment
            )
    return rows


def segment_movement(
    counts: Iterable[tuple[str, str, int]],
    config: StatisticsConfig,
    *,
    has_previous: bool,
    segments: Sequence[str],
    joined: str,
    left: str,
    origins: Sequence[str] | None = None,
) -> list[ResultRow]:
    """Where the people of each segment of the last published month are now: shares of the from-segment.

    Args:
        counts: (from segment, to segment, people); pairs that are left out hold nobody.
        config: the run's settings.
        has_previous: whether an earlier publication exists; without one every row is
            ``no_earlier_publication``.
        segments: all segments, in the order of the rows.
        joined: where they come from who were in no segment.
        left: where they go who are in no segment any more.
        origins: the segments of the earlier publication, where it had others.

    Returns:
        A row for each pair: from every segment of then and `joined`, to every segment and `left`, but not
        from joined to left. Shares of one from-segment sum to 1. An empty from-segment gives
        ``empty_segment``.

    >>> moved, config = [("Falling", "Falling", 30), ("Falling", "gone", 10)], StatisticsConfig("2026-11-01")
    >>> rows = segment_movement(moved, config, has_previous=True, segments=["Falling"], joined="new", left="gone")
    >>> [(row.segment, row.segment_to, row.estimate) for row in rows if row.estimate is not None]
    [('Falling', 'Falling', 0.75), ('Falling', 'gone', 0.25)]
    """  # noqa: W505
    pairs = [
        (origin, target)
        for origin in (*(origins or segments), joined)
        for target in (*segments, left)
        if (origin, target) != (joined, left)
    ]
    moved = dict.fromkeys(pairs, 0)
    for origin, target, people in counts:
        if (origin, target) not in moved:
            raise ValueError(
                f"movement from {origin!r} to {target!r} is not possible with the segments {segments}."
            )
        if people < 0:
            raise ValueError(f"movement from {origin!r} to {target!r} counts {people} people.")
        moved[origin, target] += int(people)
    if not has_previous and any(moved.values()):
        raise ValueError("counts hold movements although has_previous is false.")
    totals = {origin: sum(k for (start, _), k in moved.items() if start == origin) for origin, _ in pairs}
    absent = "empty_segment" if has_previous else "no_earlier_publication"
    return [
        proportion_row(
            "movement", moved[pair], totals[pair[0]], config, absent, segment=pair[0], segment_to=pair[1]
        )
        for pair in pairs
    ]


def segment_backtest(
    cells: Mapping[str, RatioCells] | None,
    config: StatisticsConfig,
    *,
    reason_if_absent: str | None = None,
    segments: Sequence[str],
    metric: str,
) -> list[ResultRow]:
    """How each segment of 90 days ago went on: what it did later over what it had done before, a ratio of
    sums.

    Args:
        cells: segment as published then -> cells with x = prior and y = later, in any one unit; None when
            there is nothing to look back at.
        config: the run's settings.
        reason_if_absent: why ``cells`` is None: ``window_not_complete`` or ``no_earlier_publication``.
        segments: all segments of then, in the order of the rows.
        metric: of the rows.

    Returns:
        For each segment and then for all (segment null): a ``percentile_bootstrap`` and a ``log_delta`` row
        of the metric, horizon 90d.

    >>> users = zip(range(100, 200), range(50, 150))
    >>> cells = {"Declining": RatioCells.from_rows({"bin": x, "n": 1, "x1": x, "y1": y, "x2": x**2, "y2": y**2, "xy": x * y} for x, y in users)}
    >>> config = StatisticsConfig("2026-11-01")
    >>> rows = segment_backtest(cells, config, segments=["Declining"], metric="backtest_spend_ratio")
    >>> [(row.segment, row.method, row.estimate) for row in rows[:2]]
    [('Declining', 'percentile_bootstrap', 0.665551839465), ('Declining', 'log_delta', 0.665551839465)]
    """  # noqa: W505
    known: dict[str, Any] = {"horizon": BACKTEST_HORIZON, "confidence_level": config.confidence_level}
    if cells is None:
        if reason_if_absent not in ("window_not_complete", "no_earlier_publication"):
            raise ValueError(
                "reason_if_absent must be 'window_not_complete' or 'no_earlier_publication' when cells is None, "
                f"got {reason_if_absent!r}."
            )
        known["is_mature"] = reason_if_absent != "window_not_complete"
        return [
            null_row(metric, method, reason_if_absent, segment=segment, is_primary=is_primary, **known)
            for segment in (*segments, None)
            for method, is_primary in (("percentile_bootstrap", True), ("log_delta", False))
        ]
    _check_names(cells, segments)
    groups: dict[str | None, RatioCells] = {name: cells.get(name, merge_ratio([])) for name in segments}
    groups[None] = merge_ratio(groups.values())
    everybody = ratio_tail(groups[None]) if sum(groups[None].x1) > 0 else None
    return [
        row
        for segment, group in groups.items()
        for row in _ratio_rows(metric, segment, group, config, known, everybody=everybody)
    ]


def _ratio_rows(
    metric: str,
    segment: str | None,
    cells: RatioCells,
    config: StatisticsConfig,
    known: Mapping[str, Any],
    *,
    everybody: Tail | None,
) -> list[ResultRow]:
    level = config.confidence_level
    source = stream(config.as_of_date, metric, segment, BACKTEST_HORIZON)
    known = {**known, "segment": segment, "n": cells.size}
    drawn = {**known, "n_resamples": config.n_resamples, "seed": source.seed}
    known["is_primary"] = False
    methods = (("percentile_bootstrap", drawn), ("log_delta", known))
    reason = withheld(cells, config)
    if reason:
        return [null_row(metric, method, reason, **fields) for method, fields in methods]
    ratio = cells.ratio
    if ratios.standard_error(cells) == 0:
        return [
            ResultRow(metric, ratio, method, reason="no_variation", **fields) for method, fields in methods
        ]
    sample = Sample(ratio_tail(cells), everybody)
    steady = ratios.steadiness(cells)
    percentile = ratios.bootstrap_ratio_interval(cells, source, config.n_resamples, level)
    if percentile is None:
        # What may have no denominator at all has no interval to rely on, by whichever method.
        steady = ("unreliable", "imprecise")
    trust, reason = weakest(steady, flag("percentile_of_ratio", sample))
    rows = [
        ResultRow(metric, ratio, "percentile_bootstrap", reason="unbounded_interval", **drawn)
        if percentile is None
        else ResultRow(
            metric,
            ratio,
            "percentile_bootstrap",
            ci_low=percentile[0],
            ci_high=percentile[1],
            trust=trust,
            reason=reason,
            **drawn,
        )
    ]
    if ratio <= 0:
        return [*rows, ResultRow(metric, ratio, "log_delta", reason="not_positive", **known)]
    low, high = ratios.log_delta_interval(cells, level)
    trust, reason = weakest(steady, flag("log_delta", sample))
    bounded = trust if math.isfinite(high) else None
    return [
        *rows,
        ResultRow(
            metric, ratio, "log_delta", ci_low=low, ci_high=high, trust=bounded, reason=reason, **known
        ),
    ]


def _check_names(names: Iterable[str], segments: Sequence[str]) -> None:
    unknown = sorted(set(names) - set(segments))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no segment; the segments are {', '.join(segments)}.")
