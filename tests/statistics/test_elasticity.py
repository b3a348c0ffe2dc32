import jsonschema
import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.elasticity import elasticity
from include.tidemark.statistics.elasticity_checks import AUTOCORRELATION, SPELLS, ModelOfPeriods
from include.tidemark.statistics.few_clusters import jackknife_effect
from include.tidemark.statistics.results import result_schema, to_records
from tests.statistics.users import volume_cells_of

CONFIG = StatisticsConfig("2026-11-01")
LOG, MEAN = "effect_5bps_log_volume_usd", "effect_5bps_volume_usd"
TRUTH = {"small": -0.015, "whale": -0.004}


def observations(
    periods: int, seed: int = 1, users: int = 60, shock: float = 0.1, zeros: float = 0.1
) -> tuple:
    """User-periods whose volume falls by 1.5 % (small) and 0.4 % (whale) for each basis point."""
    random = np.random.RandomState(seed)
    fees = np.resize([5.0, 10.0, 20.0, 30.0, 15.0], periods)
    price = 50_000 + 5_000 * random.standard_normal(periods)
    period = np.repeat(np.arange(periods), users)
    segment = np.where(np.arange(len(period)) % 3 == 0, "whale", "small")
    slope = np.where(segment == "whale", TRUTH["whale"], TRUTH["small"])
    level = np.where(segment == "whale", 11.0, 6.0)
    log = (
        level
        + slope * fees[period]
        + 2e-5 * price[period]
        + (shock * random.standard_normal(periods))[period]
    )
    volume = np.exp(log + random.standard_normal(len(period)))
    volume[random.uniform(size=len(period)) < zeros] = 0
    controls = {"btc_usd": price[period], "trend": period.astype(float)}
    return np.char.add("w", np.char.zfill(period.astype(str), 2)), segment, fees[period], volume, controls


def found(data: tuple, **options: object) -> list:
    rows = elasticity(volume_cells_of(*data), CONFIG, **{"n_draws": 1999, **options})
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="fee_tiers"):
        jsonschema.validate(record, result_schema())
    keys = [(row.metric, row.segment, row.segment_to, row.horizon, row.method) for row in rows]
    assert len(set(keys)) == len(keys)
    for row in rows:
        assert None in (row.estimate, row.ci_low, row.ci_high) or row.ci_low <= row.estimate <= row.ci_high
        assert row.reason is None or row.trust != "ok" or None in (row.estimate, row.ci_low, row.ci_high)
    # What describes the periods has tests of its own.
    return [row for row in rows if row.metric not in (SPELLS, AUTOCORRELATION)]


def pick(rows: list, **wanted: object) -> list:
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def one(rows: list, **wanted: object):
    (row,) = pick(rows, **wanted)
    return row


def dense(data: tuple) -> np.ndarray:
    """The design written out: intercept, slope a segment, then the controls."""
    _, segment, fee, _, controls = data
    inside = [(segment == name).astype(float) for name in ("small", "whale")]
    return np.column_stack([*inside, *(part * fee for part in inside), *controls.values()])


def test_estimates_equal_least_squares_and_poisson_of_statsmodels_on_the_users() -> None:
    data = observations(10)
    rows = found(data)
    least_squares = sm.OLS(np.log1p(data[3]), dense(data)).fit()
    design = dense(data)
    design[:, 4] /= 1e4
    poisson = sm.GLM(data[3], design, family=sm.families.Poisson()).fit(tol=1e-13)
    for place, segment in ((2, "small"), (3, "whale")):
        for method in ("cr3_t", "wild_enumerated", "wild_webb", "leave_one_period_out"):
            row = one(rows, metric=LOG, segment=segment, method=method)
            assert row.estimate == pytest.approx(np.expm1(5 * least_squares.params[place]), rel=1e-8)
        row = one(rows, metric=MEAN, segment=segment)
        assert row.estimate == pytest.approx(np.expm1(5 * poisson.params[place]), rel=1e-8)


