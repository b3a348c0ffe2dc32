"""The family's statistics: each function reads sufficient statistics of one run and returns rows with
intervals.

SQL does the aggregation; cells, cohorts and times reach Python, whatever the number of users.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from include.tidemark.families.engagement.cohorts import (
    ALL_COHORTS,
    read_cohorts,
    retention_counts,
    revenue_rows,
)
from include.tidemark.families.engagement.definitions import (
    BEHAVIORAL_SEGMENTS,
    REVENUE_SEGMENTS,
    stage_names,
)
from include.tidemark.families.engagement.no_money import known_rows
from include.tidemark.run import Run
from include.tidemark.shared_texts import OTHER, SHARED_BY_USERS
from include.tidemark.statistics.cells import Cells, cells_by, merge
from include.tidemark.statistics.confidence import segment_confidence
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.funnel import FunnelStep
from include.tidemark.statistics.funnel import funnel as funnel_rows
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.retention import retention as retention_rows
from include.tidemark.statistics.retention_differences import retention_differences
from include.tidemark.statistics.shares import share_rows
from include.tidemark.warehouse.base import Row, Warehouse

MEANS: Mapping[str, tuple[str, int]] = {
    "engagement_score": ("mean_engagement_score", 1_000_000),
    "lifetime_revenue": ("mean_lifetime_revenue", 100),
    "revenue_last_90_days": ("mean_revenue_90d", 100),
}
"""Metric of the cells -> metric of the result, and units of the cells in one unit of the result."""

FIELDS = (
    "platform", "country", "session_frequency", "session_duration", "event_frequency", "days_since_last_activity",
)  # fmt: skip
"""What is known of a user: the share of these that is not null is the completeness in a segment's
confidence."""


def segments(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How large is each segment, what is its mean user like, and how far can these numbers be relied on?"""
    config = run.statistics_config
    rows = warehouse.fetch(
        "select metric, behavioral_segment, revenue_segment, bin, n, s1, s2, s3 from runs.engagement_cells where run_key = ?"
        " order by metric, behavioral_segment, revenue_segment, bin",
        (run.run_key,),
    )
    filled = _filled_fields(run, warehouse)
    basis = "lifetime_revenue" if run.rules.revenue_segment_basis == "lifetime" else "revenue_last_90_days"
    found: list[ResultRow] = []
    all_users: dict[str, Cells] = {}
    for kind, names, own_metric in (
        ("behavioral_segment", BEHAVIORAL_SEGMENTS, "engagement_score"),
        ("revenue_segment", REVENUE_SEGMENTS, basis),
    ):
        cells: dict[Any, Cells] = cells_by(rows, ("metric", kind))
        held = {metric: {name: cells.get((metric, name), merge([])) for name in names} for metric in MEANS}
        everybody = {metric: merge(groups.values()) for metric, groups in held.items()}
        all_users = all_users or everybody
        counts = {name: filled.get((kind, name), 0) for name in names}
        found += _segment_rows(held, everybody, own_metric, counts, run)
        if kind == "revenue_segment":
            found += share_rows("revenue_share", held[basis], config)
            found += _means(None, all_users, all_users, config)
    return known_rows(run, found)


