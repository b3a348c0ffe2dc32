import math

import arch.bootstrap
import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics import saddlepoint
from include.tidemark.statistics.means import bootstrap_interval, hall_interval
from include.tidemark.statistics.resampling import pair_totals, percentile_interval, totals
from include.tidemark.statistics.streams import stream
from tests.statistics.users import cells_of, ratio_cells_of

SALTS = [stream(f"2026-{month:02d}-01", "salt") for month in range(1, 13)]
# The end point of a 95 % interval from 1,000 replicates scatters by 0.084 standard errors; two runs by
# sqrt(2) of it.
NOISE = 0.084 * math.sqrt(2)


def relative_spread(replicates: np.ndarray, error: float) -> float:
    return float(np.mean([np.std(part) / error for part in replicates]))


@pytest.mark.parametrize("poisson", [False, True])
def test_replicates_scatter_by_the_standard_error(amounts: np.ndarray, poisson: bool) -> None:
    cells = cells_of(amounts)
    second_moment = cells.variance + (cells.mean**2 if poisson else 0.0)
    error = math.sqrt(second_moment * cells.size)
    drawn = [totals(cells, salt, 2000, poisson=poisson)[:, 1] for salt in SALTS]
    # 12 x 2,000 replicates: the ratio itself scatters by about 0.005.
    assert relative_spread(np.array(drawn), error) == pytest.approx(1.0, abs=0.02)
    centre = cells.mean * cells.size
    assert np.mean(drawn) == pytest.approx(centre, abs=5 * error / math.sqrt(24_000))


def test_a_pair_of_sums_keeps_variances_and_correlation() -> None:
    random = np.random.RandomState(5)
    x = np.rint(np.exp(random.standard_normal(3000) + 7)).astype(int)
    y = np.rint(x * np.exp(0.8 * random.standard_normal(3000))).astype(int)
    cells = ratio_cells_of(x, y)
    drawn = np.concatenate([pair_totals(cells, salt, 2000) for salt in SALTS])
    assert (drawn[:, 0] == 3000).all()
    assert drawn[:, 1].std() == pytest.approx(x.std() * math.sqrt(3000), rel=0.02)
    assert drawn[:, 2].std() == pytest.approx(y.std() * math.sqrt(3000), rel=0.02)
    assert np.corrcoef(drawn[:, 1], drawn[:, 2])[0, 1] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=0.02)


def test_a_multinomial_replicate_holds_every_user_and_a_poisson_one_need_not(amounts: np.ndarray) -> None:
    cells = cells_of(amounts)
    assert (totals(cells, SALTS[0], 500)[:, 0] == 600).all()
    users = totals(cells, SALTS[0], 2000, poisson=True)[:, 0]
    assert users.std() == pytest.approx(math.sqrt(600), rel=0.1)


def test_few_distinct_values_give_exactly_possible_sums() -> None:
    drawn = totals(cells_of([0, 0, 5, 5, 5]), SALTS[0], 1000)[:, 1]
    assert set(drawn) <= {0.0, 5.0, 10.0, 15.0, 20.0, 25.0}


def test_shares_of_one_denominator_sum_to_one_in_each_replicate() -> None:
    groups = [cells_of(np.arange(1, 50) * scale) for scale in (1, 7, 100)]
    sums = np.array(
        [
            totals(cells, stream("2026-11-01", "share", str(k)), 300, poisson=True)[:, 1]
            for k, cells in enumerate(groups)
        ]
    )
    shares = sums / sums.sum(axis=0)
    assert shares.sum(axis=0) == pytest.approx(np.ones(300), abs=1e-12)


def test_more_resamples_change_no_byte_of_the_first(amounts: np.ndarray) -> None:
    cells = cells_of(amounts)
    many = totals(cells, SALTS[0], 2000)
    assert totals(cells, SALTS[0], 1000).tobytes() == many[:1000].tobytes()


@pytest.mark.parametrize("factor", [2, 10, 100])
def test_scaling_the_amounts_scales_the_interval_of_up_to_64_cells(amounts: np.ndarray, factor: int) -> None:
    plain = bootstrap_interval(cells_of(amounts[:40]), SALTS[0], 1000, 0.95)
    scaled = bootstrap_interval(cells_of(amounts[:40] * factor), SALTS[0], 1000, 0.95)
    assert scaled == pytest.approx([end * factor for end in plain], rel=1e-12)


def test_beyond_64_cells_a_power_of_two_scales_the_interval_and_100_draws_it_anew(
    amounts: np.ndarray,
) -> None:
    # Half octaves keep their users when amounts double. By 100 the limits fall between other users: other
    # cells of the same law, so other draws.
    cells = cells_of(amounts)
    assert len(cells.n) > 64
    plain = np.array(bootstrap_interval(cells, SALTS[0], 1000, 0.95))
    doubled = bootstrap_interval(cells_of(amounts * 4), SALTS[0], 1000, 0.95)
    assert doubled == pytest.approx(plain * 4, rel=1e-12)
    hundredfold = cells_of(amounts * 100)
    error = 100 * math.sqrt(cells.variance / cells.size)
    assert bootstrap_interval(hundredfold, SALTS[0], 1000, 0.95) == pytest.approx(
        plain * 100, abs=4 * NOISE * error
    )
    law, same = (
        np.array(saddlepoint.percentile_interval(held.coarse, 0.95)) for held in (cells, hundredfold)
    )
    assert same == pytest.approx(law * 100, abs=2 * 5e-5 * error)
    assert hall_interval(hundredfold, 0.95) == pytest.approx(
        [end * 100 for end in hall_interval(cells, 0.95)], rel=1e-12
    )


def test_a_constant_gives_an_interval_of_no_width() -> None:
    assert bootstrap_interval(cells_of([7] * 50), SALTS[0], 1000, 0.95) == (7.0, 7.0)


def test_percentile_ends_agree_with_scipy_and_arch_within_monte_carlo_noise(amounts: np.ndarray) -> None:
    cells = cells_of(amounts)
    error = math.sqrt(cells.variance / cells.size)
    ours = bootstrap_interval(cells, SALTS[0], 1000, 0.95)
    settings = {"n_resamples": 1000, "batch": 500, "random_state": 1}
    theirs = stats.bootstrap((amounts,), np.mean, method="percentile", **settings).confidence_interval
    other = arch.bootstrap.IIDBootstrap(amounts, seed=1).conf_int(np.mean, 1000, method="percentile").ravel()
    assert ours == pytest.approx(tuple(theirs), abs=4 * NOISE * error)
    assert ours == pytest.approx(tuple(other), abs=4 * NOISE * error)


def test_percentile_interval_is_numpys_linear_quantile() -> None:
    replicates = np.random.RandomState(1).standard_normal(1001)
    assert percentile_interval(replicates, 0.9) == pytest.approx(
        np.percentile(replicates, [5, 95]), rel=1e-14
    )
