"""Changes whose observations are weeks or days, against users one by one, scipy's t test, and simulated
months."""

import numpy as np
import pytest
from scipy import stats

from include.tidemark.statistics.change_rows import ChangeRow
from include.tidemark.statistics.unit_changes import unit_change_rows
from include.tidemark.statistics.unit_months import UnitMonths, UnitNumber, against_rest
from tests.statistics.arrivals import CONFIG, DESIGNS, KEY, Design, alarms, change_of, months_of

Units = dict[str, tuple[int, float]]


def change(then: Units, today: Units) -> ChangeRow:
    return change_of(UnitNumber("share", then), UnitNumber("share", today))


def weeks(totals: list[float], users: int = 200, first: int = 0) -> Units:
    return {f"{first + place:03}": (users, total) for place, total in enumerate(totals)}


def test_weeks_of_one_size_give_the_t_test_of_the_new_weeks_against_the_others() -> None:
    old, new = [60.0, 95, 40, 88, 71, 52, 79, 66], [120.0, 70, 99]
    row = change(weeks(old), weeks(old + new))
    theirs = stats.ttest_ind(np.array(new) / 200, np.array(old) / 200)
    assert row.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    # The new weeks are 3 of 11, so the number moves by that part of their difference.
    low, high = (3 / 11 * end for end in theirs.confidence_interval())
    assert (row.ci_low, row.ci_high) == pytest.approx((low, high), rel=1e-9)
    assert (row.n, row.n_earlier, row.n_both, row.n_joined, row.n_left) == (2200, 1600, 1600, 600, 0)


def test_weeks_that_differ_by_their_users_alone_give_the_error_of_pairs_of_users() -> None:
    then, today = weeks([80] * 9, 240), weeks([80] * 9, 240) | weeks([81, 80], 240, first=9)
    row = change(then, today)
    n0, n1 = 9 * 240, 11 * 240
    p = (9 * 80 + 161) / n1
    # Each user by itself: the influence of those of both months is (y - p) (1 / N1 - 1 / N0), of the new ones
    # (y - p) / N1.
    error = np.sqrt(p * (1 - p) * (n0 * (1 / n1 - 1 / n0) ** 2 + (n1 - n0) / n1**2))
    assert row.ci_low is not None and row.ci_high is not None and row.change is not None
    half = stats.t(9).ppf(0.975) * error
    assert (row.ci_low, row.ci_high) == pytest.approx((row.change - half, row.change + half), rel=1e-9)
    assert row.detectable_change == pytest.approx(half + stats.norm.ppf(0.8) * error, rel=1e-9)
    assert (row.trust, row.reason) == ("caution", "few_periods")


def test_weeks_that_left_are_a_group_of_their_own() -> None:
    rng = np.random.default_rng(1)
    left, stay, new = ([float(k) for k in rng.integers(40, 110, n)] for n in (4, 9, 5))
    row = change(weeks(left + stay), weeks(stay + new, first=4))
    # Ordinary least squares of the weeks' rates on the three groups, and of it the contrast of both months'
    # means.
    y = np.array(left + stay + new) / 200
    place = np.repeat([0, 1, 2], [4, 9, 5])
    residuals = y - np.array([y[place == g].mean() for g in range(3)])[place]
    degrees = len(y) - 3
    weight = np.repeat([-1 / 13, 1 / 14 - 1 / 13, 1 / 14], [4, 9, 5])
    error = np.sqrt((residuals**2).sum() / degrees * (weight**2).sum())
    assert row.change == pytest.approx(y[4:].mean() - y[:13].mean(), rel=1e-9)
    assert row.p_value == pytest.approx(
        2 * stats.t(degrees).sf(abs(y[4:].mean() - y[:13].mean()) / error), rel=1e-9
    )
    assert (row.n_joined, row.n_left) == (1000, 800)


def test_data_that_came_late_widen_the_interval_by_how_unevenly_they_came() -> None:
    then = weeks([80] * 12)
    even = change(then, weeks([84] * 12))
    assert even.change == pytest.approx(0.02)
    assert even.reason == "no_variation"
    moved = [84, 80, 90, 81, 80, 86, 80, 88, 80, 80, 82, 85]
    uneven = change(then, weeks([float(k) for k in moved]))
    by_week = np.array(moved) / 200 - 0.4
    theirs = stats.ttest_1samp(by_week, 0)
    assert uneven.ci_low is not None and uneven.ci_high is not None
    half = (uneven.ci_high - uneven.ci_low) / 2
    assert half == pytest.approx(stats.t(11).ppf(0.975) * by_week.std(ddof=1) / np.sqrt(12), rel=1e-9)
    assert uneven.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_what_can_not_be_judged_says_why() -> None:
    old = weeks([80, 70, 90, 60, 75, 85])
    assert change(old, old).reason == "same_users"
    assert change(old, old).change == 0
    few = change(weeks([80, 70]), weeks([80, 70, 90, 60, 75]))
    assert (few.reason, few.change, few.p_value) == ("too_few_periods", None, None)
    assert few.estimate is not None and few.earlier_estimate == 0.375
    assert change({}, old).reason == "empty_segment"
    assert change({"000": (0, 0)}, old).reason == "window_not_complete"
    assert change({"000": (29, 9)}, old).reason == "too_few_users"
    assert change(weeks([0] * 6), weeks([0] * 8)).reason == "no_variation"