def retention(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Who comes back after how many days, by install cohort and in all, and what has been spent by then?

    What happens on a day happens to all who signed up on it, so a cohort is compared with how other days
    differ.
    """
    config = run.statistics_config
    cohorts = read_cohorts(run, warehouse)
    counts = retention_counts(cohorts)
    found = [
        *retention_rows(retention_counts(cohorts, ALL_COHORTS), config),
        *revenue_rows(cohorts, config, ALL_COHORTS),
        *retention_rows(counts, config),
        *retention_differences(counts, config, each_is_a_unit=True),
        *revenue_rows(cohorts, config),
    ]
    return known_rows(run, found)


def funnel(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How many users reach each stage of the journey within its window, and how long does it take them?

    What happens in a month happens to all who signed up in it, so a month is compared with how other months
    differ.
    """
    rows = journey_times(run, warehouse)
    names = stage_names(run.rules)
    shown = shown_groups(run, rows)
    groups: dict[str | None, list[Row]] = {None: rows}
    for row in sorted(rows, key=lambda row: shown[str(row["group_name"])]):
        groups.setdefault(shown[str(row["group_name"])], []).append(row)
    return funnel_rows(
        {group: _steps(held, names) for group, held in groups.items()},
        run.statistics_config,
        each_is_a_unit=run.rules.journey_funnel_group == "install_month",
    )


def journey_times(run: Run, warehouse: Warehouse) -> list[Row]:
    """How many users of each group took how many days to each stage."""
    return warehouse.fetch(
        "select group_name, stage_number, days_taken, sum(user_count) as user_count from runs.journey_times"
        " where run_key = ? group by group_name, stage_number, days_taken",
        (run.run_key,),
    )


def shown_groups(run: Run, rows: Iterable[Row]) -> dict[str, str]:
    """What each group is called: a platform that few users have by a name that they all share."""
    users: Counter[str] = Counter()
    for row in rows:
        users[str(row["group_name"])] += int(row["user_count"]) if int(row["stage_number"]) == 0 else 0
    by_platform = run.rules.journey_funnel_group == "platform"
    return {name: OTHER if by_platform and count < SHARED_BY_USERS else name for name, count in users.items()}


def _steps(rows: Iterable[Row], names: tuple[str, ...]) -> list[FunnelStep]:
    times: list[dict[float, int]] = [{} for _ in names]
    for row in rows:
        place = times[int(row["stage_number"])]
        place[float(row["days_taken"])] = place.get(float(row["days_taken"]), 0) + int(row["user_count"])
    return [FunnelStep(name, sum(held.values()), held) for name, held in zip(names, times, strict=True)]


def _segment_rows(
    cells: Mapping[str, Mapping[str, Cells]],
    everybody: Mapping[str, Cells],
    own_metric: str,
    filled: Mapping[str, int],
    run: Run,
) -> list[ResultRow]:
    config = run.statistics_config
    total = sum(group.size for group in cells[own_metric].values())
    found: list[ResultRow] = []
    for name, group in cells[own_metric].items():
        found.append(
            proportion_row("segment_share", group.size, total, config, "zero_denominator", segment=name)
        )
        own = {metric: groups[name] for metric, groups in cells.items()}
        found += _means(name, own, everybody, config)
        completeness = filled[name] / (len(FIELDS) * group.size) if group.size else 0.0
        confidence = segment_confidence(
            name, group, completeness, config, threshold=run.rules.segmentation_confidence_threshold
        )
        found.append(replace(confidence, confidence_level=None))
    return found


def _means(
    segment: str | None,
    cells: Mapping[str, Cells],
    everybody: Mapping[str, Cells],
    config: StatisticsConfig,
) -> list[ResultRow]:
    return [
        row
        for metric, (name, unit) in MEANS.items()
        for row in mean_rows(
            name, cells[metric], config, unit=unit, reference=everybody[metric], segment=segment
        )
    ]


def _filled_fields(run: Run, warehouse: Warehouse) -> dict[tuple[str, str], int]:
    """(kind of segment, segment) -> fields that are not null, over all its users."""
    counts = " + ".join(f"count({field})" for field in FIELDS)
    rows = warehouse.fetch(
        f"select behavioral_segment, revenue_segment, {counts} as filled from runs.user_engagement where run_key = ?"
        " group by behavioral_segment, revenue_segment",
        (run.run_key,),
    )
    filled: dict[tuple[str, str], int] = {}
    for row in rows:
        for kind in ("behavioral_segment", "revenue_segment"):
            place: Any = (kind, row[kind])
            filled[place] = filled.get(place, 0) + int(row["filled"])
    return filled
