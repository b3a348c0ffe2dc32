from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.groups import newcombe_difference
from include.tidemark.statistics.results import result_schema, to_records
from include.tidemark.statistics.retention import IN_OR_AFTER, IN_WINDOW, RetentionCount
from include.tidemark.statistics.retention_differences import OF_ONE_UNIT, OF_UNITS, retention_differences
from include.tidemark.statistics.spells import in_one_spell
from include.tidemark.statistics.units import Units, rate_against_units, units_difference

CONFIG = StatisticsConfig("2026-11-01", n_resamples=1000)
REST = f"{IN_WINDOW}_vs_rest"


def weeks(group: str, outcomes: list[tuple[int, int]], window: str = "week 4") -> list[RetentionCount]:
    """A group of users and active users by week."""
    return [RetentionCount(group, window, n, n, k, k, str(place)) for place, (n, k) in enumerate(outcomes)]


def days(outcomes: list[tuple[int, int]], window: str = "7d") -> list[RetentionCount]:
    """Cohorts of a day each."""
    return [
        RetentionCount(str(place), window, n, n, k, k, str(place)) for place, (n, k) in enumerate(outcomes)
    ]


def rows_of(counts: list[RetentionCount], *, each_is_a_unit: bool = False) -> list:
    rows = retention_differences(counts, CONFIG, each_is_a_unit=each_is_a_unit)
    for record in to_records(rows, as_of_date="2026-11-01", run_key="r", family="fee_tiers"):
        jsonschema.validate(record, result_schema())
    return rows


def of_group(rows: list, group: str, metric: str = REST):
    (row,) = [row for row in rows if (row.segment, row.metric) == (group, metric)]
    return row


def test_tiers_are_compared_by_their_weeks_and_adjusted_within_metric_and_window() -> None:
    tiers = {
        name: [(90 + k, 30 + 3 * k + shift) for k in range(7)]
        for name, shift in (("a", 0), ("b", 4), ("c", 20))
    }
    rows = rows_of([count for name, held in tiers.items() for count in weeks(name, held)])
    assert [(row.metric, row.segment, row.method, row.family_size) for row in rows] == [
        (f"{metric}_vs_rest", name, OF_UNITS, 3) for metric in (IN_WINDOW, IN_OR_AFTER) for name in tiers
    ]
    row = of_group(rows, "c")
    others = Units.of([*tiers["a"], *tiers["b"]])
    found = units_difference(Units.of(tiers["c"]), others, 0.95)
    assert (row.estimate, row.ci_low, row.ci_high, row.p_value) == pytest.approx(
        (found.estimate, found.ci_low, found.ci_high, found.p_value), rel=1e-11
    )
    assert row.n == sum(n for n, _ in tiers["c"]) and row.trust == "ok" and row.p_adjusted >= row.p_value


def test_a_day_is_compared_with_how_the_other_days_differ() -> None:
    held = [(100, 40 + 7 * (k % 3)) for k in range(40)]
    rows = rows_of(days(held), each_is_a_unit=True)
    found = rate_against_units(40, 100, Units.of(held[1:]), 0.95)
    row = of_group(rows, "0")
    assert (row.method, row.trust) == (OF_ONE_UNIT, "ok")
    assert (row.ci_low, row.ci_high, row.p_value) == pytest.approx(
        (found.ci_low, found.ci_high, found.p_value), rel=1e-11
    )


@pytest.mark.parametrize("own", [5, 6])
def test_below_six_weeks_a_tier_there_is_an_interval_and_no_p_value(own: int) -> None:
    rows = rows_of(
        [*weeks("a", [(80, 30 + k) for k in range(own)]), *weeks("b", [(80, 20 + k) for k in range(9)])]
    )
    row = of_group(rows, "a")
    assert row.ci_low < row.estimate < row.ci_high
    expected = (True, "unreliable", "few_periods") if own < 6 else (False, "ok", None)
    assert (row.p_value is None, row.trust, row.reason) == expected


def test_a_tier_that_is_held_against_the_others_within_one_spell_is_unreliable_and_has_no_p_value() -> None:
    fee = [5] * 7 + [10] * 8 + [20] * 4 + [10] * 3 + [20] * 4
    one_spell = {str(level) for level in in_one_spell(fee)}
    assert one_spell == {"5"}
    counts = [
        replace(part, unit=str(place))
        for place, level in enumerate(fee)
        for part in weeks(str(level), [(100, 30 + place % 5)])
    ]
    usual = {row.segment: row for row in retention_differences(counts, CONFIG) if row.metric == REST}
    found = retention_differences(counts, CONFIG, one_spell=one_spell)
    for row in (row for row in found if row.metric == REST):
        before = usual[row.segment]
        assert (row.estimate, row.ci_low, row.ci_high) == (before.estimate, before.ci_low, before.ci_high)
        assert before.p_value is not None
        if row.segment == "5":
            assert (row.p_value, row.trust, row.reason) == (None, "unreliable", "few_spells")
        else:
            assert (row.p_value, row.trust, row.reason) == (before.p_value, before.trust, before.reason)


def test_a_tier_of_one_week_has_a_difference_and_no_interval() -> None:
    rows = rows_of([*weeks("a", [(80, 30)]), *weeks("b", [(80, 20 + k) for k in range(9)])])
    for name in "ab":
        row = of_group(rows, name)
        assert (row.ci_low, row.p_value, row.trust, row.reason) == (None, None, None, "too_few_periods")
    assert of_group(rows, "a").estimate == pytest.approx(30 / 80 - 24 / 80)