def test_robust_regression_on_cells_is_statsmodels_rlm_on_users_to_a_hundredth_of_its_error() -> None:
    data = observations(10, users=300)
    rows = found(data)
    design = dense(data)
    design[:, 4] /= 1e4
    theirs = sm.RLM(np.log1p(data[3]), design).fit(tol=1e-12, maxiter=500)
    for place, segment in ((2, "small"), (3, "whale")):
        row = one(rows, method="huber_jackknife", segment=segment)
        assert row.estimate == pytest.approx(
            np.expm1(5 * theirs.params[place]), abs=0.01 * 5 * theirs.bse[place]
        )


def test_jackknife_intervals_equal_refitting_statsmodels_without_each_period() -> None:
    data = observations(8)
    design = dense(data)
    design[:, 4] /= 1e4
    rows = found(data)

    def least_squares(part: np.ndarray) -> float:
        return sm.OLS(np.log1p(data[3][part]), design[part]).fit().params[3]

    def poisson(part: np.ndarray) -> float:
        return sm.GLM(data[3][part], design[part], family=sm.families.Poisson()).fit(tol=1e-13).params[3]

    for metric, method, slope in ((LOG, "cr3_t", least_squares), (MEAN, "ppml_jackknife", poisson)):
        full = slope(np.ones(len(data[0]), bool))
        out = np.array([slope(data[0] != period) for period in np.unique(data[0])])
        error = np.sqrt(7 / 8 * ((out - full) ** 2).sum())
        row = one(rows, metric=metric, method=method, segment="whale")
        half = 2.364624251592785 * error  # t quantile, 7 degrees of freedom
        assert (row.ci_low, row.ci_high) == pytest.approx(
            tuple(np.expm1([5 * (full - half), 5 * (full + half)])), rel=1e-8
        )


@pytest.mark.parametrize(
    ("periods", "methods", "trust"),
    [
        (8, {"wild_enumerated", "wild_webb"}, "caution"),
        (12, {"wild_enumerated", "wild_webb"}, "caution"),
        (14, {"wild_rademacher"}, "ok"),
    ],
)
def test_the_number_of_periods_decides_the_inference(periods: int, methods: set, trust: str) -> None:
    rows = found(observations(periods, zeros=0.0))
    wild = [row for row in rows if row.method.startswith("wild")]
    assert {row.method for row in wild} == methods and {row.trust for row in wild} == {trust}
    assert all(row.p_value is not None and row.family_size == 2 for row in wild)
    assert all((row.seed is None) == (row.method == "wild_enumerated") for row in wild)


def test_five_periods_give_an_estimate_and_an_interval_but_no_significance() -> None:
    period, segment, fee, volume, controls = observations(5)
    rows = found((period, segment, fee, volume, {"trend": controls["trend"]}))
    assert all(row.p_value is None and row.p_adjusted is None for row in rows)
    jackknife = one(rows, segment="small", method="cr3_t")
    assert jackknife.ci_low < jackknife.estimate < jackknife.ci_high and jackknife.trust == "unreliable"
    wild = one(rows, segment="small", method="wild_enumerated")
    assert wild.reason == "too_few_periods" and wild.estimate == jackknife.estimate and wild.ci_low is None


def seen_in_three_of_eight_weeks(seed: int, users: int, shock: float) -> tuple:
    """Volumes without any effect of the fee; ``few`` has users in the first three weeks only."""
    random = np.random.RandomState(seed)
    period = np.repeat(np.arange(8), 2 * users)
    few = np.tile(np.arange(2 * users) < users, 8)
    kept = ~few | (period < 3)
    fee = np.array([5.0, 10.0, 20.0, 30.0, 15.0, 5.0, 10.0, 20.0])[period]
    level = 8 + shock * random.standard_normal((2, 8))[few.astype(int), period]
    volume = np.exp(level + random.standard_normal(len(period)))
    segment = np.where(few, "few", "many")
    return period[kept], segment[kept], fee[kept], volume[kept], {"trend": period[kept] * 1.0}


