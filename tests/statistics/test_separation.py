from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy.special import expit

from include.tidemark.statistics.logistic import BinaryTable, fit_logistic
from include.tidemark.statistics.separation import (
    firth_profile,
    fit_firth,
    fit_log_f,
    penalized_log_likelihood,
    separated_features,
    why_not,
)
from tests.statistics.users import table_of

# Heinze and Schemper (2002), 79 women; every woman with NV = 1 has HG = 1, so NV separates.
ENDOMETRIAL = np.loadtxt(Path(__file__).parent / "endometrial.csv", delimiter=",", skiprows=1)
NAMES = ["NV", "PI", "EH"]


@pytest.fixture
def endometrial() -> BinaryTable:
    return table_of(ENDOMETRIAL[:, :3], ENDOMETRIAL[:, 3], NAMES)


def test_the_feature_that_separates_is_named(endometrial: BinaryTable) -> None:
    assert separated_features(endometrial) == ["NV"]
    assert why_not(endometrial) == "separation"
    without = table_of(ENDOMETRIAL[:, 1:3], ENDOMETRIAL[:, 3], NAMES[1:])
    assert separated_features(without) == [] and why_not(without) is None


# What R's logistf gives for these data, as the tests of the Python package firthlogist (0.5.0) record it.
LOGISTF = {
    "intercept": (3.77455951, 1.0825371, 7.20928050),
    "NV": (2.92927330, 0.6097244, 7.85463171),
    "PI": (-0.03475175, -0.1244587, 0.04045547),
    "EH": (-2.60416387, -4.3651832, -1.23272106),
}


def test_firth_repeats_the_published_coefficients_and_profile_intervals(endometrial: BinaryTable) -> None:
    fit = fit_firth(endometrial)
    for name, published in LOGISTF.items():
        found = firth_profile(endometrial, fit, name, 0.95)
        assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx(published, abs=1e-6), name


def test_a_profile_excludes_zero_exactly_when_its_p_value_says_so(endometrial: BinaryTable) -> None:
    fit = fit_firth(endometrial)
    for name in NAMES:
        p_value = firth_profile(endometrial, fit, name, 0.95).p_value
        edge = firth_profile(endometrial, fit, name, 1 - p_value)
        assert min(abs(edge.ci_low), abs(edge.ci_high)) < 1e-5


def test_firths_fit_is_the_maximum_of_the_penalized_likelihood(endometrial: BinaryTable) -> None:
    fit = fit_firth(endometrial)
    found = optimize.minimize(
        lambda beta: -penalized_log_likelihood(endometrial, beta), fit.coefficients + 0.1, tol=1e-10
    )
    assert -found.fun == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert found.x == pytest.approx(fit.coefficients, abs=1e-3)


def test_grouped_and_single_users_give_the_same_penalized_fit() -> None:
    rows = [{"x": 0, "n": 30, "successes": 12}, {"x": 1, "n": 6, "successes": 6}]
    x = np.repeat([0, 0, 1], [12, 18, 6])
    y = np.repeat([1, 0, 1], [12, 18, 6])
    one, two = fit_firth(BinaryTable.from_rows(rows, ["x"])), fit_firth(table_of(x, y, ["x"]))
    assert one.coefficients == pytest.approx(two.coefficients, abs=1e-9)
    # With one binary feature Firth adds half a user to each of the four cells.
    assert one.coefficients[1] == pytest.approx(np.log(6.5 / 0.5) - np.log(12.5 / 18.5), abs=1e-8)


def test_log_f_adds_one_half_won_user_a_feature_and_shrinks_towards_no_effect() -> None:
    rows = [{"x": 0, "n": 30, "successes": 12}, {"x": 1, "n": 6, "successes": 6}]
    table = BinaryTable.from_rows(rows, ["x"])
    fit = fit_log_f(table)
    assert fit_logistic(table) is None
    assert 0 < fit.coefficients[1] < 10
    assert np.isfinite(fit.errors).all()


outcomes = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 1)), min_size=8, max_size=40
)


@settings(max_examples=60)
@given(outcomes)
def test_the_penalized_fits_are_finite_whenever_the_design_has_full_rank(users: list) -> None:
    array = np.array(users, dtype=float)
    table = table_of(array[:, :2], array[:, 2], ["a", "b"])
    if np.linalg.matrix_rank(table.design) < 3:
        assert fit_firth(table) is None
        return
    fits = [fit_firth(table), fit_log_f(table)]
    if len(set(array[:, 2])) == 1:
        # The intercept has no prior, so nothing holds it back where every outcome is the same.
        assert fits.pop() is None
    for fit in fits:
        assert np.isfinite(fit.coefficients).all() and np.isfinite(fit.errors).all()
        assert np.abs(fit.coefficients).max() < 30


@settings(max_examples=60)
@given(outcomes)
def test_the_linear_programme_agrees_with_whether_newtons_method_converges(users: list) -> None:
    array = np.array(users, dtype=float)
    table = table_of(array[:, :2], array[:, 2], ["a", "b"])
    fit = fit_logistic(table)
    settled = fit is not None and np.abs(fit.coefficients).max() < 25
    assert (why_not(table) is None) == settled


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no_variation"),
        (
            [{"x": 0, "z": 1, "n": 9, "successes": 0}, {"x": 1, "z": 0, "n": 9, "successes": 0}],
            "no_variation",
        ),
        ([{"x": 0, "z": 0, "n": 9, "successes": 3}, {"x": 1, "z": 1, "n": 9, "successes": 4}], "collinear"),
    ],
)
def test_other_reasons_against_a_fit_are_named(rows: list, reason: str) -> None:
    assert why_not(BinaryTable.from_rows(rows, ["x", "z"])) == reason


def test_profile_intervals_cover_a_planted_effect_where_separation_is_common() -> None:
    # 200 samples of 150 users, a feature of 6 % prevalence, log odds ratio 2: coverage is known to 1.5
    # points.
    random = np.random.RandomState(5)
    held, separated = 0, 0
    for _ in range(200):
        x = (np.arange(150) < 9).astype(float)
        y = random.binomial(1, 1 / (1 + np.exp(-(-0.2 + 2 * x))))
        table = table_of(x, y, ["x"])
        found = firth_profile(table, fit_firth(table), "x", 0.95)
        held += found.ci_low <= 2 <= found.ci_high
        separated += why_not(table) == "separation"
    assert separated > 40
    assert held / 200 >= 0.95 - 4 * 0.0154


def test_firths_score_is_nothing_at_the_fit_also_where_one_user_holds_a_feature() -> None:
    # With the curvature of the users alone, steps swing around the top of such data without end: 4 of 12
    # digits were right.
    random = np.random.RandomState(5)
    worst = 0.0
    for _ in range(60):
        users, features = int(random.choice([40, 80, 150])), int(random.randint(2, 8))
        x = (random.uniform(size=(users, features)) < random.choice([0.02, 0.05, 0.3], features)).astype(int)
        y = (random.uniform(size=users) < 0.3) | (x[:, 0] == 1)
        table = table_of(x, y, [f"f{place}" for place in range(features)])
        fit = None if why_not(table) in ("no_variation", "collinear") else fit_firth(table)
        if fit is None:
            continue
        p = expit(table.design @ fit.coefficients)
        leverage = (
            table.n * p * (1 - p) * np.einsum("ij,jk,ik->i", table.design, fit.covariance, table.design)
        )
        score = table.design.T @ (table.successes - table.n * p + leverage * (0.5 - p))
        worst = max(worst, float(np.abs(score).max()))
    assert 0 < worst < 1e-9
