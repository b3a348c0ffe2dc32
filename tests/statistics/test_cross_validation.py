import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.cross_validation import area, split, validate
from include.tidemark.statistics.features import canonical
from include.tidemark.statistics.logistic import BinaryTable, fit_logistic
from include.tidemark.statistics.streams import stream
from tests.statistics.users import table_of

STREAM = stream("2026-11-01", "cross_validation")


def table(n: int, effect: float, seed: int, features: int = 3) -> BinaryTable:
    random = np.random.RandomState(seed)
    x = random.randint(0, 4, size=(n, features)).astype(float)
    y = random.binomial(1, 1 / (1 + np.exp(-(effect * (x[:, 0] - 1.5) - 0.3))))
    return canonical(table_of(x, y, [f"x{k}" for k in range(features)]))


def test_the_area_equals_mann_whitneys_u() -> None:
    random = np.random.RandomState(1)
    score, y = random.randint(0, 20, size=300), random.binomial(1, 0.4, size=300)
    u = stats.mannwhitneyu(score[y == 1], score[y == 0]).statistic
    assert area(score, y * 1.0, 1.0 - y)[0] == pytest.approx(u / (y.sum() * (300 - y.sum())), rel=1e-12)


def test_delongs_variance_equals_the_one_from_all_pairs() -> None:
    random = np.random.RandomState(2)
    score, y = random.randint(0, 9, size=120), random.binomial(1, 0.5, size=120)
    won, lost = score[y == 1], score[y == 0]
    wins = (won[:, None] > lost) + 0.5 * (won[:, None] == lost)
    by_hand = wins.mean(axis=1).var(ddof=1) / len(won) + wins.mean(axis=0).var(ddof=1) / len(lost)
    assert area(score, y * 1.0, 1.0 - y)[1] == pytest.approx(by_hand, rel=1e-10)


def test_folds_are_even_in_both_outcomes_and_hold_everybody_once() -> None:
    users = table(503, 1.0, 3)
    n, successes = split(users, STREAM, 5)
    assert (n.sum(axis=0) == users.n).all() and (successes.sum(axis=0) == users.successes).all()
    assert (successes >= 0).all() and (n >= successes).all()
    assert np.ptp(successes.sum(axis=1)) <= 1 and np.ptp((n - successes).sum(axis=1)) <= 1


def test_each_fold_is_predicted_from_the_others_only() -> None:
    users = table(400, 1.0, 4)
    n, successes = split(users, STREAM, 5)
    pairs, total = 0.0, 0.0
    for fold in range(5):
        rest = BinaryTable(users.names, users.design, users.n - n[fold], users.successes - successes[fold])
        score = users.design @ fit_logistic(rest).coefficients
        won, lost = successes[fold], n[fold] - successes[fold]
        wins = (score[:, None] > score) + 0.5 * (score[:, None] == score)
        pairs += won @ wins @ lost
        total += won.sum() * lost.sum()
    assert validate(users, STREAM, 0.95).auc == pytest.approx(pairs / total, rel=1e-12)


def test_useless_features_have_an_area_of_a_half_and_a_model_of_noise_says_so() -> None:
    # 40 samples: the mean area has a standard error of 0.006. Folds share training users, which the interval
    # leaves out: without any effect it holds 1/2 in 83 % only (known to 6 points); methods.md says so.
    found = [validate(table(400, 0.0, seed, features=4), STREAM, 0.95) for seed in range(40)]
    assert np.mean([one.auc for one in found]) == pytest.approx(0.5, abs=4 * 0.006)
    assert np.mean([one.auc_low <= 0.5 <= one.auc_high for one in found]) >= 0.83 - 4 * 0.06
    assert np.median([one.slope.estimate for one in found if one.slope is not None]) < 0.5


def test_a_right_model_is_calibrated() -> None:
    found = validate(table(20_000, 0.8, 5), STREAM, 0.95)
    assert found.slope.ci_low < 1 < found.slope.ci_high
    assert found.excess[1] < 0 < found.excess[2] and abs(found.excess[0]) < 1e-3
    assert 0.6 < found.auc_low < found.auc < found.auc_high < 0.85


def test_separated_outcomes_are_still_predicted() -> None:
    rows = [{"x": 0, "n": 40, "successes": 0}, {"x": 1, "n": 40, "successes": 40}]
    found = validate(canonical(BinaryTable.from_rows(rows, ["x"])), STREAM, 0.95)
    assert found.auc == 1 and found.auc_low is None


def test_fewer_users_of_an_outcome_than_folds_cannot_be_validated() -> None:
    rows = [{"x": 0, "n": 40, "successes": 2}, {"x": 1, "n": 40, "successes": 2}]
    assert validate(canonical(BinaryTable.from_rows(rows, ["x"])), STREAM, 0.95) is None
