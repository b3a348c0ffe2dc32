import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.huber import fit_huber, robust_scale
from include.tidemark.statistics.poisson import fit_poisson
from include.tidemark.statistics.volume_cells import VolumeCells
from tests.statistics.users import volume_cells_of


def rows(n: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.RandomState(seed)
    x = np.column_stack([np.ones(n), random.standard_normal(n), random.binomial(1, 0.4, size=n)])
    return x, x @ [1.0, -0.5, 0.3] + random.standard_t(2, size=n)


def test_poisson_equals_statsmodels_glm() -> None:
    x, noise = rows()
    y = np.exp(x @ [1.0, -0.5, 0.3] + 0.3 * np.tanh(noise)) * (noise > -1)
    theirs = sm.GLM(y, x, family=sm.families.Poisson()).fit(tol=1e-14)
    assert fit_poisson(x, np.ones(len(y)), y) == pytest.approx(theirs.params, rel=1e-8)


def test_poisson_from_summed_rows_equals_the_one_from_users_in_every_unit() -> None:
    random = np.random.RandomState(2)
    x = np.column_stack([np.ones(600), random.randint(0, 4, size=600)])
    y = random.exponential(np.exp(2 - 0.3 * x[:, 1])) * random.binomial(1, 0.7, size=600)
    place = x[:, 1].astype(int)
    summed = fit_poisson(np.unique(x, axis=0), np.bincount(place) * 1.0, np.bincount(place, weights=y))
    single = fit_poisson(x, np.ones(600), y)
    assert summed == pytest.approx(single, rel=1e-10)
    assert fit_poisson(x, np.ones(600), y * 1e6)[1] == pytest.approx(single[1], rel=1e-9)


def test_poisson_without_a_finite_maximum_is_none() -> None:
    x = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert fit_poisson(x, np.ones(2), np.zeros(2)) is None
    assert fit_poisson(np.ones((2, 2)), np.ones(2), np.ones(2)) is None


def test_a_group_that_pays_nothing_leaves_the_others_as_they_are_without_it() -> None:
    # Three groups at two fees; nothing was paid in the last one at the second fee, so that its slope has no
    # finite value.
    fee = np.tile([0.0, 1.0], 3)
    groups = np.repeat(np.eye(3), 2, axis=0)
    design = np.column_stack([groups, groups * fee[:, None]])
    n, total = np.full(6, 50.0), np.array([400.0, 300.0, 90.0, 120.0, 70.0, 0.0])
    found = fit_poisson(design, n, total)
    assert np.exp(found[[3, 4]]) == pytest.approx([3 / 4, 4 / 3], rel=1e-9)
    assert found[5] < -20


def test_huber_equals_statsmodels_rlm() -> None:
    x, y = rows()
    theirs = sm.RLM(y, x, M=sm.robust.norms.HuberT()).fit(maxiter=500, tol=1e-13, conv="coefs")
    assert fit_huber(x, np.ones(len(y)), y) == pytest.approx(theirs.params, rel=1e-8)


def test_huber_on_users_counted_twice_equals_the_expanded_rows() -> None:
    x, y = rows(61)
    n = np.random.RandomState(3).randint(1, 4, size=61).astype(float)
    again = np.repeat(np.arange(61), n.astype(int))
    assert fit_huber(x, n, y) == pytest.approx(fit_huber(x[again], np.ones(len(again)), y[again]), rel=1e-8)
    assert robust_scale(y, n) == pytest.approx(np.median(np.abs(y[again])) / 0.6744897501960817)


def test_huber_without_full_rank_or_with_most_users_on_the_line_is_none() -> None:
    x, y = rows(20)
    assert fit_huber(np.ones((20, 2)), np.ones(20), y) is None
    assert fit_huber(x, np.ones(20), x @ [1.0, 2.0, 3.0]) is None


def users(seed: int = 4) -> tuple:
    random = np.random.RandomState(seed)
    period = random.randint(0, 8, size=3000)
    segment = np.array(["small", "whale"])[random.binomial(1, 0.3, size=3000)]
    fee = 5.0 * (1 + period % 3)
    volume = np.where(random.uniform(size=3000) < 0.2, 0, np.exp(random.standard_normal(3000) * 2 + 5))
    return period, segment, fee, volume, {"btc_usd": 50_000 + 100.0 * period**2}


def test_cells_keep_the_sums_of_the_users_in_any_order() -> None:
    period, segment, fee, volume, controls = users()
    one = volume_cells_of(period, segment, fee, volume, controls)
    order = np.random.RandomState(5).permutation(len(period))
    two = volume_cells_of(
        period[order], segment[order], fee[order], volume[order], {"btc_usd": controls["btc_usd"][order]}
    )
    for name in ("period", "segment", "fee_bps", "n", "log_sum", "log_squares", "volume_usd", "controls"):
        assert (getattr(one, name) == getattr(two, name)).all(), name
    assert one.n.sum() == 3000 and len(one.n) < 1500
    assert one.volume_usd.sum() == pytest.approx(volume.sum(), rel=1e-12)
    assert one.log_squares.sum() == pytest.approx((np.log1p(volume) ** 2).sum(), rel=1e-12)


def test_cells_from_a_group_by_equal_those_from_users() -> None:
    period, segment, fee, volume, controls = users()
    one = volume_cells_of(period, segment, fee, volume, controls)
    records = [
        {
            "period": p,
            "segment": s,
            "fee_bps": f,
            "n": n,
            "log_sum": a,
            "log_squares": b,
            "volume_usd": v,
            "btc_usd": c[0],
        }
        for p, s, f, n, a, b, v, c in zip(
            one.period,
            one.segment,
            one.fee_bps,
            one.n,
            one.log_sum,
            one.log_squares,
            one.volume_usd,
            one.controls,
            strict=True,
        )
    ]
    two = VolumeCells.from_rows(records[::-1], ["btc_usd"])
    assert (one.log_sum == two.log_sum).all() and (one.controls == two.controls).all()


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="column 'fee_bps' is missing"):
        VolumeCells.from_rows([{"period": "a", "segment": "b"}])
    with pytest.raises(ValueError, match="volume_usd"):
        volume_cells_of(["a"], ["b"], [5], [-1.0])
    with pytest.raises(ValueError, match="one entry per user"):
        volume_cells_of(["a"], ["b"], [5, 6], [1.0])
    with pytest.raises(ValueError, match="finite"):
        volume_cells_of(["a"], ["b"], [np.nan], [1.0])
    assert len(volume_cells_of([], [], [], []).n) == len(VolumeCells.from_rows([]).n) == 0
