"""Whatever the data hold, every entry point gives rows: null with a reason, no exception, nothing on the
console.

Warnings are errors in these tests (see conftest). Each case draws its size, how many distinct values, and
whether something is constant, separated, all zero or huge, because it is their combinations that break
estimators.
"""

from collections.abc import Iterable

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.statistics.alike import alike_rows
from include.tidemark.statistics.cells import merge
from include.tidemark.statistics.confidence import segment_confidence
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.drivers import drivers
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.funnel import FunnelStep, funnel
from include.tidemark.statistics.group_ratios import mean_ratio_rows
from include.tidemark.statistics.lifetime_value import discount_factors, lifetime_value
from include.tidemark.statistics.mean_rows import mean_rows
from include.tidemark.statistics.proportions import proportion_row
from include.tidemark.statistics.results import ResultRow, result_schema, to_records
from include.tidemark.statistics.retention import RetentionCount, retention
from include.tidemark.statistics.retention_differences import retention_differences
from include.tidemark.statistics.retention_model import retention_model
from include.tidemark.statistics.segment_pairs import mean_pairs, retained_rows, share_pairs
from include.tidemark.statistics.shares import share_rows
from tests.statistics.customers import (
    GONE_CUSTOMER,
    NEW_CUSTOMER,
    segment_backtest,
    segment_means,
    segment_movement,
    segment_shares,
)
from tests.statistics.users import (
    cells_of,
    cells_of_users,
    ratio_cells_of,
    table_of,
    units_of,
    volume_cells_of,
    weekly_sums_of,
)

CONFIGS = st.sampled_from(
    [
        StatisticsConfig("2026-11-01", n_resamples=1000),
        StatisticsConfig("2026-11-01", 0.999, 1000, 0, 0, 0.0),
        StatisticsConfig("2026-11-01", 0.5, 1000, 2, 1, 1.0),
    ]
)
SEEDS = st.integers(0, 2**31)
SIZES = st.sampled_from([0, 1, 2, 3, 5, 29, 30, 31, 60])
AMOUNTS = st.sampled_from(
    ["zero", "one", "rare", "huge", "tiny", "signs", "skewed", "lattice", "vast", "cancelling", "refunds"]
)


