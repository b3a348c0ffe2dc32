"""No readable number is nearer to the wish than the one that is found; compared with all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.suggest.search import FEWEST_DIGITS, MOST_DIGITS, at_least, below

HIGHEST = 20_000
AMOUNTS = st.lists(st.integers(-2_000, HIGHEST), min_size=1, max_size=60).filter(lambda v: max(v) > 0)


def digits_of(number: int) -> int:
    """Significant digits."""
    return len(str(number).rstrip("0"))


READABLE = {
    digits: np.array([x for x in range(1, 2 * HIGHEST) if digits_of(x) <= digits])
    for digits in (FEWEST_DIGITS, MOST_DIGITS)
}


def nearest(counts: np.ndarray, wanted: int) -> int:
    """How far the nearest of all readable numbers is from the wish."""
    return int(np.abs(counts - wanted).min())


@given(AMOUNTS, st.integers(0, 60))
def test_no_number_is_nearer_and_more_digits_are_used_only_where_they_bring_it_nearer(values, wanted):
    every = np.sort(values)
    positive = every[every > 0]
    for find, population, count in (
        (at_least, positive, lambda x: len(positive) - np.searchsorted(positive, x)),
        (below, every, lambda x: np.searchsorted(every, x)),
    ):
        found = find(population, wanted, tolerance=0)
        off = abs(int(count(found)) - wanted)
        assert off == nearest(count(READABLE[MOST_DIGITS]), wanted)
        if off == nearest(count(READABLE[FEWEST_DIGITS]), wanted):
            assert digits_of(found) <= FEWEST_DIGITS


@given(AMOUNTS, st.integers(0, 60), st.integers(0, 20))
def test_a_number_of_two_digits_that_is_near_enough_is_taken(values, wanted, tolerance):
    positive = np.sort([value for value in values if value > 0])
    best = nearest(len(positive) - np.searchsorted(positive, READABLE[FEWEST_DIGITS]), wanted)
    found = at_least(positive, wanted, tolerance)
    if best <= tolerance:
        assert digits_of(found) <= FEWEST_DIGITS
        assert abs(np.count_nonzero(positive >= found) - wanted) == best


def test_customers_who_all_spend_about_the_same_get_a_threshold_of_more_digits():
    values = np.arange(100_000, 101_000)
    found = at_least(values, wanted=400, tolerance=10)
    assert found == 100_600
    assert FEWEST_DIGITS < digits_of(found) <= MOST_DIGITS


def test_equal_amounts_are_not_divided_and_the_nearer_side_is_taken():
    assert at_least(np.full(100, 999), wanted=60, tolerance=5) == 990
    assert at_least(np.full(100, 999), wanted=40, tolerance=5) == 1000


@pytest.mark.parametrize("wanted", [0, 5, 30])
def test_who_spends_nothing_is_below_every_threshold(wanted):
    values = np.array([0] * 20 + [-500] * 5 + list(range(700, 800)))
    assert np.count_nonzero(values < below(values, wanted, tolerance=0)) >= 25


def test_a_bound_keeps_the_threshold_on_its_side():
    values = np.arange(1, 1001)
    assert at_least(values, wanted=900, tolerance=0, lowest=500) == 500
    assert below(values, wanted=900, tolerance=0, highest=500) == 510
