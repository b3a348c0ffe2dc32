"""The statistics of a segmentation: how large its segments are, what their means are, who moved, and what
came of them.

SQL does the aggregation; a few hundred cells reach Python, whatever the number of people.
"""

from typing import Any

from include.tidemark.run import Run
from include.tidemark.segmentations import counts
from include.tidemark.segmentations.catalogue import catalogue
from include.tidemark.segmentations.declaration import Segmentation
from include.tidemark.segmentations.no_money import known_rows
from include.tidemark.segmentations.shipped import declared
from include.tidemark.statistics.alike import alike_rows
from include.tidemark.statistics.cells import Cells, cells_by
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.quantiles import needed_ranks, quantile_rows
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.segment_pairs import mean_pairs, retained_rows, share_pairs
from include.tidemark.statistics.segments import (
    BACKTEST_HORIZON,
    segment_backtest,
    segment_means,
    segment_movement,
    segment_shares,
)
from include.tidemark.warehouse.base import Row, Warehouse


def profile(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How large is each segment, what are its means and quantiles, and how do segments differ in them?"""
    of = declared(name, run)
    config = run.statistics_config
    sizes = counts.sizes(of, run, warehouse)
    shares = segment_shares(
        {segment: (int(row["members"]), int(row["dormant"])) for segment, row in sizes.items()},
        config,
        of.names,
    )
    people = {segment: int(row["members"]) for segment, row in sizes.items()}
    cells: dict[Any, Cells] = cells_by(counts.cells(of, run, warehouse), ("metric", "segment"))
    means = {feature: of.mean_of(feature) for feature in of.means}
    units = {feature: catalogue()[feature].scale for feature in of.means}
    rows = (
        shares + share_pairs(people, config, of.names) + segment_means(cells, config, of.names, means, units)
    )
    for feature, mean in means.items():
        groups = {segment: held for (metric, segment), held in cells.items() if metric == feature}
        rows += mean_pairs(groups, config, of.names, mean, units[feature])
        rows += _quantiles(of, feature, groups, config, run, warehouse)
    return known_rows(of, run, rows)


def _quantiles(  # noqa: PLR0917 - one call above
    of: Segmentation,
    feature: str,
    cells: dict[str, Cells],
    config: StatisticsConfig,
    run: Run,
    warehouse: Warehouse,
) -> list[ResultRow]:
    """The quantiles of a feature: which ranks they are is known from the sizes, and the warehouse says the
    values of these."""
    known: dict[str | None, int] = {name: cells[name].size if name in cells else 0 for name in of.names}
    known[None] = sum(known.values())
    ranks = {segment: needed_ranks(n, config) for segment, n in known.items()}
    values = counts.values_at(of, feature, ranks, run, warehouse)
    return quantile_rows(of.quantile_of(feature), known, values, config)


def movement(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Where are the members of each segment of the last published month now?"""
    of = declared(name, run)
    moved = counts.moves(of, run, warehouse)
    return segment_movement(
        [(row["from_segment"], row["to_segment"], int(row["members"])) for row in moved],
        run.statistics_config,
        has_previous=run.previous_of(name) is not None,
        segments=of.names,
        origins=origins(of.names, moved, of.joined),
        joined=of.joined,
        left=of.left,
    )


def origins(names: tuple[str, ...], moved: list[Row], joined: str) -> tuple[str, ...]:
    """The segments of then: those of now, and those that the file declared at the last publication and no
    longer does."""
    gone = {row["from_segment"] for row in moved} - {*names, joined}
    return (*names, *sorted(gone))


def backtest(name: str, run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What did the members of each segment of 90 days ago do then, against their own 90 days before, and who
    was there again?"""
    of = declared(name, run)
    if of.backtest is None:
        return []
    config, metric = run.statistics_config, of.backtest_metric
    if run.backtest_of(name) is None:
        absent = run.backtest_reason_of(name)
        rows = segment_backtest(None, config, reason_if_absent=absent, segments=of.names, metric=metric)
        known: dict[str, Any] = {"reason_if_absent": absent, "horizon": BACKTEST_HORIZON}
        rows += alike_rows(of.alike_metric, None, config, of.names, **known)
        return rows + retained_rows(None, config, of.names, **known)
    cells = cells_by(counts.backtest_cells(of, run, warehouse), ("segment",), RatioCells.from_rows)
    groups = {str(segment): group for (segment,), group in cells.items()}
    then = (*of.names, *sorted(groups.keys() - set(of.names)))
    rows = segment_backtest(groups, config, segments=then, metric=metric)
    rows += alike_rows(of.alike_metric, groups, config, then, horizon=BACKTEST_HORIZON)
    return rows + retained_rows(groups, config, then, horizon=BACKTEST_HORIZON)
