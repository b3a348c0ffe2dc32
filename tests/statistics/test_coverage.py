"""Simulations: how often the intervals hold the truth, and whether the trust flag says so beforehand.

The Monte Carlo error of each figure is its tolerance: four standard errors of a proportion over its samples,
and, where it is compared with a documented figure, as much again for that one, which came from 1,500 samples.
"""

import math

import numpy as np
import pytest

from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.means import hall_interval
from include.tidemark.statistics.trust import Sample, flag, tail_of
from tests.statistics.populations import POPULATIONS, UNITS, Random, cells_of_others, draw
from tests.statistics.users import cells_of

REPEATS = 600
INTERVALS = {
    "hall_skew_t": hall_interval,
    "percentile_bootstrap": saddlepoint.percentile_interval,
}


def tolerance(coverage: float) -> float:
    return 4 * math.sqrt(coverage * (1 - coverage) * (1 / REPEATS + 1 / 1500))


@pytest.mark.parametrize(
    ("zeros", "sigma", "percentile", "hall"),
    [(0.45, 1.0, 0.930, 0.942), (0.45, 1.6, 0.848, 0.914), (0.70, 2.0, 0.734, 0.892)],
)
def test_coverage_at_200_users_is_what_methods_md_says(
    zeros: float, sigma: float, percentile: float, hall: float
) -> None:
    random = np.random.RandomState(2026)
    truth = (1 - zeros) * math.exp(sigma**2 / 2) * 10_000
    held = np.zeros((REPEATS, 2))
    for repeat in range(REPEATS):
        amounts = np.rint(np.exp(random.standard_normal(200) * sigma) * 10_000)
        cells = cells_of(np.where(random.uniform(size=200) < zeros, 0, amounts), max_distinct=0)
        ends = (saddlepoint.percentile_interval(cells, 0.95), hall_interval(cells, 0.95))
        held[repeat] = [low <= truth <= high for low, high in ends]
    found = held.mean(axis=0)
    assert found[0] == pytest.approx(percentile, abs=tolerance(percentile))
    assert found[1] == pytest.approx(hall, abs=tolerance(hall))


@pytest.fixture(scope="module")
def judged() -> dict[tuple[str, str, int], list[tuple[bool, bool]]]:
    """(method, population, users) -> of each sample beside 20,000 others: is it `ok`, and does it hold the
    truth?"""
    found: dict[tuple[str, str, int], list[tuple[bool, bool]]] = {}
    random = Random(7)
    for n in (50, 200):
        for name in POPULATIONS:
            references = [tail_of(cells_of_others(name, which)) for which in range(5)]
            truth = POPULATIONS[name][1] * UNITS
            for repeat in range(120):
                cells = cells_of(draw(random, name, n))
                if cells.variance == 0:
                    continue
                sample = Sample(tail_of(cells), references[repeat % 5])
                for method, interval in INTERVALS.items():
                    low, high = interval(cells, 0.95)
                    judgement = (flag(method, sample)[0] == "ok", low <= truth <= high)
                    found.setdefault((method, name, n), []).append(judgement)
    return found


@pytest.mark.parametrize("method", INTERVALS)
def test_where_the_flag_is_ok_the_interval_holds_the_truth_as_often_as_it_says(
    judged: dict, method: str
) -> None:
    hits = [hit for key, held in judged.items() if key[0] == method for ok, hit in held if ok]
    assert len(hits) > 500
    error = math.sqrt(0.05 * 0.95 / len(hits))
    assert 0.93 - 2 * error <= np.mean(hits) <= 0.97 + 2 * error
    for key, held in judged.items():
        of_one = [hit for ok, hit in held if ok]
        # A flag that is read off the sample alone is ok exactly where the sample has missed the tail.
        assert not of_one or np.mean(of_one) >= 0.93 - 4 * math.sqrt(0.05 * 0.95 / len(of_one)), key


def test_samples_that_lack_the_whales_are_never_ok(judged: dict) -> None:
    held = [ok for (_, name, _), found in judged.items() if name == "whales" for ok, _ in found]
    assert len(held) >= 400 and not any(held)


def test_light_tails_are_ok_even_with_few_users(judged: dict) -> None:
    for name, n in (("gamma", 200), ("bounded scores", 50), ("counts", 50)):
        assert np.mean([ok for ok, _ in judged["hall_skew_t", name, n]]) > 0.8
