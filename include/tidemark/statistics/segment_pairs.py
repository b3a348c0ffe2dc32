"""Each segment against each other: shares, means and retention, with intervals and p-values that agree."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from scipy.special import ndtr, ndtri

from include.tidemark.statistics.cells import Cells, merge
from include.tidemark.statistics.config import StatisticsConfig, check_level
from include.tidemark.statistics.groups import Comparison, newcombe_difference, welch_difference
from include.tidemark.statistics.minimums import withheld
from include.tidemark.statistics.multiplicity import adjust
from include.tidemark.statistics.proportions import proportion_row, rate_difference_flag
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.statistics.trust import Flag, Sample, flag, tail_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARE = "segment_share_difference"
RETAINED = "backtest_retained_share"
RETAINED_DIFFERENCE = "backtest_retained_share_difference"


def mean_difference(mean: str) -> str:
    """The metric of two segments' means, by that of the mean."""
    return f"{mean}_difference"


def share_pairs(
    counts: Mapping[str, int], config: StatisticsConfig, segments: Sequence[str]
) -> list[ResultRow]:
    """How much larger the share of one segment is than that of another: both are of the same people.

    Args:
        counts: segment -> people. A segment that is left out holds nobody.
        config: the run's settings.
        segments: all segments, in the order of the rows.

    Returns:
        A ``bonett_price`` row for each pair, adjusted over the pairs.

    >>> rows = share_pairs({"a": 60, "b": 40}, StatisticsConfig("2026-11-01"), ["a", "b"])
    >>> [(row.segment, row.segment_to, row.estimate, round(row.p_value, 3)) for row in rows]
    [('a', 'b', 0.2, 0.043)]
    """
    total = sum(counts.values())
    rows = []
    for first, second in itertools.combinations(segments, 2):
        known = _known(first, second, total, config)
        one, two = counts.get(first, 0), counts.get(second, 0)
        if total < max(config.minimum_sample_size, 1):
            reason = "too_few_users" if total else "zero_denominator"
            rows.append(null_row(SHARE, "bonett_price", reason, **known))
            continue
        found = share_difference(one, two, total, config.confidence_level)
        few = one + two < 2 * config.minimum_nonzero_users
        rows.append(
            _row(SHARE, "bonett_price", found, ("caution", "few_successes") if few else ("ok", None), known)
        )
    return adjust(rows, lambda row: (row.metric,))


def mean_pairs(
    cells: Mapping[str, Cells],
    config: StatisticsConfig,
    segments: Sequence[str],
    mean: str,
    unit: float = 1,
) -> list[ResultRow]:
    """How much larger the mean of one segment is than that of another.

    Args:
        cells: segment -> its users, in small units.
        config: the run's settings.
        segments: all segments, in the order of the rows.
        mean: the metric of the means.
        unit: small units in one published unit.

    Returns:
        A ``welch`` row for each pair, adjusted over the pairs.
    """
    held = {segment: cells.get(segment, merge([])) for segment in segments}
    everybody = merge(held.values())
    reference = tail_of(everybody) if everybody.size else None
    rows = []
    for first, second in itertools.combinations(segments, 2):
        one, two = held[first], held[second]
        known = _known(first, second, one.size + two.size, config)
        reason = withheld(one, config) or withheld(two, config)
        if reason:
            rows.append(null_row(mean_difference(mean), "welch", reason, **known))
            continue
        found = welch_difference(one, two, config.confidence_level)
        if found is None:
            estimate = (one.mean - two.mean) / unit
            rows.append(ResultRow(mean_difference(mean), estimate, "welch", reason="no_variation", **known))
            continue
        trust = flag("welch", *(Sample(tail_of(group), reference) for group in (one, two)))
        rows.append(_row(mean_difference(mean), "welch", found, trust, known, unit))
    return adjust(rows, lambda row: (row.metric,))


