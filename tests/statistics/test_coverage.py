"""Simulations: how often the intervals hold the truth, and whether the trust flag says so beforehand.

The Monte Carlo error of each figure is its tolerance: four standard errors of a proportion over REPEATS samples, and as
much again for the reference, which came from 1,500 samples.
"""

import math

import numpy as np
import pytest

from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.means import hall_interval
from include.tidemark.statistics.minimums import trust
from tests.statistics.users import cells_of

REPEATS = 600


def tolerance(coverage: float) -> float:
    return 4 * math.sqrt(coverage * (1 - coverage) * (1 / REPEATS + 1 / 1500))


@pytest.mark.parametrize(
    ("zeros", "sigma", "percentile", "hall", "usual_flag"),
    [
        (0.45, 1.0, 0.930, 0.942, "caution"),
        (0.45, 1.6, 0.848, 0.914, "unreliable"),
        (0.70, 2.0, 0.734, 0.892, "unreliable"),
    ],
)
def test_coverage_at_200_users_is_what_methods_md_says(
    zeros: float, sigma: float, percentile: float, hall: float, usual_flag: str
) -> None:
    random = np.random.RandomState(2026)
    truth = (1 - zeros) * math.exp(sigma**2 / 2) * 10_000
    held = np.zeros((REPEATS, 2))
    flags = []
    for repeat in range(REPEATS):
        amounts = np.rint(np.exp(random.standard_normal(200) * sigma) * 10_000)
        cells = cells_of(np.where(random.uniform(size=200) < zeros, 0, amounts), max_distinct=0)
        ends = (saddlepoint.percentile_interval(cells, 0.95), hall_interval(cells, 0.95))
        held[repeat] = [low <= truth <= high for low, high in ends]
        flags.append(trust(cells.skewness, cells.size))
    found = held.mean(axis=0)
    assert found[0] == pytest.approx(percentile, abs=tolerance(percentile))
    assert found[1] == pytest.approx(hall, abs=tolerance(hall))
    assert max(set(flags), key=flags.count) == usual_flag
