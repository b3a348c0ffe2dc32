"""Published numbers of each algorithm version, digit for digit.

When one of these changes, either something broke, or ALGORITHM_VERSION has to be raised and a new version
recorded here.
"""

import numpy as np

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from include.tidemark.statistics.resampling import totals
from include.tidemark.statistics.retention import RetentionCount, retention
from include.tidemark.statistics.shares import share_rows
from include.tidemark.statistics.streams import ALGORITHM_VERSION, STREAM_VERSION, stream
from tests.statistics.customers import segment_backtest, segment_means
from tests.statistics.users import cells_of, ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
USERS = (np.arange(400, dtype=np.int64) ** 3 * 7919) % 30_011 * (np.arange(400) % 3 > 0)


def test_version() -> None:
    assert (ALGORITHM_VERSION, STREAM_VERSION) == ("4", "1")


def test_replicates_of_version_4() -> None:
    drawn = totals(cells_of(USERS), stream("2026-11-01", "golden"), 1000)[:, 1]
    assert [f"{value:.12g}" for value in drawn[[0, 1, 256, 999]]] == GOLDEN["replicates"]


def test_published_means_of_version_4() -> None:
    rows = segment_means({("lifetime_value", "Declining"): cells_of(USERS)}, CONFIG)
    found = [row for row in rows if row.segment == "Declining" and row.estimate is not None]
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in found] == GOLDEN["means"]


def test_published_ratios_of_version_4() -> None:
    rows = segment_backtest({"Declining": ratio_cells_of(USERS, USERS[::-1])}, CONFIG)
    found = [row for row in rows if row.segment == "Declining"]
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in found] == GOLDEN["ratios"]


def test_published_shares_of_version_4() -> None:
    cells = {name: cells_of(USERS[part::3]) for part, name in ((1, "one"), (2, "two"))}
    rows = share_rows("volume_share", cells, CONFIG, horizon="w1")
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in rows] == GOLDEN["shares"]


def test_published_binomial_bootstrap_of_version_4() -> None:
    rows = retention([RetentionCount("2026-10", "30d", 400, 350, 120, 150)], CONFIG)
    found = [row for row in rows if row.method == "binomial_bootstrap"]
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in found] == GOLDEN["rates"]


def test_published_ratios_of_means_of_version_4() -> None:
    first, second = cells_of(USERS[1::3]), cells_of(USERS[2::3])
    rows = mean_ratio_rows("ratio", first, second, CONFIG, segment="Planner", segment_to="Passenger")
    assert [(row.seed, row.estimate, row.ci_low, row.ci_high) for row in rows] == GOLDEN["mean ratios"]


GOLDEN: dict = {
    "replicates": ["4324792.8463", "4018840.20244", "3934089.8939", "3729277.18875"],
    "means": [
        ("5bfd3fb077e273262d0073dd25bb3c56", 99.00965, 89.9800620594, 108.820003198),
        (None, 99.00965, 89.4898012683, 108.907729624),
    ],
    "ratios": [
        ("440f74cc626c9f83eb31d02de2d67324", 1.0, 0.904521037834, 1.10983070776),
        (None, 1.0, 0.903210707814, 1.10716136484),
    ],
    "shares": [
        (None, 0.507865394939, 0.438600083373, 0.576830057057),
        ("400490af595469738f96c75971e5cf29", 0.507865394939, 0.441150422268, 0.574301996165),
        (None, 0.492134605061, 0.423169942943, 0.561399916627),
        ("78f4f2bcca3d734e0ad521d3e38b1842", 0.492134605061, 0.425698003835, 0.558849577732),
    ],
    "rates": [
        ("75dace028f13313a7e6b7b09b920134e", 0.342857142857, 0.294285714286, 0.397214285714),
        ("49278de5a5cbf3b6b22a4df5a26600d8", 0.428571428571, 0.374285714286, 0.48),
    ],
    "mean ratios": [
        ("045d3584034935c4f4ed90307710f23e", 1.0319644051, 0.895574205414, 1.1913293882),
        (None, 1.0319644051, 0.899048999932, 1.18453002391),
    ],
}
