"""The statistics of a declared segmentation: how large its segments are, what their means are, who moved, and what came of them."""

from typing import Any

from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import Run
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import declared
from include.tidemark.statistics.cells import Cells, cells_by
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.segments import (
    segment_backtest,
    segment_means,
    segment_movement,
    segment_shares,
)
from include.tidemark.warehouse.base import Row, Warehouse


def profile(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How large is each segment, and what are its means?"""
    segmentation = declared(name, run)
    config = statistics_config(run)
    counts = warehouse.fetch(
        "select segment, count(*) as members, sum(case when is_dormant then 1 else 0 end) as dormant"
        " from runs.segment_members where run_key = ? and segmentation = ? group by segment",
        (run.run_key, name),
    )
    shares = segment_shares(
        {row["segment"]: (int(row["members"]), int(row["dormant"])) for row in counts},
        config,
        segmentation.names,
    )
    cells = warehouse.fetch(
        "select metric, segment, bin, n, s1, s2, s3 from runs.segment_cells where run_key = ? and segmentation = ?"
        " order by metric, segment, is_dormant, bin",
        (run.run_key, name),
    )
    groups: dict[Any, Cells] = cells_by(cells, ("metric", "segment"))
    units = {feature: catalogue()[feature].scale for feature in segmentation.means}
    means = {feature: f"mean_{feature}" for feature in segmentation.means}
    return shares + segment_means(groups, config, segmentation.names, means, units)


def movement(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Where are the members of each segment of the last published month now?"""
    segmentation = declared(name, run)
    moved = moves(name, run, warehouse)
    return segment_movement(
        [(row["from_segment"], row["to_segment"], int(row["members"])) for row in moved],
        statistics_config(run),
        has_previous=run.previous_of(name) is not None,
        segments=segmentation.names,
        origins=origins(segmentation.names, moved, segmentation.joined),
        joined=segmentation.joined,
        left=segmentation.left,
    )


def moves(name: str, run: Run, warehouse: Warehouse) -> list[Row]:
    """The pairs of segments that somebody moved between, with the number of members."""
    return warehouse.fetch(
        "select from_segment, to_segment, members from runs.segment_movement where run_key = ? and segmentation = ?",
        (run.run_key, name),
    )


def origins(names: tuple[str, ...], moved: list[Row], joined: str) -> tuple[str, ...]:
    """The segments of then: those of now, and those that the file declared at the last publication and no longer does."""
    gone = {row["from_segment"] for row in moved} - {*names, joined}
    return (*names, *sorted(gone))


def backtest(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What did the members of each segment of 90 days ago do then, against their own 90 days before?"""
    segmentation = declared(name, run)
    if segmentation.backtest is None:
        return []
    config, metric = statistics_config(run), f"backtest_{segmentation.backtest}_ratio"
    if run.backtest_of(name) is None:
        reason = run.backtest_reason_of(name)
        return segment_backtest(
            None, config, reason_if_absent=reason, segments=segmentation.names, metric=metric
        )
    cells = warehouse.fetch(
        "select segment, bin, n, prior_s1 as x1, later_s1 as y1, prior_s2 as x2, later_s2 as y2, cross_s2 as xy"
        " from runs.segment_backtest_cells where run_key = ? and segmentation = ? order by segment, bin",
        (run.run_key, name),
    )
    groups = {
        str(segment): group
        for (segment,), group in cells_by(cells, ("segment",), RatioCells.from_rows).items()
    }
    then = (*segmentation.names, *sorted(groups.keys() - set(segmentation.names)))
    return segment_backtest(groups, config, segments=then, metric=metric)
