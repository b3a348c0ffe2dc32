"""One line of what a simulation found, and what the simulations share."""

import math
from typing import NamedTuple

import numpy as np

from include.tidemark.statistics.cells import Cells
from include.tidemark.statistics.config import StatisticsConfig
from tests.statistics.users import cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
DOCUMENTED_SAMPLES = 1_500


class Line(NamedTuple):
    """One rate: name, nominal %, hits (one entry per sample), and the documented % as a range; None where
    none is claimed."""

    what: str
    nominal: float
    hits: np.ndarray
    documented: tuple[float, float] | None


def holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def heavy(random: np.random.RandomState, n: int, zeros: float, sigma: float) -> Cells:
    amounts = np.rint(np.exp(random.standard_normal(n) * sigma) * 10_000).astype(np.int64)
    return cells_of(np.where(random.uniform(size=n) < zeros, 0, amounts), max_distinct=0)


def agrees(line: Line, found: float, error: float) -> bool | None:
    if line.documented is None:
        return None
    low, high = line.documented
    theirs = 100 * math.sqrt(max(low * (100 - low), high * (100 - high)) / 1e4 / DOCUMENTED_SAMPLES)
    slack = 4 * math.hypot(error, theirs)
    return low - slack <= found <= high + slack
