"""The difference of two intervals: Newcombe's where they are Wilson's, and a p-value that agrees with the
interval."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from include.tidemark.statistics.independent import difference_of_intervals
from include.tidemark.statistics.rates import newcombe_interval, wilson_interval

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
FINITE = st.floats(-1e6, 1e6)
ARMS = st.floats(0, 1e3)


@given(first=COUNTS, second=COUNTS, level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_of_two_wilson_intervals_it_is_newcombes_interval(first, second, level):
    one, other = (
        (successes / n, *wilson_interval(successes, n, level), level) for successes, n in (first, second)
    )
    found = difference_of_intervals(one, other)
    assert (found.ci_low, found.ci_high) == pytest.approx(
        newcombe_interval(first[0], first[1], second[0], second[1], level), abs=1e-9
    )


@given(one=FINITE, other=FINITE, arms=st.tuples(ARMS, ARMS, ARMS, ARMS))
def test_the_p_value_is_small_exactly_where_the_interval_excludes_zero(one, other, arms):
    found = difference_of_intervals(
        (one, one - arms[0], one + arms[1], 0.95), (other, other - arms[2], other + arms[3], 0.95)
    )
    nearest = min(abs(found.ci_low), abs(found.ci_high))
    assume(nearest > 1e-6 * max(1.0, abs(found.ci_high - found.ci_low)))
    assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)


def test_two_numbers_the_other_way_round_have_the_same_p_value_and_the_mirrored_interval():
    first, second = (0.4, 0.3, 0.6, 0.95), (0.7, 0.6, 0.75, 0.95)
    found, mirrored = difference_of_intervals(first, second), difference_of_intervals(second, first)
    assert found.p_value == mirrored.p_value
    assert (found.ci_low, found.ci_high) == pytest.approx((-mirrored.ci_high, -mirrored.ci_low))


def test_intervals_of_two_levels_are_put_on_one_scale():
    at_95 = difference_of_intervals((1.0, 0.0, 2.0, 0.95), (3.0, 2.0, 4.0, 0.95))
    wider = (3.0, 3 - 2.5758293 / 1.959963985, 3 + 2.5758293 / 1.959963985, 0.99)
    assert difference_of_intervals((1.0, 0.0, 2.0, 0.95), wider).p_value == pytest.approx(at_95.p_value)


def test_an_estimate_outside_its_interval_is_refused():
    with pytest.raises(ValueError, match="within its interval"):
        difference_of_intervals((5.0, 0.0, 2.0, 0.95), (1.0, 0.0, 2.0, 0.95))
