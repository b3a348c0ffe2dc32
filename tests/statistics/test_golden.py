"""Published numbers of each algorithm version, digit for digit.

When one of these changes, either something broke, or ALGORITHM_VERSION has to be raised and a new version recorded here.
"""

import numpy as np

from include.tidemark.statistics import ALGORITHM_VERSION, Cells, RatioCells, StatisticsConfig, stream
from include.tidemark.statistics.resampling import totals
from include.tidemark.statistics.segments import segment_backtest, segment_means

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
USERS = (np.arange(400, dtype=np.int64) ** 3 * 7919) % 30_011 * (np.arange(400) % 3 > 0)


def test_version() -> None:
    assert ALGORITHM_VERSION == "1"


def test_replicates_of_version_1() -> None:
    drawn = totals(Cells.from_values(USERS), stream("2026-11-01", "golden"), 1000)[:, 1]
    assert [f"{value:.12g}" for value in drawn[[0, 1, 256, 999]]] == GOLDEN["replicates"]


def test_published_means_of_version_1() -> None:
    rows = segment_means({("lifetime_value", "Declining"): Cells.from_values(USERS)}, CONFIG)
    found = [row for row in rows if row.segment == "Declining" and row.estimate is not None]
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in found] == GOLDEN["means"]


def test_published_ratios_of_version_1() -> None:
    rows = segment_backtest({"Declining": RatioCells.from_values(USERS, USERS[::-1])}, CONFIG)
    found = [row for row in rows if row.segment == "Declining"]
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in found] == GOLDEN["ratios"]


GOLDEN: dict = {
    "replicates": ["4324792.8463", "4018840.20244", "3934089.8939", "3729277.18875"],
    "means": [
        ("5bfd3fb077e273262d0073dd25bb3c56", 99.00965, 89.9800620594, 108.820003198),
        (None, 99.00965, 89.4898012683, 108.907729624),
    ],
    "ratios": [
        ("440f74cc626c9f83eb31d02de2d67324", 1.0, 0.904521037834, 1.10983070776),
        (None, 1.0, 0.903489654645, 1.10681953563),
    ],
}