def amounts(kind: str, size: int, seed: int) -> np.ndarray:
    random = np.random.RandomState(seed)
    return {
        "zero": np.zeros(size),
        "one": np.full(size, 7.0),
        "rare": (random.uniform(size=size) < 0.05) * 1000.0,
        "huge": np.exp(random.standard_normal(size) * 30),
        "tiny": random.uniform(size=size) * 1e-9,
        "signs": random.standard_normal(size),
        "skewed": np.rint(np.exp(random.standard_normal(size) * 3)),
        "lattice": random.randint(0, 3, size=size).astype(float),
        "vast": random.standard_normal(size) * 10.0 ** random.randint(-89, 89),
        # Pairs that cancel: the sum is that of one last user, or nothing.
        "cancelling": np.append(
            np.tile([1.0, -1.0], size)[: size // 2 * 2] * 10.0 ** random.randint(90), [1.0]
        )[:size],
        "refunds": np.rint(np.exp(random.standard_normal(size) * 3) * random.choice([-1, 1], size=size)),
    }[kind]


SCHEMA = jsonschema.Draft202012Validator(result_schema())


def check(rows: Iterable[ResultRow]) -> None:
    held = list(rows)
    records = to_records(held, as_of_date="2026-11-01", run_key="r", family="f")
    for record in records:
        SCHEMA.validate(record)
        if record["estimate"] is None:
            assert record["reason"] is not None and record["p_value"] is None


def quick(test):
    return settings(max_examples=40, deadline=None)(test)


@quick
@given(CONFIGS, AMOUNTS, AMOUNTS, SIZES, SIZES, SEEDS)
def test_segments_of_any_amounts(config, one, two, n_one, n_two, seed) -> None:
    groups = {"a": amounts(one, n_one, seed), "b": amounts(two, n_two, seed + 1)}
    cells = {("lifetime_value", name): cells_of(part) for name, part in groups.items()}
    check(segment_means(cells, config, segments=["a", "b", "c"]))
    for other in (two, one):
        later = {"a": amounts(other, n_one, seed + 2), "b": amounts(one, n_two, seed + 3)}
        pairs = {name: ratio_cells_of(part, later[name]) for name, part in groups.items()}
        check(segment_backtest(pairs, config, segments=["a", "b", "c"]))
        check(alike_rows("m", pairs, config, ["a", "b", "c"], horizon="90d"))
        check(retained_rows(pairs, config, ["a", "b", "c"], horizon="90d"))
    check(mean_pairs({name: group for (_, name), group in cells.items()}, config, ["a", "b", "c"], "m"))
    check(share_pairs({"a": n_one, "b": n_two}, config, ["a", "b", "c"]))
    check(segment_shares({"a": (n_one, n_one // 2), "b": (n_two, n_two)}, config, segments=["a", "b", "c"]))
    check([segment_confidence(name, cells_of(part), 1.0, config) for name, part in groups.items()])


@quick
@given(CONFIGS, AMOUNTS, AMOUNTS, SIZES, SIZES, SEEDS)
def test_means_shares_and_ratios_of_any_amounts(config, one, two, n_one, n_two, seed) -> None:
    first, second = (
        cells_of(amounts(kind, size, seed + place))
        for place, (kind, size) in enumerate(((one, n_one), (two, n_two)))
    )
    check(mean_rows("mean", first, config, unit=100))
    check(share_rows("share", {"a": first, "b": second, "c": merge([])}, config, horizon="w1"))
    check(mean_ratio_rows("ratio", first, second, config, segment="a", segment_to="b"))


@quick
@given(CONFIGS, st.lists(st.integers(0, 40), min_size=4, max_size=4), st.booleans())
def test_movements_of_any_customers(config, counts, has_previous) -> None:
    pairs = [("a", "a"), ("a", "b"), (NEW_CUSTOMER, "b"), ("b", GONE_CUSTOMER)]
    moved = [(*pair, count if has_previous else 0) for pair, count in zip(pairs, counts, strict=True)]
    check(segment_movement(moved, config, has_previous=has_previous, segments=["a", "b"]))
    check([proportion_row("share", min(counts[:2]), max(counts[:2]), config, "empty_segment")])


@quick
@given(CONFIGS, AMOUNTS, SIZES, SIZES, st.integers(0, 13), SEEDS)
def test_lifetime_values_of_any_fees(config, kind, n_one, n_two, weeks, seed) -> None:
    size = n_one + n_two
    fees = np.clip(amounts(kind, 12 * size, seed), -1e9, 1e9).reshape(size, 12)
    observed = np.random.RandomState(seed).randint(0, weeks + 1, size=size)
    tiers = np.array(["5"] * n_one + ["10"] * n_two)
    cells = cells_of_users(fees, observed, tiers, horizons=[1, 12], rates=[0.0, 0.1])
    weekly = {tier: weekly_sums_of(fees[tiers == tier], observed[tiers == tier]) for tier in ("5", "10")}
    counts = {"5": n_one, "10": n_two, "20": 0}
    units = {}
    for tier, horizon, rate in cells:
        chosen = (tiers == tier) & (observed >= horizon)
        value = fees[chosen, :horizon] @ discount_factors(horizon, rate)
        units[tier, horizon, rate] = units_of(value, np.flatnonzero(chosen) % 9)
    check(
        lifetime_value(cells, counts, config, weekly=weekly, units=units, horizons=[1, 12], rates=[0.0, 0.1])
    )


@quick
@given(CONFIGS, st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=4), SEEDS)
def test_retention_and_funnels_of_any_counts(config, numbers, seed) -> None:
    counts = []
    for place, parts in enumerate(numbers):
        in_window, or_after, matured, users = np.cumsum(parts).tolist()
        counts.append(
            RetentionCount(f"cohort {place % 2}", f"{place // 2}d", users, matured, in_window, or_after)
        )
    check(retention(counts, config))
    check(retention_differences(counts, config, each_is_a_unit=seed % 2 == 0))
    groups = {}
    for place, parts in enumerate(numbers):
        first, second, third = sorted(parts[:3], reverse=True)
        times = {0.0: second - second // 2, 5.0: second // 2} if second else {}
        groups[f"g{place}"] = [
            FunnelStep("a", first, {}),
            FunnelStep("b", second, times),
            FunnelStep("c", third, {}),
        ]
    check(funnel(groups, config))


@quick
@given(
    CONFIGS,
    SIZES,
    st.integers(1, 14),
    st.sampled_from(["constant", "by period", "free", "one period"]),
    st.sampled_from(["none", "all", "separated", "random", "one"]),
    SEEDS,
)
def test_retention_models_of_any_fee_and_outcome(config, size, periods, fee, outcome, seed) -> None:
    random = np.random.RandomState(seed)
    period = random.randint(0, periods, size=size)
    x = {
        "constant": np.full(size, 5.0),
        "by period": 5.0 * (period % 3),
        "free": 5.0 * random.randint(0, 4, size=size),
        "one period": 5.0 * (period == 0),
    }[fee]
    y = {
        "none": np.zeros(size),
        "all": np.ones(size),
        "separated": (x > 0) * 1.0,
        "random": random.randint(0, 2, size=size) * 1.0,
        "one": (np.arange(size) == 0) * 1.0,
    }[outcome]
    for clusters in (None, period):
        check(retention_model(table_of(x[:, None], y, ["fee_bps"], clusters=clusters), config))


@quick
@given(
    CONFIGS,
    SIZES,
    st.lists(
        st.sampled_from(["constant", "copy", "rare", "counts", "huge", "tiny", "separates", "noise"]),
        max_size=4,
    ),
    st.floats(0, 1),
    SEEDS,
)
def test_drivers_of_any_features(config, size, kinds, rate, seed) -> None:
    random = np.random.RandomState(seed)
    y = (random.uniform(size=size) < rate) * 1.0
    made = {
        "constant": np.ones(size),
        "copy": np.arange(size) % 3 * 1.0,
        "rare": (np.arange(size) == 0) * 1.0,
        "counts": random.poisson(2, size=size) * 1.0,
        "huge": random.poisson(2, size=size) * 1e12,
        "tiny": random.poisson(2, size=size) * 1e-12,
        "separates": y,
        "noise": random.standard_normal(size),
    }
    names = [f"{kind} {place}" for place, kind in enumerate(kinds)]
    columns = np.column_stack([made[kind] for kind in kinds]) if kinds else np.zeros((size, 0))
    check(drivers(table_of(columns, y, names), config))


@quick
@given(
    CONFIGS,
    st.integers(0, 14),
    st.sampled_from([0, 1, 3, 8]),
    AMOUNTS,
    st.sampled_from(["constant", "twice", "levels", "last"]),
    st.sampled_from([None, "fee", "trend", "constant"]),
    SEEDS,
)
def test_elasticities_of_any_volumes_and_fees(config, periods, users, kind, fees, control, seed) -> None:
    size = periods * users
    period = np.repeat(np.arange(periods), users)
    fee = {
        "constant": np.full(size, 10.0),
        "twice": 5.0 + 5.0 * (period % 2),
        "levels": 5.0 * (period % 4),
        "last": 5.0 + 5.0 * (period == periods - 1),
    }[fees]
    controls = {
        None: {},
        "fee": {"price": fee},
        "trend": {"price": period * 1.0},
        "constant": {"price": np.full(size, 3.0)},
    }[control]
    volume = np.minimum(np.abs(amounts(kind, size, seed)), 1e15)
    segment = np.where(np.arange(size) % 3 == 0, "whale", "retail")
    cells = volume_cells_of(period, segment, fee, volume, controls)
    check(elasticity(cells, config, segments=["whale", "retail", "nobody"], n_draws=1000))


def test_nothing_is_written_to_the_console(capfd: pytest.CaptureFixture) -> None:
    config = StatisticsConfig("2026-11-01", n_resamples=1000)
    x = np.array([[1.0, 0.0], [0.0, 1.0]] * 40)
    drivers(table_of(x, x[:, 0], ["a", "b"]), config)
    cells = volume_cells_of([1, 2] * 40, ["a"] * 80, [5, 10] * 40, np.zeros(80))
    elasticity(cells, config)
    assert capfd.readouterr() == ("", "")
