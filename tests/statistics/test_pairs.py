import math
from collections.abc import Callable

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from include.tidemark.statistics.change import Change, Form
from include.tidemark.statistics.pairs import (
    PairCells,
    count_change,
    difference_change,
    mean_change,
    part_change,
    share_change,
    sum_change,
    sum_share_change,
)
from tests.statistics.pairs import TwoMonths, customers

CHANGES: dict[str, Callable[[PairCells, str], Change]] = {
    "share": share_change,
    "mean": mean_change,
    "count": count_change,
    "sum": sum_change,
}
SEGMENTS = st.sampled_from(["A", "B", None])
USERS = st.lists(st.tuples(SEGMENTS, SEGMENTS, st.integers(-50, 5_000), st.integers(-50, 5_000)), min_size=3)


def months(users: list[tuple[str | None, str | None, int, int]]) -> TwoMonths:
    return TwoMonths(*zip(*users, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("width", [1, 1_000, 10**9])
def test_change_and_error_are_those_of_every_users_own_influence(kind: str, width: int) -> None:
    world = customers(np.random.default_rng(1), 900, shift=0.03)
    found = CHANGES[kind](world.cells(width), "A")
    x0, y0, x1, y1 = world.amounts(kind, "A")
    values = (
        (y0.sum() / x0.sum(), y1.sum() / x1.sum())
        if kind in ("share", "mean")
        else (x0.sum(), x1.sum())
        if kind == "count"
        else (y0.sum(), y1.sum())
    )
    assert (found.earlier.value, found.now.value) == pytest.approx(values, rel=1e-12)
    psi = world.influence(kind, "A")
    users = int(((x0 != 0) | (x1 != 0)).sum())
    correction = math.sqrt(users / (users - 1)) if kind in ("share", "mean") else 1.0
    assert found.standard_error == pytest.approx(correction * math.sqrt((psi**2).sum()), rel=1e-9)
    assert sum(found.behind) == users


def test_of_users_who_are_in_both_months_the_change_of_a_mean_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    then = rng.integers(0, 9_000, 400)
    today = then + rng.integers(-500, 700, 400)
    world = TwoMonths(["A"] * 400, ["A"] * 400, then.tolist(), today.tolist())
    found = mean_change(world.cells(), "A", unit=100)
    paired = stats.ttest_rel(today / 100, then / 100)
    assert found.value == pytest.approx((today - then).mean() / 100, rel=1e-12)
    assert found.value / found.standard_error == pytest.approx(paired.statistic, rel=1e-9)


@pytest.mark.parametrize("kind", ["share", "mean"])
def test_the_error_is_that_of_a_regression_on_both_months_clustered_by_user(kind: str) -> None:
    # Least squares of y on x and x times now, through the origin, weighted by 1 / x, gives R0 and R1 - R0.
    world = customers(np.random.default_rng(3), 700)
    x0, y0, x1, y1 = world.amounts(kind, "A")
    rows = [
        (user, month, y / x)
        for month, (xs, ys) in enumerate(((x0, y0), (x1, y1)))
        for user, (x, y) in enumerate(zip(xs, ys, strict=True))
        if x
    ]
    user, month, y = (np.array(column) for column in zip(*rows, strict=True))
    fit = sm.OLS(y, np.column_stack([np.ones(len(y)), month])).fit(
        cov_type="cluster", cov_kwds={"groups": user, "use_correction": False}
    )
    found = CHANGES[kind](world.cells(1), "A")
    users = len(set(user.tolist()))
    assert found.value == pytest.approx(fit.params[1], rel=1e-9)
    assert found.standard_error == pytest.approx(fit.bse[1] * math.sqrt(users / (users - 1)), rel=1e-9)


@pytest.mark.parametrize("kind", CHANGES)
@given(USERS)
@settings(max_examples=25, deadline=None)
def test_swapped_months_flip_the_sign_and_nothing_else(
    kind: str, users: list[tuple[str | None, str | None, int, int]]
) -> None:
    there, back = (CHANGES[kind](world.cells(), "A") for world in (months(users), months(users).swapped()))
    assert (there.earlier, there.now) == (back.now, back.earlier)
    assert there.behind.joined == back.behind.left
    if there.value is None or back.value is None:
        assert there.standard_error is back.standard_error is None
        return
    assert there.value == -back.value
    assert there.standard_error == pytest.approx(back.standard_error, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", CHANGES)
@given(USERS)
@settings(max_examples=25, deadline=None)
def test_equal_months_have_no_change_and_no_error(
    kind: str, users: list[tuple[str | None, str | None, int, int]]
) -> None:
    same = months(users)
    world = TwoMonths(same.earlier, same.earlier, same.then, same.then)
    found = CHANGES[kind](world.cells(), "A")
    assert found.value in (0, None)
    assert found.standard_error in (0, None)


def test_the_part_of_a_sum_is_that_of_every_users_own_influence() -> None:
    world = customers(np.random.default_rng(6), 900)
    found = sum_share_change(world.cells(1), "A")
    in0, _, in1, _ = world.amounts("mean", "A")
    there0, _, there1, _ = world.amounts("mean", None)
    v0, v1 = there0 * np.array(world.then), there1 * np.array(world.today)
    r0, r1 = (in0 * v0).sum() / v0.sum(), (in1 * v1).sum() / v1.sum()
    psi = (in1 * v1 - r1 * v1) / v1.sum() - (in0 * v0 - r0 * v0) / v0.sum()
    assert found.value == pytest.approx(r1 - r0, rel=1e-9)
    error = math.sqrt((psi**2).sum() * len(psi) / (len(psi) - 1))
    assert found.standard_error == pytest.approx(error, rel=1e-9)
    assert sum_share_change(TwoMonths(["A"], ["A"], [0], [5]).cells(), "A").value is None


def test_who_came_to_a_part_and_who_left_it_are_counted_for_yes_and_for_no() -> None:
    earlier, now = ["A"] * 5 + [None, None, "B"], ["A"] * 4 + [None, "A", "A", "A"]
    then, today = [1, 1, 0, 0, 1, 0, 0, 1], [1, 0, 1, 0, 0, 1, 0, 1]
    found = part_change(TwoMonths(earlier, now, then, today).cells(), "A")
    # Yes: one answer changed to it and two came with it, one changed and one left. No: one changed to it, one
    # came; one changed.
    assert found.moved == ((3, 2), (2, 1))
    assert found.value == pytest.approx(4 / 7 - 3 / 5)


def test_cells_in_any_order_give_the_same_bytes() -> None:
    world = customers(np.random.default_rng(4), 300)
    order = np.random.default_rng(5).permutation(len(world.then))
    shuffled = TwoMonths(
        *([column[i] for i in order] for column in (world.earlier, world.now, world.then, world.today))
    )
    for change in CHANGES.values():
        assert change(world.cells(), "A") == change(shuffled.cells(), "A")


def test_who_joined_and_who_left_are_counted_as_such() -> None:
    world = TwoMonths(["A", "A", None, "B"], ["A", None, "A", "A"], [1, 2, 3, 4], [1, 2, 3, 4])
    assert count_change(world.cells(), "A").behind == (1, 2, 1)
    assert share_change(world.cells(), "A").behind == (2, 1, 1)
    assert count_change(world.cells(), None).standard_error == math.sqrt(2)


def test_a_cell_of_fewer_than_no_users_is_refused() -> None:
    row = dict.fromkeys(
        ("prior_s1", "later_s1", "prior_s2", "later_s2", "cross_s2", "prior_nonzero", "later_nonzero"), 0
    )
    with pytest.raises(ValueError, match="fewer than 0"):
        PairCells.from_rows([{"from_segment": "A", "to_segment": "A", "n": -1, **row}])


@pytest.mark.parametrize("form", ["share", "mean", "part"])
def test_the_change_of_a_difference_is_of_every_users_influence_on_both_segments(form: Form) -> None:
    world = customers(np.random.default_rng(5), 900, shift=0.03)
    third = np.random.default_rng(6).random(len(world.earlier)) < 0.2
    names = [
        ["C" if aside and name else name for aside, name in zip(third, each, strict=True)]
        for each in (world.earlier, world.now)
    ]
    amounts = [[v % 2 for v in each] if form == "part" else each for each in (world.then, world.today)]
    world = TwoMonths(*names, *amounts)  # type: ignore[arg-type]
    found = difference_change(world.cells(1), form, "A", "B")
    kind = "share" if form == "share" else "mean"
    psi = world.influence(kind, "A") - world.influence(kind, "B")
    users = int(
        (
            (
                world.amounts(kind, "A")[0]
                + world.amounts(kind, "B")[0]
                + world.amounts(kind, "A")[2]
                + world.amounts(kind, "B")[2]
            )
            > 0
        ).sum()
    )
    alone = [CHANGES[kind](world.cells(1), name) for name in "AB"]
    assert found.value == pytest.approx((alone[0].value or 0) - (alone[1].value or 0), rel=1e-9)
    assert found.standard_error == pytest.approx(math.sqrt((psi**2).sum() * users / (users - 1)), rel=1e-9)
    assert sum(found.behind) == users
    # Of two segments that exclude each other the errors do not add up as those of strangers.
    strangers = math.hypot(*(change.standard_error or 0 for change in alone))
    assert (found.standard_error or 0) > strangers if form == "share" else True
    assert found.parts == (alone[0].earlier, alone[1].earlier, alone[0].now, alone[1].now)


def test_who_comes_to_one_segment_and_who_leaves_the_other_move_their_difference_the_same_way() -> None:
    users = (
        [("A", "B", 0, 0)] * 3
        + [("B", "A", 0, 0)] * 2
        + [(None, "A", 0, 0), ("B", None, 0, 0)]
        + [("A", "A", 0, 0)] * 9
    )
    assert difference_change(months(users).cells(), "share", "A", "B").moved == ((6, 6),)
