from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from include.tidemark.statistics.cells import Cells, cells_by, merge
from tests.statistics.binning import digit_bins, exact_sums, group_starts
from tests.statistics.users import cells_of

whole = st.lists(st.integers(-(10**9), 10**12), max_size=60)
fractions = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), max_size=40)


def as_rows(cells: Cells) -> list[dict]:
    return [
        dict(zip(("bin", "n", "s1", "s2", "s3"), (label, *sums), strict=True))
        for label, sums in cells.table().items()
    ]


@given(whole, st.sampled_from([0, 4096]))
def test_sums_are_exact_whatever_the_size_of_the_amounts(values: list[int], max_distinct: int) -> None:
    cells = cells_of(np.array(values, dtype=np.int64), max_distinct=max_distinct)
    assert cells.size == len(values)
    assert cells.nonzero == sum(value != 0 for value in values)
    assert cells.sums == (sum(values), sum(v**2 for v in values), sum(v**3 for v in values))


@given(whole, st.randoms(use_true_random=False))
def test_the_order_of_the_users_changes_nothing(values: list[int], random) -> None:
    shuffled = random.sample(values, len(values))
    assert cells_of(values) == cells_of(shuffled)


@given(fractions, st.randoms(use_true_random=False))
def test_the_order_of_fractional_amounts_changes_nothing(values: list[float], random) -> None:
    shuffled = random.sample(values, len(values))
    assert cells_of(values) == cells_of(shuffled)


@given(whole, whole, whole)
def test_merging_is_associative_and_commutative_and_equals_one_pass(a: list, b: list, c: list) -> None:
    one, two, three = (cells_of(np.array(part, dtype=np.int64), max_distinct=0) for part in (a, b, c))
    together = cells_of(np.array(a + b + c, dtype=np.int64), max_distinct=0)
    assert (
        merge([merge([one, two]), three])
        == merge([one, merge([two, three])])
        == merge([three, one, two])
        == together
    )


@given(whole)
def test_rows_of_any_chunks_give_the_same_cells(values: list[int]) -> None:
    half = len(values) // 2
    chunks = [
        cells_of(np.array(part, dtype=np.int64), max_distinct=0) for part in (values[:half], values[half:])
    ]
    rows = [row for chunk in chunks for row in as_rows(chunk)]
    assert Cells.from_rows(rows) == cells_of(np.array(values, dtype=np.int64), max_distinct=0)


def test_decimals_huge_integers_and_whole_floats_from_sql_are_the_same_number() -> None:
    rows = [
        {
            "bin": "5:12",
            "n": kind(2),
            "s1": kind(24_700),
            "s2": kind(305_090_000),
            "s3": kind(3_768_923_000_000),
        }
        for kind in (int, Decimal, float, np.int64)
    ]
    assert len({Cells.from_rows([row]) for row in rows}) == 1
    huge = 10**37
    assert Cells.from_rows([{"bin": "x", "n": 1, "s1": 10**12, "s2": 10**24, "s3": Decimal(huge)}]).s3 == (
        huge,
    )


def test_the_name_of_a_bin_does_not_change_the_order_of_the_cells(amounts: np.ndarray) -> None:
    cells = cells_of(amounts, max_distinct=0)
    renamed = [{**row, "bin": f"bin {hash(row['bin'])}"} for row in as_rows(cells)]
    again = Cells.from_rows(renamed)
    assert (again.n, again.s1, again.s2, again.s3) == (cells.n, cells.s1, cells.s2, cells.s3)


def test_moments_equal_those_of_the_users(amounts: np.ndarray) -> None:
    for cells in (
        cells_of(amounts),
        cells_of(amounts, max_distinct=0),
        cells_of(amounts / 8),
    ):
        scale = amounts.mean() / cells.mean
        assert cells.mean * scale == pytest.approx(amounts.mean(), rel=1e-14)
        assert cells.variance * scale**2 == pytest.approx(amounts.var(), rel=1e-12)
        assert cells.skewness == pytest.approx(stats.skew(amounts), rel=1e-12)
        assert cells.effective_n == pytest.approx(
            amounts.sum() ** 2 / (amounts.astype(float) ** 2).sum(), rel=1e-12
        )


def test_a_tiny_variance_on_a_large_mean_does_not_cancel() -> None:
    cells = cells_of(np.array([10**15, 10**15 + 1] * 50))
    assert cells.variance == 0.25
    assert cells.skewness == 0.0


