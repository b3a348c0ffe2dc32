import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from include.tidemark.statistics.rates import bootstrap_rate_interval, newcombe_interval, wilson_interval
from include.tidemark.statistics.streams import stream
from tests.statistics.oracles import exact_bootstrap_rate_interval

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@given(counts, levels)
def test_wilson_equals_statsmodels_and_scipy(count: tuple, level: float) -> None:
    successes, n = count
    ours = wilson_interval(successes, n, level)
    assert ours == pytest.approx(proportion_confint(successes, n, 1 - level, "wilson"), abs=1e-12)
    assert ours == pytest.approx(stats.binomtest(successes, n).proportion_ci(level, "wilson"), abs=1e-12)


@given(counts, counts, levels)
def test_newcombe_equals_statsmodels(first: tuple[int, int], second: tuple[int, int], level: float) -> None:
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff", alpha=1 - level)
    assert newcombe_interval(*first, *second, level) == pytest.approx(expected, abs=1e-12)


def test_newcombe_repeats_the_published_example() -> None:
    # Newcombe (1998), table II, method 10: 56/70 against 48/80.
    assert newcombe_interval(56, 70, 48, 80, 0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(st.integers(1, 10**9))
def test_nobody_and_everybody_leave_room_for_doubt(n: int) -> None:
    low, high = wilson_interval(0, n, 0.95)
    assert low == 0 and 0 < high < 1
    low, high = wilson_interval(n, n, 0.95)
    assert high == 1 and 0 < low < 1


@given(counts)
def test_the_interval_holds_the_rate_and_mirrors_the_complement(count: tuple) -> None:
    successes, n = count
    low, high = wilson_interval(successes, n, 0.95)
    assert 0 <= low <= successes / n <= high <= 1
    assert wilson_interval(n - successes, n, 0.95) == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_more_successes_move_both_ends_up() -> None:
    ends = np.array([wilson_interval(k, 200, 0.95) for k in range(201)])
    assert (np.diff(ends, axis=0) > 0).all()


def test_the_binomial_bootstrap_agrees_with_its_infinite_version() -> None:
    drawn = bootstrap_rate_interval(300, 1000, stream("2026-11-01", "rate"), 10_000, 0.95)
    exact = exact_bootstrap_rate_interval(300, 1000, 0.95)
    # One end scatters by 0.027 standard errors (0.0145); the law sits on a lattice of 0.001.
    assert drawn == pytest.approx(exact, abs=4 * 0.027 * 0.0145 + 0.001)


def test_the_bootstrap_of_no_success_is_the_trap_that_wilson_avoids() -> None:
    assert bootstrap_rate_interval(0, 50, stream("2026-11-01", "rate"), 1000, 0.95) == (0.0, 0.0)
    assert wilson_interval(0, 50, 0.95)[1] > 0.07


def test_wilson_covers_by_exact_enumeration() -> None:
    # Mean coverage over rates of 1 to 5 % at n = 50; the bootstrap's is 73 %, so this is why Wilson is
    # published.
    n = 50
    ends = np.array([wilson_interval(k, n, 0.95) for k in range(n + 1)])
    drawn = np.array([exact_bootstrap_rate_interval(k, n, 0.95) for k in range(n + 1)])
    rates = np.linspace(0.01, 0.05, 41)
    weight = stats.binom.pmf(np.arange(n + 1)[:, None], n, rates)
    wilson, bootstrap = (
        (weight * ((side[:, :1] <= rates) & (rates <= side[:, 1:]))).sum(axis=0).mean()
        for side in (ends, drawn)
    )
    assert wilson == pytest.approx(0.957, abs=0.005)
    assert bootstrap == pytest.approx(0.734, abs=0.01)


@pytest.mark.parametrize("count", [(-1, 10), (11, 10), (0, 0)])
def test_impossible_counts_are_refused(count: tuple) -> None:
    with pytest.raises(ValueError, match="successes must lie between 0 and n"):
        wilson_interval(*count, 0.95)  # type: ignore[call-arg]
