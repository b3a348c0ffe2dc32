"""Estimates with honest uncertainty from sums: pure functions over cells, no Airflow, no warehouse.

Start from `Cells` (one amount per user) or `RatioCells` (two), summed into cells by one GROUP BY, and from a
`StatisticsConfig`. Results are `ResultRow` objects, the one long shape of every published number.
"""

from include.tidemark.statistics.cells import Cells, cells_by, merge
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from include.tidemark.statistics.results import (
    COLUMNS,
    REASONS,
    ResultRow,
    null_row,
    result_schema,
    to_frame,
    to_records,
)
from include.tidemark.statistics.streams import ALGORITHM_VERSION, Stream, stream

__all__ = [
    "ALGORITHM_VERSION",
    "COLUMNS",
    "REASONS",
    "Cells",
    "RatioCells",
    "ResultRow",
    "StatisticsConfig",
    "Stream",
    "cells_by",
    "merge",
    "merge_ratio",
    "null_row",
    "result_schema",
    "stream",
    "to_frame",
    "to_records",
]