def test_a_number_that_one_month_alone_has_is_there_all_the_same() -> None:
    key = ("retention_in_window", "20 bps", "week 1")
    number = UnitNumber("share", weeks([80] * 8))
    rows = unit_change_rows([{key: number}, {KEY: number}], "previous", CONFIG, 2)
    assert [(row.segment, row.reason) for row in rows] == [
        ("10 bps", "empty_segment"),
        ("20 bps", "empty_segment"),
    ]
    assert [row.n for row in rows] == [1600, 0]


def test_enough_units_to_show_what_lasts_and_of_each_outcome_among_those_who_came_are_ok() -> None:
    often, rare = weeks([80, 70, 90] * 49), weeks([1, 0, 2] * 49)
    lasting = [change(often, often | weeks([70.0] * more, first=147)) for more in (2, 3)]
    assert [(row.trust, row.reason) for row in lasting] == [("caution", "few_periods"), ("ok", None)]
    few = change(rare, rare | weeks([1.0] * 3, first=147))
    assert (few.trust, few.reason) == ("caution", "few_successes")
    one_large = {"000": (200_000, 70_000.0)} | weeks([80, 70, 90] * 60, first=1)
    found = change(one_large, one_large | weeks([70.0], first=181))
    assert (found.trust, found.reason) == ("caution", "few_periods")


@pytest.mark.parametrize(
    ("name", "shock", "samples", "least"),
    [
        ("26 weeks, 5 new, 5 left", 0.0, 800, 0.015),
        ("26 weeks, 4 new", 0.2, 800, 0.025),
        ("26 weeks of unlike size, 4 new", 0.2, 800, 0.025),
        ("amounts, 26 weeks, 4 new", 0.2, 300, 0.015),
        ("180 days, 30 new", 0.2, 300, 0.015),
        ("trend over six months, 26 weeks, 4 new a month", 0.2, 500, 0.015),
        ("trend over six months, amounts, 40 weeks, 4 new", 0.2, 200, 0.01),
    ],
)
def test_without_an_effect_about_one_of_twenty_changes_alarms(
    name: str, shock: float, samples: int, least: float
) -> None:
    found = alarms(np.random.RandomState(11), shock, DESIGNS[name], samples)
    assert least <= found.mean() <= 0.08


def test_a_planted_change_of_new_weeks_is_found_and_a_count_of_users_alone_would_alarm() -> None:
    random, found, naive = np.random.RandomState(12), 0, 0
    for _ in range(300):
        then, today = months_of(random, 0.2, Design(30, 5))
        lifted = {
            name: (n, k + 18) if name not in then.units else (n, k) for name, (n, k) in today.units.items()
        }
        found += (change_of(then, today._replace(units=lifted)).p_value or 1) < 0.05
        new = [of for name, of in today.units.items() if name not in then.units]
        p = [sum(k for _, k in held) / sum(n for n, _ in held) for held in (then.units.values(), new)]
        naive += abs(p[0] - p[1]) > 1.96 * np.sqrt(2 / 9 * (1 / (150 * 25) + 1 / (150 * 5)))
    assert found >= 240
    assert naive >= 27


def test_the_scale_of_the_cells_changes_no_interval() -> None:
    then, today = months_of(np.random.RandomState(14), 0.1, Design(12, 3, is_amount=True))
    parts = [
        of._replace(units={name: (n, total / 100) for name, (n, total) in of.units.items()}, scale=100)
        for of in (then, today)
    ]
    whole, dollars = change_of(then, today), change_of(*parts)
    assert whole.change is not None and whole.ci_high is not None
    assert (dollars.change, dollars.ci_high) == pytest.approx(
        (whole.change / 100, whole.ci_high / 100), rel=1e-9
    )
    assert dollars.p_value == pytest.approx(whole.p_value, rel=1e-9)


def test_units_are_counted_whatever_their_order() -> None:
    one, two = {"b": (5, 1.0), "a": (7, 2.0)}, {"c": (1, 1.0), "a": (7, 2.0)}
    assert UnitMonths.of([UnitNumber("share", of) for of in (one, two)]).behind == (7, 1, 5)
    assert [UnitNumber("share", of).value for of in (one, two)] == [0.25, 0.375]


def test_a_slope_over_two_months_is_the_change_between_them() -> None:
    months = months_of(np.random.RandomState(15), 0.2, Design(26, 5, 3))
    key = {KEY: months[0]}, {KEY: months[1]}
    (two,), (slope,) = (unit_change_rows(key, comparison, CONFIG, 2) for comparison in ("previous", "trend"))
    assert (slope.method, two.method) == ("slope_of_units", "paired_units")
    assert (slope.change, slope.ci_low, slope.p_value) == (two.change, two.ci_low, two.p_value)


