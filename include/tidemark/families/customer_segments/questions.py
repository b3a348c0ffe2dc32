"""The family's statistics: each function reads sufficient statistics of one run and returns rows with intervals.

SQL does the aggregation; a few hundred cells reach Python, whatever the number of customers.
"""

from typing import Any

from include.tidemark.families.statistics_config import statistics_config
from include.tidemark.run import BACKTESTED, Run
from include.tidemark.statistics.cells import Cells, cells_by
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.segments import (
    segment_backtest,
    segment_means,
    segment_movement,
    segment_shares,
)
from include.tidemark.warehouse.base import Warehouse


def profile(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """How large is each segment, and what does its mean customer spend?"""
    counts = warehouse.fetch(
        "select customer_segment, count(*) as customers, sum(case when is_dormant then 1 else 0 end) as dormant"
        " from runs.customer_segments where run_key = ? group by customer_segment",
        (run.run_key,),
    )
    cells = warehouse.fetch(
        "select metric, customer_segment, bin, n, s1, s2, s3 from runs.customer_segment_cells where run_key = ?"
        " order by metric, customer_segment, is_dormant, bin",
        (run.run_key,),
    )
    config = statistics_config(run)
    shares = segment_shares(
        {c["customer_segment"]: (int(c["customers"]), int(c["dormant"])) for c in counts}, config
    )
    groups: dict[Any, Cells] = cells_by(cells, ("metric", "customer_segment"))
    return shares + segment_means(groups, config)


def movement(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """Where are the customers of each segment of the last published month now?"""
    counts = warehouse.fetch(
        "select from_segment, to_segment, customers from runs.customer_segment_movement where run_key = ?",
        (run.run_key,),
    )
    pairs = [(c["from_segment"], c["to_segment"], int(c["customers"])) for c in counts]
    return segment_movement(
        pairs, statistics_config(run), has_previous=run.previous_of(BACKTESTED) is not None
    )


def backtest(run: Run, warehouse: Warehouse) -> list[ResultRow]:
    """What did each segment of 90 days ago then spend, against its own 90 days before?"""
    config = statistics_config(run)
    if run.backtest is None:
        return segment_backtest(None, config, reason_if_absent=run.backtest_reason)
    cells = warehouse.fetch(
        "select customer_segment, bin, n, prior_s1 as x1, later_s1 as y1, prior_s2 as x2, later_s2 as y2, cross_s2 as xy"
        " from runs.customer_segment_backtest_cells where run_key = ? order by customer_segment, bin",
        (run.run_key,),
    )
    by_segment = cells_by(cells, ("customer_segment",), RatioCells.from_rows)
    return segment_backtest({str(segment): group for (segment,), group in by_segment.items()}, config)