def test_a_segment_seen_in_three_of_eight_weeks_has_no_significance_and_t_quantiles_of_two_degrees() -> None:
    data = seen_in_three_of_eight_weeks(4, 40, 0.3)
    rows = found(data)
    few = pick(rows, segment="few")
    assert len(few) == 6 and all(row.p_value is None and row.p_adjusted is None for row in few)
    assert {row.trust for row in few} == {"unreliable"}
    for method in ("wild_enumerated", "wild_webb"):
        row = one(few, method=method)
        assert row.reason == "too_few_periods" and row.estimate is not None and row.ci_low is None
    for method in ("cr3_t", "huber_jackknife", "ppml_jackknife"):
        row, other = one(few, method=method), one(rows, method=method, segment="many")
        assert row.reason == "few_periods" and row.ci_low < row.estimate < row.ci_high
        assert other.p_value is not None and other.trust == "caution" and other.family_size == 1
    fit = ModelOfPeriods.of(volume_cells_of(*data), ["few", "many"]).fit
    half = 4.302652729749464 * np.sqrt(fit.cr3[fit.place("fee:few"), fit.place("fee:few")])
    low, high = np.log1p([one(few, method="cr3_t").ci_low, one(few, method="cr3_t").ci_high]) / 5
    assert high - low == pytest.approx(2 * half, rel=1e-9)


def test_intervals_of_a_segment_seen_in_three_of_eight_weeks_cover_and_the_models_periods_would_not() -> None:
    # 1,000 panels know a coverage of 95 % to 0.7 points.
    own, joint = [], []
    for seed in range(1000):
        cells = volume_cells_of(*seen_in_three_of_eight_weeks(seed, 10, 1.0)[:4])
        fit = ModelOfPeriods.of(cells, ["few", "many"]).fit
        for periods, hits in ((cells.periods_of("few"), own), (None, joint)):
            effect = jackknife_effect(fit, "fee:few", 0.95, periods)
            hits.append(effect.ci_low <= 0 <= effect.ci_high)
    error = np.sqrt(0.05 * 0.95 / 1000)
    assert np.mean(own) >= 0.95 - 3 * error
    assert np.mean(joint) < 0.95 - 3 * error


def test_a_segment_that_saw_one_fee_says_so_and_leaves_the_others_alone() -> None:
    period, segment, fee, volume, controls = observations(9)
    fee = np.where(segment == "whale", 10.0, fee)
    rows = found((period, segment, fee, volume, controls))
    assert {row.reason for row in pick(rows, segment="whale")} == {"one_fee_level"}
    assert all(row.estimate is None for row in pick(rows, segment="whale"))
    assert one(rows, segment="small", method="cr3_t").p_value is not None


def test_a_segment_whose_second_fee_lasted_one_period_has_an_estimate_but_no_interval() -> None:
    period, segment, fee, volume, controls = observations(9)
    fee = np.where(segment == "whale", np.where(period == "w03", 10.0, 5.0), fee)
    rows = found((period, segment, fee, volume, controls))
    row = one(rows, segment="whale", method="cr3_t")
    assert row.estimate is not None and row.ci_low is None and row.reason == "too_few_periods"
    assert one(rows, segment="small", method="cr3_t").reason == "few_periods"


def test_leaving_out_one_period_names_the_one_that_carries_the_estimate() -> None:
    period, segment, fee, volume, controls = observations(10, shock=0.0, users=200, zeros=0.0)
    volume = np.where(period == "w03", volume * 3, volume)
    rows = found((period, segment, fee, volume, controls))
    row = one(rows, segment="small", method="leave_one_period_out")
    assert row.horizon == "without w03" and row.ci_low < row.ci_high


def test_heavy_tails_of_the_residuals_are_seen() -> None:
    data = observations(14, users=400, zeros=0.0, shock=0.0)
    normal = found(data)
    heavy = (*data[:3], np.exp(np.log(data[3]) + 2 * np.random.RandomState(2).standard_t(2, size=len(data[3])).clip(-5, 5)), data[4])  # fmt: skip
    tails = found(heavy)
    kurtosis = one(normal, metric="residual_excess_kurtosis")
    assert kurtosis.ci_low < 0 < kurtosis.ci_high
    assert one(normal, metric="residual_outlier_share").estimate == pytest.approx(0.0027, abs=0.003)
    assert one(tails, metric="residual_outlier_share").estimate > 0.02
    assert {row.trust for row in tails if row.method == "wild_rademacher"} == {"caution"}


def test_residual_shapes_equal_scipys_on_the_users() -> None:
    from scipy import stats

    data = observations(10, users=300)
    rows = found(data)
    residual = sm.OLS(np.log1p(data[3]), dense(data)).fit().resid
    assert one(rows, metric="residual_skewness").estimate == pytest.approx(stats.skew(residual), abs=1e-3)
    assert one(rows, metric="residual_excess_kurtosis").estimate == pytest.approx(
        stats.kurtosis(residual), abs=2e-3
    )


