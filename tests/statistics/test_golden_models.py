"""Published numbers of the models in each algorithm version, digit for digit, in ``golden_<version>.json``.

They are the same on OpenBLAS' kernels for Nehalem, Haswell, Zen and SkylakeX and with any number of threads.
When one changes, either something broke, or ALGORITHM_VERSION has to be raised and the file of the new
version recorded:

    PYTHONPATH=. python -m tests.statistics.test_golden_models > tests/statistics/golden_5.json
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.drivers import drivers
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.lifetime_value import discount_factors, lifetime_value
from include.tidemark.statistics.results import ResultRow
from include.tidemark.statistics.retention import RetentionCount
from include.tidemark.statistics.retention_differences import retention_differences
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.streams import ALGORITHM_VERSION
from tests.statistics.users import cells_of_users, table_of, units_of, volume_cells_of, weekly_sums_of

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)


def digits(count: int, salt: int) -> np.ndarray:
    """Numbers from 0 to 999 in a fixed disorder, from integer arithmetic only."""
    k = np.arange(count, dtype=np.int64)
    return ((k + salt) ** 3 * 7919 + k * (salt + 101)) % 30_011 % 1000


def published(rows: Iterable[ResultRow]) -> list[list[Any]]:
    names = (
        "metric",
        "segment",
        "horizon",
        "method",
        "seed",
        "estimate",
        "ci_low",
        "ci_high",
        "p_value",
        "p_adjusted",
    )
    return [[getattr(row, name) for name in names] for row in rows]


def elasticity_rows(periods: int) -> list[ResultRow]:
    users = 60 * periods
    period = np.repeat(np.arange(periods), 60)
    segment = np.where(digits(users, 1) < 400, "whale", "retail")
    fee = np.array([5, 10, 15, 5, 20, 10, 15, 20, 10, 5, 20, 15, 5, 10])[period]
    volume = digits(users, 2) * digits(users, 3) / 100 * (30 - fee) * (digits(users, 4) > 250)
    price = np.array([60, 62, 61, 65, 70, 66, 64, 69, 75, 71, 73, 68, 72, 74])[period]
    cells = volume_cells_of(period, segment, fee, volume, {"btc_usd": price})
    return elasticity(cells, CONFIG, n_draws=2000)


def lifetime_value_rows() -> list[ResultRow]:
    users = 480
    fees = np.column_stack(
        [digits(users, week) * (digits(users, 50 + week) < 400) / 100 for week in range(12)]
    )
    observed = 7 + digits(users, 90) % 6
    tiers = np.where(digits(users, 91) < 500, "5", "10")
    weekly = {tier: weekly_sums_of(fees[tiers == tier], observed[tiers == tier]) for tier in ("5", "10")}
    counts = {tier: int((tiers == tier).sum()) for tier in ("5", "10")}
    cells = cells_of_users(fees, observed, tiers, horizons=[8, 12], rates=[0.0, 0.1])
    units = {}
    for tier, weeks, rate in cells:
        # As in a run, the users of a fee week have all been seen for as long.
        chosen = (tiers == tier) & (observed >= weeks)
        value = fees[chosen, :weeks] @ discount_factors(weeks, rate)
        units[tier, weeks, rate] = units_of(value, 10 * observed[chosen] + digits(users, 92)[chosen] % 3)
    return lifetime_value(
        cells, counts, CONFIG, weekly=weekly, units=units, horizons=[8, 12], rates=[0.0, 0.1]
    )


def retention_rows() -> list[ResultRow]:
    users = 640
    period = np.arange(users) % 8
    fee = np.array([5, 10, 15, 20, 10, 5, 20, 15])[period]
    stayed = digits(users, 7) < 700 - 15 * fee + 30 * (period % 3)
    table = table_of(fee[:, None], stayed, ["fee_bps"], clusters=period)
    return retention_model(table, CONFIG, horizon="week 4")


def driver_rows() -> list[ResultRow]:
    users = 500
    trades, saves = digits(users, 11) % 5, (digits(users, 12) < 300).astype(np.int64)
    invites = (digits(users, 13) < 40).astype(np.int64)
    stayed = (digits(users, 14) < 250 + 90 * trades + 150 * saves) | (invites == 1)
    table = table_of(np.column_stack([trades, saves, invites]), stayed, ["trades", "saves", "invites"])
    return drivers(table, CONFIG, horizon="30d")


def day_rows() -> list[ResultRow]:
    counts = [
        RetentionCount(str(day), "7d", 100 + n, 100 + n, k, k + 3, str(day))
        for day, (n, k) in enumerate(
            zip((digits(32, 21) % 40).tolist(), (5 + digits(32, 22) % 9).tolist(), strict=True)
        )
    ]
    return retention_differences(counts, CONFIG, each_is_a_unit=True)[:6]


ROWS: dict[str, Callable[[], list[ResultRow]]] = {
    "elasticity of 8 periods": lambda: elasticity_rows(8),
    "elasticity of 14 periods": lambda: elasticity_rows(14),
    "lifetime value": lifetime_value_rows,
    "retention model": retention_rows,
    "drivers, one of which separates": driver_rows,
    "days against the others": day_rows,
}


@pytest.mark.parametrize("name", ROWS)
def test_models_publish_the_numbers_of_their_version(name: str) -> None:
    recorded = Path(__file__).with_name(f"golden_{ALGORITHM_VERSION}.json")
    golden = json.loads(recorded.read_text(encoding="utf-8"))
    assert published(ROWS[name]()) == golden[name]


if __name__ == "__main__":
    tables = {
        name: ",\n".join(f"  {json.dumps(row)}" for row in published(make())) for name, make in ROWS.items()
    }
    print("{\n" + ",\n".join(f"{json.dumps(name)}: [\n{rows}\n]" for name, rows in tables.items()) + "\n}")