def test_a_week_that_holds_most_users_is_no_six_weeks() -> None:
    own = [(900, 300), *[(20, 5 + k) for k in range(6)]]
    row = of_group(rows_of([*weeks("a", own), *weeks("b", [(80, 20 + k) for k in range(9)])]), "a")
    assert (row.trust, row.reason) == ("caution", "few_periods")


def test_weeks_that_are_not_over_are_no_observations() -> None:
    held = weeks("a", [(80, 30 + k) for k in range(8)])
    later = [RetentionCount("a", "week 4", 500, 0, 0, 0, f"late {k}") for k in range(4)]
    rest = weeks("b", [(80, 20 + k) for k in range(9)])
    assert rows_of([*held, *later, *rest]) == rows_of([*held, *rest])
    row = of_group(rows_of([*later, *rest]), "a")
    assert (row.estimate, row.is_mature, row.reason) == (None, False, "window_not_complete")


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (days([(100, 10)]), "too_few_users"),
        (days([(29, 9), *[(100, 30 + k) for k in range(9)]]), "too_few_users"),
        (days([(0, 0), *[(100, 30 + k) for k in range(9)]]), "empty_segment"),
        (days([(100, 30), (100, 40)]), "too_few_periods"),
        (days([(100, 0)] * 9), "no_variation"),
    ],
)
def test_what_cannot_be_compared_says_why(counts: list, reason: str) -> None:
    row = of_group(rows_of(counts, each_is_a_unit=True), "0")
    assert (row.ci_low, row.p_value, row.reason) == (None, None, reason)


def test_one_expected_user_with_the_outcome_is_too_few_for_a_day() -> None:
    rows = rows_of(days([(100, k % 3) for k in range(60)]), each_is_a_unit=True)
    assert {(row.trust, row.reason) for row in rows} == {("caution", "few_successes")}


def test_rates_differ_by_one_at_most() -> None:
    rows = rows_of([*weeks("a", [(50, 50), (50, 0)]), *weeks("b", [(50, 10), (50, 12)])])
    assert (of_group(rows, "a").ci_low, of_group(rows, "a").ci_high) == (-1, 1)


def test_a_cohort_of_the_burn_in_is_compared_with_nobody_and_nobody_with_it() -> None:
    held = days([(100, 30 + 3 * (k % 4)) for k in range(40)])
    first = RetentionCount("first", "7d", 100, 100, 95, 99, "first", left_out="burn_in")
    rows = rows_of([first, *held], each_is_a_unit=True)
    row = of_group(rows, "first")
    assert (row.estimate, row.p_value, row.n, row.is_mature, row.reason) == (None, None, 100, True, "burn_in")
    assert [row for row in rows if row.segment != "first"] == rows_of(held, each_is_a_unit=True)


def test_identical_users_in_older_and_younger_cohorts_compare_as_no_difference() -> None:
    """To no end, the older ones have had more days to come back "later", and nearly all cohorts differ."""
    random, as_of, day, follow_up = np.random.RandomState(9), 150, 7, 28
    # Active on each day with a chance of 2 %, whenever they signed up.
    active = random.uniform(size=(120, 200, as_of)) < 0.02
    equal, unequal = [], []
    for joined in range(120):
        seen = as_of - joined
        back = active[joined, :, day:seen]
        on_day, ever = int(back[:, 0].sum()), int(back.any(axis=1).sum())
        over = seen > day + follow_up
        later = int(back[:, : follow_up + 1].any(axis=1).sum()) if over else 0
        known = {
            "group": str(joined),
            "window": "7d",
            "users": 200,
            "matured": 200,
            "active_in_window": on_day,
        }
        unit = {"unit": str(joined)}
        equal.append(RetentionCount(**known, **unit, active_in_or_after=later, followed=200 if over else 0))
        unequal.append(RetentionCount(**known, **unit, active_in_or_after=ever))

    def differing(counts: list[RetentionCount]) -> float:
        rows = rows_of(counts, each_is_a_unit=True)
        found = [r.p_value for r in rows if r.metric == f"{IN_OR_AFTER}_vs_rest" and r.p_value is not None]
        assert len(found) > 100
        return float(np.mean([p <= 0.05 for p in found]))

    assert differing(equal) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 115))
    naive = [
        newcombe_difference(
            count.active_in_or_after,
            200,
            sum(c.active_in_or_after for c in unequal) - count.active_in_or_after,
            119 * 200,
            0.95,
        ).p_value
        for count in unequal
    ]
    assert np.mean([p is not None and p <= 0.05 for p in naive]) > 0.4


def test_days_that_are_alike_are_rarely_called_different() -> None:
    # 300 families of 40 alike cohorts: a family has a discovery in about 5 %, known to 1.3 points.
    random = np.random.RandomState(8)
    alarms = 0
    for _ in range(300):
        held = days([(300, k) for k in random.binomial(300, 0.35, size=40).tolist()])
        rows = retention_differences(held, CONFIG, each_is_a_unit=True)
        alarms += any(row.p_adjusted < 0.05 for row in rows if row.metric == REST and row.p_adjusted)
    assert alarms / 300 == pytest.approx(0.05, abs=4 * 0.0126)
