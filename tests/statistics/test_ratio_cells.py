import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.statistics.cells import cells_by
from include.tidemark.statistics.ratio_cells import RatioCells, merge_ratio
from tests.statistics.users import ratio_cells_of

pairs = st.lists(st.tuples(st.integers(-(10**6), 10**9), st.integers(-(10**6), 10**9)), max_size=40)
NAMES = ("bin", "n", "x1", "y1", "x2", "y2", "xy")
GOOD = dict(zip(NAMES, ("a", 2, 4, 4, 10, 10, 10), strict=True))


def from_pairs(users: list) -> RatioCells:
    array = np.array(users, dtype=np.int64).reshape(-1, 2)
    return ratio_cells_of(array[:, 0], array[:, 1])


@given(pairs, pairs, st.randoms(use_true_random=False))
def test_sums_are_exact_and_neither_order_nor_chunks_matter(a: list, b: list, random) -> None:
    together = from_pairs(a + b)
    assert (
        together
        == from_pairs(random.sample(a + b, len(a + b)))
        == merge_ratio([from_pairs(a), from_pairs(b)])
    )
    assert together.size == len(a + b)
    assert sum(together.x1) == sum(x for x, _ in a + b)
    assert sum(together.y2) == sum(y * y for _, y in a + b)
    assert sum(together.xy) == sum(x * y for x, y in a + b)
    assert together.nonzero == sum(x != 0 for x, _ in a + b)


def test_moments_of_a_cell_equal_those_of_its_users() -> None:
    x, y = np.array([1210, 1250, 1290]), np.array([310, 315, 319])
    n, mean_x, mean_y, var_x, var_y, covariance = (float(part[0]) for part in ratio_cells_of(x, y).moments)
    assert (n, mean_x, mean_y) == (3, x.mean(), pytest.approx(y.mean()))
    assert (var_x, var_y) == (pytest.approx(x.var()), pytest.approx(y.var()))
    assert covariance == pytest.approx(np.cov(x, y, bias=True)[0, 1])


def test_sql_rows_with_other_names_and_frames_give_the_same_cells() -> None:
    names = {"x1": "prior_s1", "y1": "later_s1", "x2": "prior_s2", "y2": "later_s2", "xy": "cross_s2"}
    row = {names.get(key, key): value for key, value in GOOD.items()}
    assert (
        RatioCells.from_rows([row], names)
        == RatioCells.from_rows([GOOD])
        == RatioCells.from_rows(iter([GOOD]))
    )


def test_groups_can_be_built_with_renamed_columns() -> None:
    rows = [{**GOOD, "segment": "s"}, {**GOOD, "segment": "t", "bin": "b"}]
    grouped = cells_by(rows, ["segment"], RatioCells.from_rows)
    assert grouped[("t",)].size == 2
    assert merge_ratio(grouped.values()).size == 4


def test_fractional_amounts_are_taken_too() -> None:
    cells = ratio_cells_of([0.5, 0.25, 3.0], [1, 2, 3])
    assert cells.ratio == 6 / 3.75


def test_coarse_cells_hold_the_same_users() -> None:
    random = np.random.RandomState(3)
    cells = ratio_cells_of(*np.rint(np.exp(random.standard_normal((2, 3000)) + 6)).astype(int))
    assert len(cells.coarse.n) < 256 < len(cells.n)
    assert (cells.coarse.size, cells.coarse.ratio) == (cells.size, cells.ratio)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x2": 7}, "x2=7 is too small"),
        ({"y2": 7}, "y2=7 is too small"),
        ({"xy": 11}, "x2 \\* y2=100 is too small"),
        ({"xy": None}, "column 'xy' of bin 'a'"),
        ({"n": 0}, "has no users"),
    ],
)
def test_rows_that_no_users_can_have_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RatioCells.from_rows([{**GOOD, **change}])


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="one value per user, got 2 and 1"):
        ratio_cells_of([1, 2], [1])
    assert ratio_cells_of([], []).size == 0