def test_coarse_cells_hold_the_same_users_in_fewer_cells(amounts: np.ndarray) -> None:
    cells = cells_of(amounts)
    assert len(cells.coarse.n) < 64 < len(cells.n)
    assert (cells.coarse.size, cells.coarse.sums, cells.coarse.nonzero) == (
        cells.size,
        cells.sums,
        cells.nonzero,
    )
    small = cells_of([1, 2, 2])
    assert small.coarse is small


def test_few_distinct_values_get_a_cell_each_and_many_share_cells() -> None:
    assert len(cells_of(np.arange(4096)).n) == 4096
    assert len(cells_of(np.arange(4097)).n) == 10 + 90 + 90 + 31


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=50))
def test_digit_bins_follow_the_rule_written_as_text(values: list[int]) -> None:
    ids, corners = digit_bins(np.array(values, dtype=np.int64))
    for value, found, corner in zip(values, ids.tolist(), corners.tolist(), strict=True):
        text = str(abs(value))
        lead = int(text[:2])
        expected = 0 if value == 0 else (1 if value > 0 else -1) * (100 * len(text) + lead)
        assert found == expected
        assert abs(corner) <= abs(value) and corner * value >= 0


def test_sums_beyond_64_bits_are_exact() -> None:
    values = np.array([3, 10**9, 10**9], dtype=np.int64)
    ones = np.ones(3, dtype=np.int64)
    assert exact_sums(group_starts(np.array([0, 1, 1])), ones, values, values, values) == [27, 2 * 10**27]


def test_groups_are_cells_of_their_own() -> None:
    rows = [
        {"tier": tier, "bin": "0", "n": n, "s1": 0, "s2": 0, "s3": 0}
        for tier, n in (("a", 1), ("b", 2), ("a", 4))
    ]
    grouped = cells_by(rows, ["tier"])
    assert {key: cells.size for key, cells in grouped.items()} == {("a",): 5, ("b",): 2}
    assert merge(grouped.values()).size == 7


def test_nothing_gives_empty_cells() -> None:
    for cells in (Cells.from_rows([]), cells_of([]), merge([])):
        assert (cells.size, cells.nonzero, cells.effective_n, cells.labels) == (0, 0, 0.0, ())


GOOD = {"bin": "a", "n": 2, "s1": 4, "s2": 10, "s3": 28}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": -1}, "n of bin 'a' must be a whole number"),
        ({"n": 1.5}, "n of bin 'a' must be a whole number"),
        ({"n": 0}, "bin 'a' has no users, yet its sums are not zero"),
        ({"s1": None}, "column 's1' of bin 'a': a finite number is needed, got None"),
        ({"s2": float("nan")}, "column 's2' of bin 'a'"),
        ({"s3": float("inf")}, "column 's3' of bin 'a'"),
        ({"s3": "28"}, "column 's3' of bin 'a'"),
        ({"s3": pd.NA}, "column 's3' of bin 'a'"),
        ({"s2": 7}, "s2=7 is too small for n=2 and s1=4"),
        ({"s2": -10}, "s2=-10 is too small"),
    ],
)
def test_rows_that_no_users_can_have_are_refused_by_name(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cells.from_rows([{**GOOD, **change}])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="column 's3' is missing in bin 'a'"):
        Cells.from_rows([{key: value for key, value in GOOD.items() if key != "s3"}])
    with pytest.raises(ValueError, match="column 'tier' is missing"):
        cells_by([GOOD], ["tier"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, float("nan")], "finite: 1 values"),
        ([1, None], "finite: 1 values"),
        ([float("inf")], "finite"),
        ([[1, 2]], "one-dimensional"),
        (["a"], "must hold numbers"),
        ([10**18], "below 1e18"),
    ],
)
def test_values_that_are_no_amounts_are_refused(values: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells_of(values)


def test_fractions_are_kept_exactly() -> None:
    assert cells_of([0.5, 0.25]).sums[0] == Fraction(3, 4)


@pytest.mark.parametrize("value", [0.1, 1e20, 8184454157569414144.0, 1e-80, -3.7])
@pytest.mark.parametrize("users", [1, 3, 30])
def test_equal_fractions_and_equal_huge_numbers_have_no_variance(value: float, users: int) -> None:
    cells = cells_of([value] * users)
    assert cells.variance == 0 and cells.size == users and cells.mean == value
    assert merge([cells, cells]).variance == 0


def test_huge_numbers_that_differ_are_taken_although_their_sums_are_rounded() -> None:
    values = np.exp(np.random.RandomState(3).standard_normal(300) * 25)
    cells = cells_of(values)
    assert merge([cells, cells_of(values[:7])]).size == 307
    assert cells.variance == pytest.approx(values.var(), rel=1e-9)
