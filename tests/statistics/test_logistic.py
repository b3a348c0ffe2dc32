import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.logistic import (
    BinaryTable,
    average_contrast,
    coefficient_interval,
    fit_logistic,
)
from tests.statistics.users import table_of


def users(n: int = 3000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.RandomState(seed)
    period = random.randint(0, 12, size=n)
    fee = 10.0 + 5 * (period % 4)
    tier = random.binomial(1, 0.3, size=n).astype(float)
    eta = 1.0 - 0.05 * fee + 0.4 * tier
    return np.column_stack([fee, tier]), random.binomial(1, 1 / (1 + np.exp(-eta))), period


@pytest.fixture(scope="module")
def statsmodels_fit() -> tuple:
    x, y, period = users()
    model = sm.Logit(y, sm.add_constant(x))
    return (
        model.fit(disp=0, cov_type="HC0", tol=1e-14),
        model.fit(disp=0, cov_type="cluster", cov_kwds={"groups": period}, tol=1e-14),
    )


def test_coefficients_and_robust_errors_equal_statsmodels(statsmodels_fit: tuple) -> None:
    x, y, _ = users()
    fit = fit_logistic(table_of(x, y, ["fee", "tier"]))
    assert fit.coefficients == pytest.approx(statsmodels_fit[0].params, rel=1e-10)
    assert fit.errors == pytest.approx(statsmodels_fit[0].bse, rel=1e-10)
    assert fit.log_likelihood == pytest.approx(statsmodels_fit[0].llf, rel=1e-12)


def test_clustered_errors_equal_statsmodels_and_use_few_degrees_of_freedom(statsmodels_fit: tuple) -> None:
    x, y, period = users()
    fit = fit_logistic(table_of(x, y, ["fee", "tier"], clusters=period))
    assert fit.errors == pytest.approx(statsmodels_fit[1].bse, rel=1e-10)
    assert (fit.freedom, fit.method) == (11, "logit_clustered")
    found = coefficient_interval(fit, "fee", 0.95)
    assert found.ci_high - found.ci_low > 2 * 1.96 * found.error


def test_the_contrast_is_the_forward_change_of_the_mean_probability() -> None:
    x, y, _ = users()
    table = table_of(x, y, ["fee", "tier"])
    fit = fit_logistic(table)

    def mean_probability(beta: np.ndarray, step: float) -> float:
        return float((1 / (1 + np.exp(-(sm.add_constant(x + np.array([step, 0])) @ beta)))).mean())

    found = average_contrast(fit, table, "fee", 5, 0.95)
    assert found.estimate == pytest.approx(
        mean_probability(fit.coefficients, 5) - mean_probability(fit.coefficients, 0), rel=1e-10
    )
    gradient = [
        (
            mean_probability(fit.coefficients + bump, 5)
            - mean_probability(fit.coefficients + bump, 0)
            - mean_probability(fit.coefficients - bump, 5)
            + mean_probability(fit.coefficients - bump, 0)
        )
        / 2e-6
        for bump in np.eye(3) * 1e-6
    ]
    assert found.error == pytest.approx(np.sqrt(gradient @ fit.covariance @ gradient), rel=1e-5)
    assert found.ci_low < found.estimate < found.ci_high < 0


def test_a_million_users_give_the_same_fit_as_their_unique_rows() -> None:
    x, y, _ = users(400)
    table = table_of(np.tile(x, (5, 1)), np.tile(y, 5), ["fee", "tier"])
    rows = (
        pd.DataFrame({"fee": x[:, 0], "tier": x[:, 1], "y": y})
        .groupby(["fee", "tier"])["y"]
        .agg(["size", "sum"])
    )
    records = rows.mul(5).rename(columns={"size": "n", "sum": "successes"}).reset_index().to_dict("records")
    from_sql = BinaryTable.from_rows(records, ["fee", "tier"])
    one, two = fit_logistic(table), fit_logistic(from_sql)
    assert len(from_sql.n) == len(table.n) == 8
    assert one.coefficients == pytest.approx(two.coefficients, rel=1e-12)
    assert one.errors == pytest.approx(two.errors, rel=1e-12)


def test_splitting_rows_changes_nothing() -> None:
    rows = [{"x": k, "n": 40 + k, "successes": 10 + k} for k in range(5)]
    halves = [{**row, "n": row["n"] // 2, "successes": row["successes"] // 2} for row in rows]
    others = [
        {**row, "n": row["n"] - row["n"] // 2, "successes": row["successes"] - row["successes"] // 2}
        for row in rows
    ]
    one, two = (fit_logistic(BinaryTable.from_rows(part, ["x"])) for part in (rows, halves + others))
    assert one.coefficients == pytest.approx(two.coefficients, rel=1e-10)
    assert one.errors == pytest.approx(two.errors, rel=1e-10)


def test_shuffling_users_and_renaming_clusters_changes_nothing() -> None:
    x, y, period = users(500)
    order = np.random.RandomState(3).permutation(500)
    one = fit_logistic(table_of(x, y, ["a", "b"], clusters=period))
    two = fit_logistic(
        table_of(x[order], y[order], ["a", "b"], clusters=[f"week {k}" for k in period[order]])
    )
    assert one.errors == pytest.approx(two.errors, rel=1e-10)


def test_large_and_unscaled_features_still_converge() -> None:
    x, y, _ = users(800)
    plain = fit_logistic(table_of(x, y, ["fee", "tier"]))
    scaled = fit_logistic(table_of(x * [1e6, 1e-6], y, ["fee", "tier"]))
    assert scaled.coefficients[1:] * [1e6, 1e-6] == pytest.approx(plain.coefficients[1:], rel=1e-8)


def test_the_intervals_cover_a_planted_effect() -> None:
    # 400 samples: coverage is known to 1.1 points.
    held = 0
    for seed in range(400):
        x, y, _ = users(600, seed)
        found = coefficient_interval(fit_logistic(table_of(x, y, ["fee", "tier"])), "fee", 0.95)
        held += found.ci_low <= -0.05 <= found.ci_high
    assert held / 400 == pytest.approx(0.95, abs=4 * 0.011)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"x": 0, "n": 5, "successes": 0}, {"x": 1, "n": 5, "successes": 0}],
        [{"x": 1, "n": 5, "successes": 2}],
        [{"x": 0, "n": 5, "successes": 2}, {"x": 1, "n": 5, "successes": 5}],
    ],
)
def test_data_without_a_finite_maximum_give_no_fit_and_no_warning(rows: list) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fit_logistic(BinaryTable.from_rows(rows, ["x"])) is None


def test_one_cluster_has_no_clustered_error() -> None:
    rows = [{"x": k, "p": "same", "n": 40, "successes": 10 + k} for k in range(3)]
    assert fit_logistic(BinaryTable.from_rows(rows, ["x"], cluster="p")) is None


def test_rows_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        BinaryTable.from_rows([{"x": 0, "n": 1, "successes": 2}], ["x"])
    with pytest.raises(ValueError, match="finite"):
        BinaryTable.from_rows([{"x": float("nan"), "n": 1, "successes": 1}], ["x"])
    with pytest.raises(ValueError, match="column 'x' is missing"):
        BinaryTable.from_rows([{"n": 1, "successes": 1}], ["x"])
