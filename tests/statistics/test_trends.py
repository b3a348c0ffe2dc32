"""The slope over months: against every user's own influence, statsmodels' regression clustered by user, and
by simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from include.tidemark.statistics.change import Number, slope_weights
from include.tidemark.statistics.change_rows import rows_of
from include.tidemark.statistics.measured import Measured
from include.tidemark.statistics.trends import METHOD
from tests.statistics.months import CONFIG, MEAN, SHARE, UserMonths, alarms, row_of, windows

NUMBERS = (
    SHARE,
    MEAN,
    Number("mean_spend", "mean", "spend", "1", "1", 100),
    Number("share_of_spend", "ratio", "spend", "1", "1"),
    Number("members", "count", "members", "2", "2"),
    Number("total_spend", "sum", "spend", "2", "2", 100),
    Number("share_difference", "share", "members", "1", "1", versus="2"),
    Number("mean_difference", "mean", "spend", "1", "1", 100, "2"),
    Number("mean_ratio", "quotient", "spend", "1", "1", 100, "2"),
)


@pytest.mark.parametrize("months", [2, 3, 6, 12])
def test_the_weights_give_the_slope_of_a_line_through_the_months(months: int) -> None:
    values = np.random.default_rng(months).normal(size=months)
    assert np.dot(slope_weights(months), values) == pytest.approx(
        np.polyfit(range(months), values, 1)[0], abs=1e-12
    )


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number.form} {number.of}")
@pytest.mark.parametrize("months", [3, 6, 12])
def test_slope_error_and_tail_are_those_of_every_users_own_influence(number: Number, months: int) -> None:
    world = windows(np.random.default_rng(months), 900, months)
    if number.form == "share":
        # Some are in neither of two segments.
        aside = (world.segments > 0) & (world.amounts % 5 == 1)
        world = replace(world, segments=np.where(aside, 3, world.segments))
    found, psi = world.slope(number), world.influence(number)
    x, _ = world.xy(number)
    is_of_all = number.form == "ratio" or number.versus is not None
    users = int(((world.segments > 0) if is_of_all else x != 0).any(axis=1).sum())
    correction = 1.0 if number.form in ("count", "sum") else math.sqrt(users / (users - 1))
    assert found.value == pytest.approx(np.dot(slope_weights(months), world.values(number)), rel=1e-9)
    assert found.standard_error == pytest.approx(correction * math.sqrt((psi**2).sum()), rel=1e-6)
    assert found.degrees == users - 1
    assert found.tail is not None
    spread = np.zeros(users)
    spread[: np.count_nonzero(psi)] = psi[psi != 0]
    assert found.tail.skewness == pytest.approx(abs((spread**3).mean()) / (spread**2).mean() ** 1.5, rel=1e-4)
    assert found.tail.weight == pytest.approx((abs(spread) ** 3).mean() / (spread**2).mean() ** 1.5, rel=1e-4)


def test_the_error_of_a_mean_is_that_of_a_regression_on_all_months_clustered_by_user() -> None:
    # Least squares on an indicator of each month gives the months' means, and their covariance clustered by
    # user.
    world, months = windows(np.random.default_rng(1), 800, 6), 6
    x, y = world.xy(MEAN)
    user, month = np.nonzero(x)
    fitted = sm.OLS(y[user, month], np.eye(months)[month]).fit(
        cov_type="cluster", cov_kwds={"groups": user, "use_correction": False}
    )
    c, users = np.array(slope_weights(months)), len(np.unique(user))
    found = world.slope(MEAN)
    assert found.value == pytest.approx(c @ fitted.params, rel=1e-9)
    expected = math.sqrt(c @ fitted.cov_params() @ c * users / (users - 1))
    assert found.standard_error == pytest.approx(expected, rel=1e-6)


def test_a_part_of_members_is_the_mean_of_yes_and_no_and_counts_who_changed() -> None:
    rng = np.random.default_rng(2)
    world = UserMonths(rng.integers(1, 3, (500, 4)), rng.integers(0, 2, (500, 4)))
    part, mean = (Number("m", form, "v", "1", "1") for form in ("part", "mean"))  # type: ignore[arg-type]
    found = world.slope(part)
    assert found.standard_error == world.slope(mean).standard_error
    first, last = ((world.segments[:, m] == 1, world.amounts[:, m] == 1) for m in (0, -1))
    yes0, yes1, no0, no1 = first[0] & first[1], last[0] & last[1], first[0] & ~first[1], last[0] & ~last[1]
    assert found.moved == tuple(
        ((now & ~then).sum(), (then & ~now).sum()) for then, now in ((yes0, yes1), (no0, no1))
    )


def test_a_month_that_lacks_the_number_leaves_no_slope() -> None:
    world = windows(np.random.default_rng(3), 300, 6)
    segments = world.segments.copy()
    segments[segments[:, 2] == 1, 2] = 2
    gone = UserMonths(segments, world.amounts)
    assert row_of(gone, NUMBERS[2]).reason == "empty_segment"
    assert row_of(gone, SHARE).change is not None, "a share of nobody is a share"
    few = UserMonths(np.where(np.arange(300)[:, None] < 29, 1, 2) * np.ones((1, 6), int), world.amounts)
    assert row_of(few, NUMBERS[2]).reason == "too_few_users"


def test_equal_months_are_no_trend_without_an_interval() -> None:
    world = UserMonths(np.repeat(np.arange(1, 3), 50)[:, None] * np.ones((1, 6), int), np.ones((100, 6), int))
    assert [row_of(world, number).reason for number in NUMBERS] == ["no_variation"] * len(NUMBERS)


def test_a_line_has_changed_by_less_than_the_margin_where_it_stays_within_it_over_all_months() -> None:
    world = windows(np.random.default_rng(4), 20_000, 6)
    share, mean = row_of(world, SHARE), row_of(world, MEAN)
    assert (share.margin, share.months) == (pytest.approx(0.02 / 5), 6)
    assert mean.margin == pytest.approx(0.02 / 5 * (mean.earlier_estimate or 0))
    assert (share.estimate, share.earlier_estimate) == pytest.approx(tuple(world.values(SHARE)[[-1, 0]]))


def test_rows_without_enough_months_say_so() -> None:
    measured = Measured("segment_share", "share", "1", windows(np.random.default_rng(5), 50, 3).slope(SHARE))
    (row,) = rows_of(
        [measured], CONFIG, "trend", 2, has_earlier=False, method=METHOD, absent="too_few_months"
    )
    assert (row.reason, row.months, row.method) == ("too_few_months", None, METHOD)


@pytest.mark.parametrize("number", [SHARE, MEAN], ids=["share", "mean"])
def test_a_slope_of_users_keeps_its_false_alarms_where_a_line_through_the_months_does_not(
    number: Number,
) -> None:
    slopes, lines = alarms(np.random.default_rng(len(number.form)), number, 0.0, 400).mean(axis=0)
    # A rate of 400 has a standard error of 1.1 points at 5 %.
    print(slopes, lines)
    assert slopes == pytest.approx(0.05, abs=0.04)
    assert lines > 0.1, "overlapping windows rise or fall together"


def test_a_planted_slope_is_found() -> None:
    slopes, _ = alarms(np.random.default_rng(30), SHARE, 0.025, 100).mean(axis=0)
    print(slopes)
    assert slopes > 0.8


def test_amounts_of_both_signs_that_cancel_are_not_taken_for_a_few_large_ones() -> None:
    rng = np.random.default_rng(6)
    amounts = np.round(rng.normal(0, 1_000, (400, 6))).astype(int)
    amounts[0] -= amounts.sum(axis=0) - 10
    world = UserMonths(np.ones((400, 6), int), amounts)
    assert row_of(world, MEAN).change is not None