def test_a_trend_is_the_line_through_the_months_and_its_error_that_of_least_squares_on_units() -> None:
    rng = np.random.default_rng(1)  # weeks that follow each other are not alike in it
    rates = rng.uniform(0.2, 0.5, 20)
    counted = [weeks([200 * rate for rate in rates[: 8 + 3 * month]]) for month in range(5)]
    row = change_of(*(UnitNumber("share", of) for of in counted))
    values = [rates[: 8 + 3 * month].mean() for month in range(5)]
    assert row.change == pytest.approx(np.polyfit(range(5), values, 1)[0], rel=1e-9)
    # A unit's weight is what it adds to each month's mean; units that came in the same month are one group.
    weight = sum((month - 2) / 10 * (np.arange(20) < 8 + 3 * month) / (8 + 3 * month) for month in range(5))
    group = np.r_[[0] * 8, np.repeat([1, 2, 3, 4], 3)]
    left = rates - np.array([rates[group == g].mean() for g in range(5)])[group]
    error = np.sqrt((left**2).sum() / 15 * (weight**2).sum())
    assert row.p_value == pytest.approx(2 * stats.t(15).sf(abs(row.change or 0) / error), rel=1e-9)
    assert (row.months, row.n, row.n_earlier, row.n_both) == (5, 4000, 1600, 1600)
    assert row.margin == pytest.approx(0.02 / 4)


def test_a_steady_rise_of_the_weeks_is_found_and_one_month_alone_is_too_little() -> None:
    random, trend, last = np.random.RandomState(16), 0, 0
    for _ in range(150):
        months = months_of(random, 0.1, Design(40, 4, months=6))
        # Each week's rate is 0.3 points above that of the week before.
        risen = [
            UnitNumber("share", {name: (n, k + n * 0.003 * int(name)) for name, (n, k) in of.units.items()})
            for of in months
        ]
        trend += (change_of(*risen).p_value or 1) < 0.05
        last += (change_of(*risen[-2:]).p_value or 1) < 0.05
    assert trend >= 130 > last


def test_a_difference_from_the_rest_changes_as_both_sides_do() -> None:
    own, others = ([float(k) for k in np.random.default_rng(8).integers(40, 110, n)] for n in (10, 20))
    months_of: list[dict[tuple[str, str | None, str | None], UnitNumber]] = [
        {
            ("m", "a", None): UnitNumber("share", weeks(own[:i])),
            ("m", "b", None): UnitNumber("share", weeks(others[:j], first=50)),
        }
        for i, j in ((8, 16), (10, 20))
    ]
    then, today = months_of
    months = [against_rest(month, ["m"]) for month in (then, today)]
    rows = {row.segment: row for row in unit_change_rows(months, "previous", CONFIG, 2)}
    alone = {row.segment: row for row in unit_change_rows([then, today], "previous", CONFIG, 2)}
    assert rows["a"].metric == "m_vs_rest"
    assert rows["a"].change == pytest.approx((alone["a"].change or 0) - (alone["b"].change or 0), rel=1e-9)
    assert rows["b"].change == pytest.approx(-(rows["a"].change or 0), rel=1e-9)
    # Least squares of the weeks' rates on the four groups of old and new, own and other weeks, but that
    # users' own chance differs by side.
    y, group = np.array(own + others) / 200, np.repeat([0, 1, 2, 3], [8, 2, 16, 4])
    left = y - np.array([y[group == g].mean() for g in range(4)])[group]
    weight = np.r_[[1 / 10 - 1 / 8] * 8, [1 / 10] * 2, [1 / 16 - 1 / 20] * 16, [-1 / 20] * 4]
    error = np.sqrt((left**2).sum() / 26 * (weight**2).sum())
    half = (rows["a"].ci_high or 0) - (rows["a"].change or 0)
    assert half == pytest.approx(stats.t(26).ppf(0.975) * error, rel=5e-3)
    assert (rows["a"].n, rows["b"].n) == (2000, 4000)


def test_weeks_that_are_alike_one_after_the_other_are_no_change_of_the_number() -> None:
    random, found, naive = np.random.RandomState(17), [], 0
    for _ in range(150):
        moved = np.zeros(40)
        for week in range(1, 40):
            moved[week] = 0.6 * moved[week - 1] + 0.16 * random.standard_normal()
        back = random.binomial(150, 1 / (1 + np.exp(0.7 - moved))).astype(float)
        months = [weeks(back[: 20 + 4 * month].tolist(), 150) for month in range(6)]
        row = change_of(*(UnitNumber("share", of) for of in months))
        found.append((row.trust, row.reason, (row.p_value or 1) < 0.05))
        weight = sum((m - 2.5) / 17.5 * (np.arange(40) < 20 + 4 * m) / (20 + 4 * m) for m in range(6))
        naive += abs((weight * back / 150).sum()) > 1.96 * back.std(ddof=1) / 150 * np.sqrt((weight**2).sum())
    assert naive >= 25, "as if weeks were independent"
    assert sum(alarm for _, _, alarm in found) <= 25
    assert not any(trust == "ok" for trust, _, _ in found), (
        "40 weeks do not show what lasts for a few of them"
    )
    assert sum(reason == "autocorrelated" for _, reason, _ in found) >= 80
