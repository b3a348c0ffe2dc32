import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statistics.engagement import (
    EngagementWeights,
    behavioral_segments,
    engagement_score,
    percentile_rank,
    revenue_segments,
)

numbers = st.lists(st.integers(0, 50), min_size=2, max_size=40)


@given(numbers)
def test_ranks_equal_the_share_of_others_below_with_ties_half(values: list) -> None:
    array = np.array(values)
    by_hand = [((array < v).sum() + ((array == v).sum() - 1) / 2) / (len(values) - 1) for v in values]
    assert percentile_rank(values) == pytest.approx(by_hand)


@given(numbers)
def test_scores_lie_between_0_and_1_and_rise_with_each_metric(values: list) -> None:
    score = engagement_score(values, values, values, [-v for v in values])
    assert ((score >= 0) & (score <= 1)).all()
    assert (np.diff(score[np.argsort(values, kind="stable")]) >= -1e-12).all()


def test_an_extreme_user_moves_no_other() -> None:
    plain = engagement_score([1, 2, 3], [1, 2, 3], [1, 2, 3], [3, 2, 1])
    extreme = engagement_score([1, 2, 3e9], [1, 2, 3e9], [1, 2, 3e9], [3, 2, 0])
    assert (plain == extreme).all()


def test_weights_count_by_proportion_and_decide_what_counts() -> None:
    data = ([1, 2, 3], [3, 2, 1], [2, 2, 2], [5, 5, 5])
    only = engagement_score(*data, EngagementWeights(2, 0, 0, 0))
    assert only.tolist() == [0, 0.5, 1]
    default, doubled = engagement_score(*data), engagement_score(*data, EngagementWeights(0.6, 0.5, 0.5, 0.4))
    assert default == pytest.approx(doubled)


def test_users_never_active_score_lowest() -> None:
    score = engagement_score([1, None], [5, np.nan], [2, None], [3, None])
    assert score.tolist() == [1, 0]


def test_impossible_weights_thresholds_and_lengths_are_refused() -> None:
    for weights in ((-1, 1, 1, 1), (0, 0, 0, 0), (float("nan"), 1, 1, 1)):
        with pytest.raises(ValueError, match="weight"):
            EngagementWeights(*weights)
    with pytest.raises(ValueError, match="one entry per user"):
        engagement_score([1], [1, 2], [1], [1])
    with pytest.raises(ValueError, match="moderate"):
        behavioral_segments([1], [1], high=0.2, moderate=0.5)
    with pytest.raises(ValueError, match="dolphin"):
        revenue_segments([1], whale=0.5, dolphin=0.8)


def test_revenue_segments_count_free_users_among_all() -> None:
    labels = revenue_segments([0] * 80 + list(range(1, 21)))
    assert [labels.count(name) for name in ("free_user", "minnow", "dolphin", "whale")] == [80, 0, 15, 5]


def test_nobody_and_one_user_are_no_error() -> None:
    assert len(engagement_score([], [], [], [])) == 0
    assert engagement_score([1], [1], [1], [1]).tolist() == [0.5]
    assert behavioral_segments([], []) == revenue_segments([]) == []
