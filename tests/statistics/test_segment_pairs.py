"""Segments against each other: shares of one whole, means, and who was there again."""

import itertools

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import multinomial_proportions_confint, proportion_confint

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.ratio_cells import RatioCells
from include.tidemark.statistics.segment_pairs import (
    RETAINED,
    mean_pairs,
    retained_rows,
    share_difference,
    share_pairs,
)
from include.tidemark.statistics.segments import segment_shares
from tests.statistics.users import cells_of, ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01")
NAMES = ["a", "b", "c"]


def test_joint_intervals_are_statsmodels_goodman() -> None:
    counts = {"a": (70, 10), "b": (25, 0), "c": (5, 5)}
    rows = [row for row in segment_shares(counts, CONFIG, NAMES) if row.method == "goodman"]
    every = multinomial_proportions_confint([70, 25, 5], 0.05, method="goodman")
    active = multinomial_proportions_confint([60, 25, 0], 0.05, method="goodman")
    assert [(row.ci_low, row.ci_high) for row in rows] == [
        pytest.approx(tuple(ends), rel=1e-10, abs=1e-12) for ends in (*every, *active)
    ]
    assert not any(row.is_primary for row in rows)


def test_joint_intervals_hold_all_shares_together_where_single_ones_do_not() -> None:
    random = np.random.RandomState(1)
    truth = [0.05, 0.1, 0.15, 0.3, 0.4]
    drawn = random.multinomial(400, truth, size=400)

    def together(method: str) -> float:
        held = []
        for sample in drawn:
            counts = {str(place): (int(k), 0) for place, k in enumerate(sample)}
            rows = segment_shares(counts, CONFIG, list(counts))
            held.append(
                all(
                    row.ci_low <= truth[int(row.segment)] <= row.ci_high
                    for row in rows
                    if row.method == method and row.metric == "segment_share"
                )
            )
        return float(np.mean(held))

    # 400 samples: a standard error of 1.1 points.
    assert together("goodman") > 0.95 - 4 * 0.011
    assert together("wilson") < 0.88


@pytest.mark.parametrize(("one", "two", "n"), [(0.3, 0.3, 60), (0.1, 0.05, 200), (0.5, 0.2, 100), (0.02, 0.02, 1000)])  # fmt: skip
def test_the_difference_of_two_shares_covers_by_enumeration(one: float, two: float, n: int) -> None:
    counts = [(a, b) for a in range(n + 1) for b in range(n + 1 - a)]
    chance = stats.multinomial.pmf([(a, b, n - a - b) for a, b in counts], n, [one, two, 1 - one - two])
    likely = [(pair, p) for pair, p in zip(counts, chance, strict=True) if p > 1e-7]
    covered = sum(
        p * (found.ci_low <= one - two <= found.ci_high)
        for (a, b), p in likely
        for found in [share_difference(a, b, n, 0.95)]
    )
    assert covered == pytest.approx(0.955, abs=0.02)


def test_the_p_value_of_two_shares_is_that_at_which_the_interval_touches_zero() -> None:
    for one, two in itertools.product(range(0, 31, 3), repeat=2):
        found = share_difference(one, two, 70, 0.95)
        assert (found.p_value < 0.05) is (found.ci_low > 0 or found.ci_high < 0)
        touching = share_difference(one, two, 70, 1 - found.p_value) if 1e-6 < found.p_value < 1 else None
        if touching:
            assert min(abs(touching.ci_low), abs(touching.ci_high)) == pytest.approx(0, abs=1e-7)


def test_pairs_of_means_are_scipys_welch_and_adjusted_over_the_pairs() -> None:
    random = np.random.RandomState(2)
    users = {
        name: np.rint(np.exp(random.standard_normal(300) + 5 + 0.2 * k)).astype(int)
        for k, name in enumerate(NAMES)
    }
    cells = {name: cells_of(x, max_distinct=10**6) for name, x in users.items()}
    rows = mean_pairs(cells, CONFIG, NAMES, "mean_spend", unit=100)
    theirs = [
        stats.ttest_ind(users[a], users[b], equal_var=False) for a, b in itertools.combinations(NAMES, 2)
    ]
    assert [row.p_value for row in rows] == pytest.approx([found.pvalue for found in theirs], rel=1e-6)
    ends = [end / 100 for found in theirs for end in found.confidence_interval(0.95)]
    assert [end for row in rows for end in (row.ci_low, row.ci_high)] == pytest.approx(ends, rel=1e-6)
    assert [row.p_adjusted for row in rows] == pytest.approx(
        multipletests([found.pvalue for found in theirs], method="fdr_bh")[1], rel=1e-6
    )
    assert {(row.metric, row.family_size) for row in rows} == {("mean_spend_difference", 3)}


def test_who_did_something_in_the_window_after_is_retained() -> None:
    later = {"a": [0] * 60 + [500] * 40, "b": [-5] * 10 + [70] * 90, "c": [1] * 20}
    cells = {name: ratio_cells_of([100] * len(y), y) for name, y in later.items()}
    rows = retained_rows(cells, CONFIG, NAMES, horizon="90d")
    rates = {row.segment: row for row in rows if row.metric == RETAINED}
    assert {name: row.estimate for name, row in rates.items()} == {
        "a": 0.4,
        "b": 0.9,
        "c": 1.0,
        None: pytest.approx(150 / 220),
    }
    ends = proportion_confint(40, 100, method="wilson")
    assert (rates["a"].ci_low, rates["a"].ci_high) == pytest.approx(ends, rel=1e-10)
    pairs = {(row.segment, row.segment_to): row for row in rows if row.segment_to}
    assert pairs["a", "b"].estimate == -0.5 and pairs["a", "b"].p_adjusted < 1e-10
    assert pairs["a", "c"].reason == "too_few_users"


@pytest.mark.parametrize("reason", ["window_not_complete", "no_earlier_publication"])
def test_without_an_earlier_month_every_row_says_why(reason: str) -> None:
    rows = retained_rows(None, CONFIG, NAMES, reason_if_absent=reason, horizon="90d")
    assert len(rows) == 4 + 3 and {row.reason for row in rows} == {reason}
    assert {row.is_mature for row in rows} == {reason != "window_not_complete"}


def test_segments_without_anybody_have_rows_with_reasons() -> None:
    assert {row.reason for row in share_pairs({}, CONFIG, NAMES)} == {"zero_denominator"}
    assert {row.reason for row in mean_pairs({}, CONFIG, NAMES, "m")} == {"empty_segment"}
    empty = dict.fromkeys(NAMES, RatioCells.from_rows([]))
    assert {row.reason for row in retained_rows(empty, CONFIG, NAMES, horizon="90d")} == {"empty_segment"}
