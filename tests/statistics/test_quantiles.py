"""Quantiles with distribution-free intervals."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.quantiles import (
    PUBLISHED,
    needed_ranks,
    quantile_ranks,
    quantile_rows,
    ranks_flag,
)

CONFIG = StatisticsConfig("2026-11-01")


@given(st.integers(1, 3_000), st.sampled_from(PUBLISHED), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_ends_hold_the_level_and_the_next_inward_would_not(n: int, percent: int, level: float) -> None:
    count = stats.binom(n, percent / 100)
    half = (1 - level) / 2
    ends = quantile_ranks(n, percent, level).ends
    if ends is None:
        # The smallest or the largest value is no bound.
        assert min(count.cdf(0), 1.0) > half or count.sf(n - 1) > half
        return
    low, high = ends
    assert count.cdf(low - 1) <= half + 1e-12 and count.sf(high - 1) <= half + 1e-12
    assert count.cdf(low) > half - 1e-12 and count.sf(high - 2) > half - 1e-12


@pytest.mark.parametrize("percent", [10, *PUBLISHED])
def test_the_estimate_is_numpys_averaged_inverse_of_the_distribution(percent: int) -> None:
    values = np.sort(np.random.RandomState(1).standard_normal(101))
    for n in range(1, 102):
        low, high = (values[:n][rank - 1] for rank in quantile_ranks(n, percent, 0.95).middle)
        expected = np.quantile(values[:n], percent / 100, method="averaged_inverted_cdf")
        assert (low + high) / 2 == pytest.approx(expected, rel=1e-12)


def test_the_interval_of_a_median_is_that_of_the_sign_test() -> None:
    # The values that a two-sided sign test does not reject: tried one by one.
    values = np.sort(np.random.RandomState(2).exponential(size=60))
    low, high = quantile_ranks(60, 50, 0.95).ends or (0, 0)
    kept = [
        stats.binomtest(int((values < middle).sum()), 60, 0.5).pvalue > 0.05
        for middle in (values[:-1] + values[1:]) / 2
    ]
    assert (kept.index(True) + 1, len(kept) - kept[::-1].index(True) + 1) == (low, high)


def test_intervals_of_any_distribution_cover() -> None:
    # Discrete and with half zeros too: the interval holds at least its level.
    random = np.random.RandomState(3)
    for draw, quantile in (
        (random.standard_cauchy, stats.cauchy.ppf),
        (lambda n: np.exp(2 * random.standard_normal(n)), lambda p: np.exp(2 * stats.norm.ppf(p))),
        (lambda n: random.poisson(0.7, (n,)).astype(float), lambda p: stats.poisson.ppf(p, 0.7)),
    ):
        for n, percent in itertools.product((60, 400), PUBLISHED):
            ends = quantile_ranks(n, percent, 0.95).ends or (1, n)
            drawn = np.sort([draw(n) for _ in range(400)])
            held = (drawn[:, ends[0] - 1] <= quantile(percent / 100)) & (
                quantile(percent / 100) <= drawn[:, ends[1] - 1]
            )
            # 400 samples: a standard error of 1.1 points.
            assert held.mean() > 0.95 - 4 * 0.011


def test_rows_need_just_the_ranks_that_are_asked_for() -> None:
    sizes = {"few": 29, "some": 33, "many": 500, "none": 0, None: 562}
    values = {(s, rank): 2.0 * rank for s, n in sizes.items() for rank in needed_ranks(n, CONFIG)}
    rows = {(row.segment, row.horizon): row for row in quantile_rows("q", sizes, values, CONFIG, unit=2)}
    assert rows["few", "p50"].reason == "too_few_users" and rows["none", "p50"].reason == "empty_segment"
    assert (rows["many", "p50"].estimate, rows["many", "p50"].trust) == (250.5, "ok")
    # The largest of 33 values is no upper bound of the 90th percentile.
    unbounded = rows["some", "p90"]
    assert (unbounded.estimate, unbounded.ci_high, unbounded.reason) == (30.0, None, "too_few_users")
    assert len(needed_ranks(10**6, CONFIG)) <= 4 * len(PUBLISHED)


@pytest.mark.parametrize("percent", PUBLISHED)
def test_where_the_flag_is_ok_the_ranks_hold_the_quantile_in_95_to_97_of_a_hundred(percent: int) -> None:
    cautious = 0
    for n in range(30, 400):
        ends = quantile_ranks(n, percent, 0.95).ends
        if ends is None:
            continue
        # How many of n uniform values are below the quantile is binomial.
        below = stats.binom.pmf(np.arange(n + 1), n, percent / 100)
        held = below[ends[0] : ends[1]].sum()
        flag = ranks_flag(n, percent, 0.95)
        assert held >= 0.95 - 1e-9 and flag == (("ok", None) if held <= 0.97 else ("caution", "few_users")), n
        cautious += flag[0] == "caution"
    assert 10 <= cautious <= 50


def test_a_quantile_says_so_where_few_users_make_it_too_wide() -> None:
    rows = {
        n: quantile_rows("m", {None: n}, {(None, rank): rank for rank in range(n + 1)}, CONFIG)[1]
        for n in (30, 32)
    }
    found = [(row.trust, row.reason, row.ci_low, row.ci_high) for row in rows.values()]
    assert found == [("ok", None, 10, 21), ("caution", "few_users", 10, 23)]
