"""The statistics of a segmentation: how large its segments are, what their means are, who moved, and what came of them.

SQL does the aggregation; a few hundred cells reach Python, whatever the number of people.
"""

from typing import Any

from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import Run
from include.tidemark.segmentations import counts
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.shipped import declared
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
    of = declared(name, run)
    config = statistics_config(run)
    sizes = counts.sizes(of, run, warehouse)
    shares = segment_shares(
        {segment: (int(row["members"]), int(row["dormant"])) for segment, row in sizes.items()},
        config,
        of.names,
    )
    cells: dict[Any, Cells] = cells_by(counts.cells(of, run, warehouse), ("metric", "segment"))
    means = {feature: of.mean_of(feature) for feature in of.means}
    units = {feature: catalogue()[feature].scale for feature in of.means}
    return shares + segment_means(cells, config, of.names, means, units)


def movement(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Where are the members of each segment of the last published month now?"""
    of = declared(name, run)
    moved = counts.moves(of, run, warehouse)
    return segment_movement(
        [(row["from_segment"], row["to_segment"], int(row["members"])) for row in moved],
        statistics_config(run),
        has_previous=run.previous_of(name) is not None,
        segments=of.names,
        origins=origins(of.names, moved, of.joined),
        joined=of.joined,
        left=of.left,
    )


def origins(names: tuple[str, ...], moved: list[Row], joined: str) -> tuple[str, ...]:
    """The segments of then: those of now, and those that the file declared at the last publication and no longer does."""
    gone = {row["from_segment"] for row in moved} - {*names, joined}
    return (*names, *sorted(gone))


def backtest(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What did the members of each segment of 90 days ago do then, against their own 90 days before?"""
    of = declared(name, run)
    if of.backtest is None:
        return []
    config, metric = statistics_config(run), of.backtest_metric
    if run.backtest_of(name) is None:
        return segment_backtest(
            None, config, reason_if_absent=run.backtest_reason_of(name), segments=of.names, metric=metric
        )
    cells = cells_by(counts.backtest_cells(of, run, warehouse), ("segment",), RatioCells.from_rows)
    groups = {str(segment): group for (segment,), group in cells.items()}
    then = (*of.names, *sorted(groups.keys() - set(of.names)))
    return segment_backtest(groups, config, segments=then, metric=metric)
