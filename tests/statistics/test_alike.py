"""What a segment did later against customers of the same prior amount."""

import math

import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.alike import METHOD, Standardized, alike_rows
from include.tidemark.statistics.config import StatisticsConfig
from tests.statistics.users import ratio_cells_of

CONFIG = StatisticsConfig("2026-11-01")
Users = tuple[np.ndarray, np.ndarray, np.ndarray]


def customers(random: np.random.RandomState, n: int, effect: float = 0.0) -> Users:
    """Prior and later spend of customers with a level of their own, and a segment of those whose prior spend
    was high, more or less.

    Later spend depends on the level and not on the segment, but for the effect.
    """
    level = 10_000 * np.exp(0.7 * random.standard_normal(n))
    prior, later = (
        level * np.exp(0.6 * random.standard_normal(n)) * (random.uniform(size=n) > 0.2) for _ in range(2)
    )
    inside = np.log1p(prior) + 2 * random.standard_normal(n) > 9.5
    return np.rint(prior).astype(np.int64), np.rint(later * (1 + effect * inside)).astype(np.int64), inside  # fmt: skip


def rows_of(users: Users):
    prior, later, inside = users
    cells = {
        name: ratio_cells_of(prior[which], later[which]) for name, which in (("in", inside), ("out", ~inside))
    }
    return alike_rows("vs_alike", cells, CONFIG, ["in", "out"], horizon="90d")


def classes_of(prior: np.ndarray) -> np.ndarray:
    """Eighths of an octave by bisection in a list of their limits."""
    limits = [2.0**k * (1 + step / 8) for k in range(40) for step in range(8)]
    return np.where(prior == 0, -1, np.searchsorted(limits, prior, side="right"))


def estimate(users: Users, weights: np.ndarray) -> float:
    """The difference, written out over users of some weights."""
    prior, later, inside = users
    held = classes_of(prior)
    expected = np.zeros(len(prior))
    for each in set(held):
        alike = held == each
        base = np.where(prior[alike] == 0, 1, prior[alike])
        rate = (weights[alike] * later[alike]).sum() / (weights[alike] * base).sum()
        expected[alike] = rate * base
    chosen = weights * inside
    return float((chosen * (later - expected)).sum() / (chosen * prior).sum())


def test_difference_and_error_are_those_of_the_users_one_by_one() -> None:
    # Amounts of two digits and more zeros: then the warehouse's cells hold equal users only.
    prior, later, inside = customers(np.random.RandomState(2), 400, 0.3)
    users = (prior // 1_000 * 1_000, later // 1_000 * 1_000, inside)
    users = (np.minimum(users[0], 99_000), np.minimum(users[1], 99_000), inside)
    found = rows_of(users)[0]
    assert found.estimate == pytest.approx(estimate(users, np.ones(400)), rel=1e-9)

    # The influence of a user is how the difference moves with the user's weight.
    step = 1e-5
    influence = np.zeros(400)
    for user in range(400):
        up, down = np.ones(400), np.ones(400)
        up[user] += step
        down[user] -= step
        influence[user] = (estimate(users, up) - estimate(users, down)) / (2 * step)
    held = classes_of(users[0])
    size = np.array([(held == each).sum() for each in held])
    error = math.sqrt((influence**2 * size / np.maximum(size - 1, 1)).sum())
    mixed = [each for each in set(held) if 0 < inside[held == each].sum() < (held == each).sum()]
    alike = min(sum((which[held == each]).sum() for each in mixed) for which in (inside, ~inside))
    half = stats.t.ppf(0.975, alike - 1) * error
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (found.estimate - half, found.estimate + half), rel=1e-6
    )
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.estimate) / error, alike - 1), rel=1e-5)


def test_what_is_only_regression_to_the_mean_is_no_difference_and_a_planted_one_comes_back() -> None:
    random = np.random.RandomState(5)
    held, raw, planted = [], [], []
    for _ in range(150):
        users = customers(random, 500)
        found = rows_of(users)[0]
        held.append(found.ci_low <= 0 <= found.ci_high)
        prior, later, inside = users
        raw.append(later[inside].sum() / prior[inside].sum() - later.sum() / prior.sum())
        planted.append(
            rows_of((prior, np.rint(later * (1 + 0.5 * inside)).astype(np.int64), inside))[0].estimate
        )
    assert np.mean(raw) < -0.04, "the segment falls back"
    # 150 samples: a standard error of 1.8 points.
    assert np.mean(held) == pytest.approx(0.95, abs=0.05)
    assert np.mean(planted) > 0.1


def test_the_differences_of_all_segments_cancel() -> None:
    prior, later, inside = customers(np.random.RandomState(6), 2_000, 0.5)
    first, second = rows_of((prior, later, inside))
    assert first.estimate * prior[inside].sum() == pytest.approx(
        -second.estimate * prior[~inside].sum(), rel=1e-9
    )
    assert {row.family_size for row in (first, second)} == {2}


def test_a_segment_that_the_prior_amount_alone_decides_has_nobody_alike() -> None:
    prior, later, _ = customers(np.random.RandomState(7), 1_000)
    rows = rows_of((prior, later, prior > 16_384))
    assert [(row.estimate, row.reason) for row in rows] == [(None, "nobody_alike")] * 2


def test_without_an_earlier_month_each_segment_says_so() -> None:
    rows = alike_rows("m", None, CONFIG, ["in"], reason_if_absent="window_not_complete", horizon="90d")
    assert [(row.segment, row.method, row.reason, row.is_mature) for row in rows] == [
        ("in", METHOD, "window_not_complete", False)
    ]


def test_equal_amounts_have_no_variation() -> None:
    cells = {name: ratio_cells_of([100] * 50, [50] * 50) for name in ("in", "out")}
    assert Standardized(cells).of("in", 0.95).comparison is None
    assert {row.reason for row in alike_rows("m", cells, CONFIG, list(cells), horizon="90d")} == {
        "no_variation"
    }
