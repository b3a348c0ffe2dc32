import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.few_clusters import fit_periods, jackknife_effect
from include.tidemark.statistics.streams import stream
from include.tidemark.statistics.wild_bootstrap import (
    WildTest,
    random_draws,
    sign_draws,
    wild_draws,
    wild_effect,
)
from tests.statistics.users import period_sums_of

NAMES = ["intercept", "fee", "price"]
STREAM = stream("2026-11-01", "elasticity")


def panel(
    periods: int, seed: int, slope: float = 0.0, rows: int = 40
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows whose errors and fee are shared within a period, as when the fee is set once a month."""
    random = np.random.RandomState(seed)
    period = np.repeat(np.arange(periods), rows)
    fee = random.standard_normal(periods)[period] + 0.3 * random.standard_normal(len(period))
    price = random.standard_normal(len(period))
    shock = random.standard_normal(periods)[period]
    y = 1 + slope * fee + 0.5 * price + shock + random.standard_normal(len(period))
    return np.column_stack([np.ones(len(period)), fee, price]), y, period


def fitted(periods: int, seed: int, slope: float = 0.0):
    return fit_periods(period_sums_of(*panel(periods, seed, slope), NAMES))


def test_sums_per_period_give_the_regression_of_the_rows_with_statsmodels_errors() -> None:
    x, y, period = panel(9, 1)
    fit = fitted(9, 1)
    theirs = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": period})
    assert fit.coefficients == pytest.approx(theirs.params, rel=1e-12)
    assert np.sqrt(np.diag(fit.cr1)) == pytest.approx(theirs.bse, rel=1e-12)


def test_the_jackknife_equals_refitting_without_each_period() -> None:
    x, y, period = panel(7, 2)
    fit = fitted(7, 2)
    again = np.array([np.linalg.lstsq(x[period != g], y[period != g], rcond=None)[0] for g in range(7)])
    assert fit.left_out == pytest.approx(again, rel=1e-12)
    away = again - fit.coefficients
    assert fit.cr3 == pytest.approx(6 / 7 * away.T @ away, rel=1e-11)


# Standard errors that pyfixest 0.60.0 gives for these panels (feols, vcov CRV1 and CRV3 by period). It brings
# a compiler and an interface along, so it is no test dependency. Its CRV3 leaves out the factor (G-1)/G of
# the jackknife and takes the small-sample factor of CRV1 instead.
PYFIXEST = {
    (8, 1, 0.0): (
        [0.30281061352547206, 0.16467754057979714, 0.04354571454443315],
        [0.38415816116372903, 0.22584310099188215, 0.05532097058118453],
    ),
    (10, 2, -0.5): (
        [0.4398060111653356, 0.35551476552905154, 0.056378824295698834],
        [0.8166790374651651, 0.7117966891485137, 0.0703058534313418],
    ),
    (12, 3, -0.6): (
        [0.2240294241046874, 0.22160790317810633, 0.03601420649587181],
        [0.2747827625636506, 0.3340080614425512, 0.04034522852459562],
    ),
}


@pytest.mark.parametrize("case", PYFIXEST)
def test_clustered_and_jackknife_errors_equal_those_of_pyfixest(case: tuple) -> None:
    periods, seed, slope = case
    fit = fitted(periods, seed, slope)
    rows, columns = 40 * periods, 3
    factor = periods / (periods - 1) * np.sqrt((rows - 1) / (rows - columns))
    cr1, cr3 = PYFIXEST[case]
    assert np.sqrt(np.diag(fit.cr1)) == pytest.approx(cr1, rel=1e-12)
    assert factor * np.sqrt(np.diag(fit.cr3)) == pytest.approx(cr3, rel=1e-12)


def wild_p_value(fit, name: str, value: float, draws: np.ndarray) -> float:
    return WildTest.of(fit, name, draws).p_value(value)


def slow_wild_p_value(
    x: np.ndarray, y: np.ndarray, period: np.ndarray, value: float, draws: np.ndarray
) -> float:
    """The same test written out on rows: restricted fit, new outcomes, refit, studentize."""

    def studentized(outcome: np.ndarray, centre: float) -> float:
        beta = np.linalg.lstsq(x, outcome, rcond=None)[0]
        bread = np.linalg.inv(x.T @ x)
        residual = outcome - x @ beta
        meat = sum(
            np.outer(s, s) for s in (x[period == g].T @ residual[period == g] for g in np.unique(period))
        )
        return abs(beta[1] - centre) / np.sqrt((bread @ meat @ bread)[1, 1])

    others = np.delete(x, 1, axis=1)
    restricted = others @ np.linalg.lstsq(others, y - value * x[:, 1], rcond=None)[0] + value * x[:, 1]
    real = studentized(y, value)
    again = [studentized(restricted + (y - restricted) * signs[period], value) for signs in draws]
    return float(np.mean(np.array(again) >= real * (1 - 1e-9)))


@pytest.mark.parametrize("value", [0.0, 0.4])
def test_the_wild_bootstrap_from_cross_products_equals_the_one_on_rows(value: float) -> None:
    x, y, period = panel(7, 3)
    draws = sign_draws(7)
    assert wild_p_value(fitted(7, 3), "fee", value, draws) == slow_wild_p_value(x, y, period, value, draws)


@pytest.mark.parametrize(
    ("periods", "seed", "slope", "theirs"),
    [
        (8, 1, 0.0, 0.328125),
        (10, 2, -0.5, 0.470703125),
        (12, 3, -0.6, 0.45751953125),
        (10, 5, 0.3, 0.302734375),
    ],
)
def test_enumerated_p_values_equal_those_of_wildboottest_up_to_how_ties_count(
    periods: int, seed: int, slope: float, theirs: float
) -> None:
    # Recorded from wildboottest 0.3.2 (bootstrap_type "11", imposed null, all signs) on these panels: it
    # brings a compiler along, so it is no test dependency. It takes the two patterns that repeat the data as
    # less extreme.
    ours = wild_p_value(fitted(periods, seed, slope), "fee", 0.0, sign_draws(periods))
    assert ours == pytest.approx(theirs + 2 / 2**periods, abs=1e-12)


def test_enumerated_signs_are_all_of_them_once() -> None:
    draws = sign_draws(6)
    assert draws.shape == (32, 6) and len(np.unique(draws, axis=0)) == 32 and (draws[:, 0] == 1).all()


def test_random_draws_have_mean_zero_and_variance_one() -> None:
    for webb in (False, True):
        draws = random_draws(10, STREAM, 20_000, webb=webb)
        assert draws.mean() == pytest.approx(0, abs=0.01)
        assert (draws**2).mean() == pytest.approx(1, abs=0.01)
    assert len(np.unique(random_draws(10, STREAM, 2000, webb=True))) == 6


@pytest.mark.parametrize("periods", [8, 14])
def test_the_ends_of_the_interval_are_where_the_p_value_is_alpha(periods: int) -> None:
    fit = fitted(periods, 4)
    for method, effect in wild_effect(fit, "fee", 0.9, wild_draws(periods, STREAM, 2000)).items():
        draws = wild_draws(periods, STREAM, 2000)[method]
        assert effect.ci_low < effect.estimate < effect.ci_high
        width = effect.ci_high - effect.ci_low
        for end, outwards in ((effect.ci_low, -1), (effect.ci_high, 1)):
            assert wild_p_value(fit, "fee", end + outwards * 1e-6 * width, draws) <= 0.1
            assert wild_p_value(fit, "fee", end - outwards * 1e-2 * width, draws) > 0.1


def test_the_number_of_periods_decides_the_draws() -> None:
    assert wild_draws(5, STREAM) == {}
    assert (
        set(wild_draws(6, STREAM, 1000))
        == set(wild_draws(12, STREAM, 1000))
        == {"wild_enumerated", "wild_webb"}
    )
    assert set(wild_draws(13, STREAM, 1000)) == {"wild_rademacher"}


def test_five_periods_have_an_interval_but_no_significance() -> None:
    effect = jackknife_effect(fitted(5, 6), "fee", 0.95)
    assert effect.p_value is None and effect.ci_low < effect.estimate < effect.ci_high
    assert jackknife_effect(fitted(6, 6), "fee", 0.95).p_value is not None


def test_periods_that_all_say_the_same_slope_have_no_interval_and_no_significance() -> None:
    x = np.tile([[1.0, 0.0], [1.0, 1.0]], (8, 1))
    fit = fit_periods(period_sums_of(x, 1 + 0.5 * x[:, 1], np.repeat(np.arange(8), 2), NAMES[:2]))
    effect = jackknife_effect(fit, "fee", 0.95)
    assert effect.estimate == pytest.approx(0.5) and effect.reason == "no_variation"
    assert effect.p_value is None and np.isnan([effect.ci_low, effect.ci_high]).all()


def test_a_slope_of_exactly_zero_without_error_is_no_effect() -> None:
    x = np.tile([[1.0, 0.0], [1.0, 1.0]], (8, 1))
    fit = fit_periods(period_sums_of(x, np.zeros(16), np.repeat(np.arange(8), 2), NAMES[:2]))
    effect = jackknife_effect(fit, "fee", 0.95)
    assert (effect.ci_low, effect.ci_high, effect.p_value) == (0.0, 0.0, 1.0)


def test_few_signs_cannot_bound_an_interval_at_a_level_they_cannot_reach() -> None:
    # 32 patterns: the smallest p-value is 1/32, so a 99 % interval is the whole line, and says so.
    effect = wild_effect(fitted(6, 7), "fee", 0.99, {"wild_enumerated": sign_draws(6)})["wild_enumerated"]
    assert (effect.ci_low, effect.ci_high) == (-np.inf, np.inf)


def test_false_alarms_stay_near_the_level_with_ten_periods_where_the_usual_test_fails() -> None:
    # 500 samples without an effect: a rate of 5 % is known to 1 point.
    draws = sign_draws(10)
    wild, jackknife, usual = [], [], []
    for seed in range(500):
        fit = fitted(10, seed)
        wild.append(wild_p_value(fit, "fee", 0.0, draws) <= 0.05)
        jackknife.append(jackknife_effect(fit, "fee", 0.95).p_value <= 0.05)
        usual.append(abs(fit.coefficients[1]) > 1.96 * np.sqrt(fit.cr1[1, 1]))
    assert np.mean(wild) == pytest.approx(0.05, abs=0.04)
    assert np.mean(jackknife) == pytest.approx(0.055, abs=0.04)
    assert np.mean(usual) > 0.1


def test_a_planted_effect_is_recovered() -> None:
    effects = wild_effect(fitted(10, 8, slope=-3.0), "fee", 0.95, wild_draws(10, STREAM, 2000))
    for effect in effects.values():
        assert effect.ci_low < -3 < effect.ci_high < 0 and effect.p_value < 0.05


def test_what_cannot_be_fitted_gives_none() -> None:
    assert fit_periods(period_sums_of([[1, 0]] * 4, [1, 2, 3, 4], [1, 1, 1, 1], NAMES[:2])) is None
    assert fit_periods(period_sums_of([[1, 0]] * 4, [1, 2, 3, 4], [1, 1, 2, 2], NAMES[:2])) is None
    assert fit_periods(period_sums_of(np.zeros((0, 2)), [], [], NAMES[:2])) is None
    alone = fit_periods(
        period_sums_of([[1, 0], [1, 0], [1, 1], [1, 1]], [1, 2, 3, 5], [1, 1, 2, 2], NAMES[:2])
    )
    assert alone.cr3 is None and jackknife_effect(alone, "fee", 0.95) is None
    with pytest.raises(ValueError, match="finite"):
        period_sums_of([[1, np.nan]], [1], [1], NAMES[:2])
