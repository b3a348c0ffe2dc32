"""The rows of trade sizes: shares of volume and fees, what a user pays, who is back in the next week, who is
new."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from include.tidemark.families.fee_tiers.definitions import TRADE_SIZES
from include.tidemark.families.fee_tiers.value_sums import UNITS_A_DOLLAR
from include.tidemark.statistics import shares
from include.tidemark.statistics.cells import Cells, cells_by, merge
from include.tidemark.statistics.config import MINIMUM_RESAMPLES, StatisticsConfig
from include.tidemark.statistics.mean_rows import METHODS as MEAN_METHODS
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow, null_row
from include.tidemark.warehouse.base import Row

SHARES: Mapping[str, str] = {"volume_share": "volume", "fees_share": "fees"}
"""Metric of the rows -> metric of the cells."""
FEE_PAID = "avg_fee_paid_usd"
NEXT_WEEK = "retention_next_week"
NEW_SHARE = "new_share"
TOP_SHARE = "top_volume_share"
TOP_PCT = (1, 10)

_Groups = Mapping[Any, Cells]


def top_name(share_pct: float) -> str:
    """The users with the largest volume, as the segment of a row.

    >>> top_name(1)
    'top 1% of users'
    """
    return f"top {share_pct:g}% of users"


def week_rows(weeks: Sequence[Row], cells: Sequence[Row], config: StatisticsConfig) -> list[ResultRow]:
    """Shares of volume and fees, and the mean fee of a user, by fee week (horizon) and trade size (segment).

    These are hundreds of intervals, most of them only drawn as a line: so they take the fewest resamples that
    are allowed, and `logit_delta` and `hall_skew_t` are beside them without any.

    Args:
        weeks: rows of `runs.fct_weekly_summary_final`; one that is not complete gets nulls.
        cells: rows of `runs.fee_segment_cells`.
        config: the run's settings.
    """
    config = replace(config, n_resamples=MINIMUM_RESAMPLES)
    groups: _Groups = cells_by(cells, ("metric", "week_number", "segment"))
    # All weeks together show what the users of one week may lack by chance.
    whole: _Groups = cells_by(
        [row for row in cells if row["metric"] in SHARES.values()], ("metric", "segment")
    )
    longer = {
        name: {size: whole.get((name, size), merge([])) for size in TRADE_SIZES} for name in SHARES.values()
    }
    everybody = merge(longer["fees"].values())
    tails = {name: shares.tails(longer[name]) for name in SHARES.values()}
    rows = []
    for week in weeks:
        if not week["is_complete"]:
            rows += _open_week(week, config)
            continue
        found = {
            name: {size: groups.get((name, week["week_number"], size), merge([])) for size in TRADE_SIZES}
            for name in SHARES.values()
        }
        for metric, name in SHARES.items():
            rows += shares.share_rows(
                metric, found[name], config, reference=tails[name], horizon=week["period_id"]
            )
        for size, held in found["fees"].items():
            rows += mean_rows(
                FEE_PAID,
                held,
                config,
                unit=UNITS_A_DOLLAR,
                reference=everybody,
                segment=size,
                horizon=week["period_id"],
            )
    return rows


def next_week_rows(
    weeks: Sequence[Row], followed: Sequence[Row], config: StatisticsConfig
) -> list[ResultRow]:
    """Of the users of a fee week and trade size, the share that swaps in the next fee week too.

    Args:
        weeks: rows of `runs.fct_weekly_summary_final`.
        followed: rows of week_number, segment, users whose next week is over, and again: those who swapped in
            it.
        config: the run's settings.
    """
    last_complete = max((week["week_number"] for week in weeks if week["is_complete"]), default=0)
    counts = {
        (row["week_number"], row["segment"]): (int(row["users"]), int(row["again"])) for row in followed
    }
    return [
        _rate(
            NEXT_WEEK,
            counts.get((week["week_number"], size), (0, 0)),
            config,
            is_open=week["week_number"] >= last_complete,
            segment=size,
            horizon=week["period_id"],
        )
        for week in weeks
        for size in TRADE_SIZES
    ]


def newcomer_rows(weeks: Sequence[Row], config: StatisticsConfig) -> list[ResultRow]:
    """The share of a fee week's users whose first swap it was."""
    return [
        _rate(
            NEW_SHARE,
            (int(week["swappers"]), int(week["new_swappers"])),
            config,
            is_open=not week["is_complete"],
            horizon=week["period_id"],
        )
        for week in weeks
    ]


def concentration_rows(cells: Sequence[Row], config: StatisticsConfig) -> list[ResultRow]:
    """The share of all volume that the users with the largest volume hold."""
    everybody = merge(group for group in usual_sizes(cells).values())
    rows = []
    for percent in TOP_PCT:
        known: dict[str, Any] = {
            "segment": top_name(percent),
            "n": everybody.size,
            "confidence_level": config.confidence_level,
        }
        if everybody.size == 0:
            rows.append(null_row(TOP_SHARE, "cells", "empty_segment", **known))
        elif everybody.size < config.minimum_sample_size:
            rows.append(null_row(TOP_SHARE, "cells", "too_few_users", **known))
        elif everybody.sums[0] <= 0:
            rows.append(null_row(TOP_SHARE, "cells", "zero_denominator", **known))
        else:
            share = held_by_top(everybody, percent / 100)
            rows.append(ResultRow(TOP_SHARE, share, "cells", reason="descriptive", **known))
    return rows


def usual_sizes(cells: Sequence[Row]) -> dict[str, Cells]:
    """Trade size -> cells of the volume in all fee weeks of the users whose usual size it is."""
    groups: _Groups = cells_by([row for row in cells if row["metric"] == "user_volume"], ("segment",))
    return {size: groups.get((size,), merge([])) for size in TRADE_SIZES}


def held_by_top(cells: Cells, share: float) -> float:
    """The part of the sum that the largest `share` of users hold; users of one cell count as equal.

    >>> held_by_top(Cells.from_rows({"bin": v, "n": 1, "s1": v, "s2": v**2, "s3": v**3} for v in [1] * 9 + [91]), 0.1)
    0.91
    """  # noqa: W505
    wanted, held = share * cells.size, 0.0
    # Cells are in the order of their means.
    for n, total in zip(reversed(cells.n), reversed(cells.s1), strict=True):
        part = min(n, wanted)
        held += float(total) * part / n
        wanted -= part
        if wanted <= 0:
            break
    return held / float(cells.sums[0])


def _open_week(week: Row, config: StatisticsConfig) -> list[ResultRow]:
    known: dict[str, Any] = {
        "horizon": week["period_id"],
        "n": 0,
        "confidence_level": config.confidence_level,
        "is_mature": False,
    }
    methods = {**dict.fromkeys(SHARES, shares.METHODS), FEE_PAID: MEAN_METHODS}
    return [
        null_row(metric, method, "window_not_complete", segment=size, is_primary=method == names[0], **known)
        for metric, names in methods.items()
        for size in TRADE_SIZES
        for method in names
    ]


def _rate(
    metric: str, counts: tuple[int, int], config: StatisticsConfig, *, is_open: bool, **names: str
) -> ResultRow:
    users, successes = counts
    if is_open:
        known: dict[str, Any] = {**names, "n": users, "confidence_level": config.confidence_level}
        return null_row(metric, "wilson", "window_not_complete", is_mature=False, **known)
    return proportion_row(metric, successes, users, config, "empty_segment", **names)