def test_volumes_that_follow_the_fee_exactly_have_an_estimate_and_no_variation() -> None:
    period = np.repeat(np.arange(8), 10)
    fee = np.array([5.0, 10.0, 20.0, 5.0, 10.0, 20.0, 5.0, 10.0])[period]
    rows = found((period, ["a"] * 80, fee, np.expm1(8 - 0.02 * fee), {}))
    row = one(rows, method="cr3_t")
    assert row.estimate == pytest.approx(np.expm1(-0.1)) and row.reason == "no_variation"
    assert row.ci_low is None and row.p_value is None and row.trust is None


def test_the_logarithm_depends_on_the_unit_and_poisson_does_not() -> None:
    data = observations(10, zeros=0.3)
    cents = (*data[:3], data[3] * 100, data[4])
    one_unit, another = found(data), found(cents)
    for segment in TRUTH:
        a, b = (one(rows, metric=MEAN, segment=segment).estimate for rows in (one_unit, another))
        assert a == pytest.approx(b, rel=1e-9)
        c, d = (one(rows, method="cr3_t", segment=segment).estimate for rows in (one_unit, another))
        assert abs(c - d) > 1e-4


def test_planted_slopes_are_covered() -> None:
    # 30 panels, two segments: a coverage of 95 % is known to 4 points if the segments of a panel count as
    # one.
    held = {"cr3_t": [], "wild_enumerated": [], "huber_jackknife": []}
    for seed in range(30):
        rows = found(observations(9, seed, users=24, zeros=0.0), n_draws=1000)
        for method, hits in held.items():
            for segment, slope in TRUTH.items():
                row = one(rows, metric=LOG, segment=segment, method=method)
                low, high = (
                    end if end is not None else side for end, side in ((row.ci_low, -1), (row.ci_high, 9))
                )
                hits.append(low <= np.expm1(5 * slope) <= high)
    for hits in held.values():
        assert np.mean(hits) >= 0.95 - 4 * 0.04


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        (([], [], [], []), {"empty_segment", "too_few_periods"}),
        ((["w1"] * 10, ["small"] * 10, [5.0] * 10, [1.0] * 10), {"too_few_users", "empty_segment", "too_few_periods"}),
        ((["w1"] * 40, ["small"] * 40, [5.0] * 40, [1.0] * 40), {"one_fee_level", "empty_segment", "too_few_periods"}),
        ((["w1"] * 40 + ["w2"] * 40, ["small"] * 80, [5.0] * 40 + [6.0] * 40, [1.0] * 80), None),
        ((["w1"] * 40 + ["w2"] * 40, ["small"] * 80, [5.0] * 40 + [6.0] * 40, [0.0] * 80), None),
        ((np.repeat([f"w{k}" for k in range(8)], 9), ["small"] * 72, np.repeat(np.arange(8.0), 9), [0.0] * 72), None),
        ((np.repeat([f"w{k}" for k in range(8)], 9), ["small"] * 72, np.repeat(np.arange(8.0), 9), [7.0] * 72), None),
    ],
)  # fmt: skip
def test_degenerate_input_gives_reasons(data: tuple, reasons: set | None) -> None:
    rows = found(data, segments=["small", "whale"])
    assert len(pick(rows, segment="whale")) == len(pick(rows, segment="small")) >= 5
    if reasons is not None:
        assert all(row.estimate is None for row in rows)
        assert {row.reason for row in rows} == reasons


def test_controls_that_repeat_the_fee_are_collinear() -> None:
    period, segment, fee, volume, _ = observations(9)
    rows = found((period, segment, fee, volume, {"btc_usd": fee * 2}))
    assert {row.reason for row in pick(rows, segment="small")} == {"collinear"}


def test_rows_do_not_depend_on_the_order_of_the_users() -> None:
    data = observations(7)
    order = np.random.RandomState(1).permutation(len(data[0]))
    mixed = (*(part[order] for part in data[:4]), {name: part[order] for name, part in data[4].items()})
    assert found(data) == found(mixed)