def retained_rows(
    cells: Mapping[str, RatioCells] | None,
    config: StatisticsConfig,
    segments: Sequence[str],
    *,
    reason_if_absent: str | None = None,
    horizon: str,
) -> list[ResultRow]:
    """Which share of each segment of then was there again in the window after, the same for all, and how
    segments differ in it.

    Args:
        cells: segment of then -> cells with y = what was done in the window after; who did something is
            retained. None where there is nothing to look back at.
        config: the run's settings.
        segments: all segments of then, in the order of the rows.
        reason_if_absent: why ``cells`` is None.
        horizon: of the rows.

    Returns:
        A ``wilson`` row for each segment and for all (segment null), and a ``newcombe`` row for each pair,
        adjusted over the pairs.
    """
    mature = reason_if_absent != "window_not_complete"
    at: dict[str, Any] = {"horizon": horizon, "is_mature": mature}
    held = {} if cells is None else {name: cells.get(name, merge_ratio([])) for name in segments}
    counts = {name: _retained(group) for name, group in held.items()}
    counts = {name: counts.get(name, (0, 0)) for name in segments}
    whole = sum(count[0] for count in counts.values()), sum(count[1] for count in counts.values())
    absent = reason_if_absent or "empty_segment"
    rates = [
        proportion_row(RETAINED, count[0], count[1], config, absent, segment=name, **at)
        for name, count in (*counts.items(), (None, whole))
    ]
    pairs = []
    for first, second in itertools.combinations(segments, 2):
        one, two = counts[first], counts[second]
        known = {**_known(first, second, one[1] + two[1], config), **at}
        fewest = min(one[1], two[1])
        if fewest < max(config.minimum_sample_size, 1):
            reason = reason_if_absent or ("too_few_users" if fewest else "empty_segment")
            pairs.append(null_row(RETAINED_DIFFERENCE, "newcombe", reason, **known))
            continue
        found = newcombe_difference(*one, *two, config.confidence_level)
        trust = rate_difference_flag(one, two, config)
        pairs.append(_row(RETAINED_DIFFERENCE, "newcombe", found, trust, known))
    return rates + adjust(pairs, lambda row: (row.metric,))


def share_difference(first: int, second: int, n: int, confidence_level: float) -> Comparison:
    """The difference of two shares of the same n users, none of whom is in both.

    A normal interval after one user more in each, (p1 - p2) +- z sqrt((p1 + p2 - (p1 - p2)^2) / (n + 2)) with
    p = (k + 1) / (n + 2), and the p-value at which it touches zero. Source: Bonett and Price 2012, whose
    paired rates differ by just such two shares.

    >>> found = share_difference(60, 40, 100, 0.95)
    >>> found.estimate, round(found.ci_low, 4), round(found.ci_high, 4)
    (0.2, 0.0058, 0.3864)
    """
    if not (first >= 0 and second >= 0 and n >= 1 and first + second <= n):
        raise ValueError(f"two shares of {n} users can't be {first} and {second}.")
    one, two = (first + 1) / (n + 2), (second + 1) / (n + 2)
    centre = one - two
    error = math.sqrt((one + two - centre**2) / (n + 2))
    half = error * float(ndtri(0.5 + check_level(confidence_level) / 2))
    p_value = 2 * float(ndtr(-abs(centre) / error))
    return Comparison((first - second) / n, max(centre - half, -1.0), min(centre + half, 1.0), p_value)


def _retained(cells: RatioCells) -> tuple[int, int]:
    """Users who did something later, and all; the cells part amounts by their sign."""
    return sum(n for n, y in zip(cells.n, cells.y1, strict=True) if y > 0), cells.size


def _known(first: str, second: str, n: int, config: StatisticsConfig) -> dict[str, Any]:
    return {"segment": first, "segment_to": second, "n": n, "confidence_level": config.confidence_level}


def _row(  # noqa: PLR0917 - three calls above
    metric: str, method: str, found: Comparison, trust: Flag, known: Mapping[str, Any], unit: float = 1
) -> ResultRow:
    return ResultRow(
        metric,
        found.estimate / unit,
        method,
        ci_low=found.ci_low / unit,
        ci_high=found.ci_high / unit,
        p_value=found.p_value,
        trust=trust[0],
        reason=trust[1],
        **known,
    )
