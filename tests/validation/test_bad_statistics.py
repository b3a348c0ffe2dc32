"""Numbers that contradict themselves or the candidate stop the run; numbers that could not be made yet do
not."""

import pytest

from tests.validation.world import World

ROW = "where metric = 'segment_share' and segment = 'Declining'"
T = "update runs.statistics set"

DEFECTS = {
    "no rows": ("delete from runs.statistics", "row_count"),
    "a number twice": (f"insert into runs.statistics select * from runs.statistics {ROW}", "duplicate_key"),
    "a number with two primary rows": (
        f"{T} is_primary = true where metric = 'mean_spend_90d' and segment = 'Declining'",
        "not_one_primary_row",
    ),
    "a number without a primary row": (f"{T} is_primary = false {ROW}", "not_one_primary_row"),
    "an infinite end": (f"{T} ci_high = 'Infinity' {ROW}", "not_finite"),
    "a reversed interval": (f"{T} ci_low = 0.3, ci_high = 0.1 {ROW}", "interval_reversed"),
    "an estimate outside its interval": (f"{T} ci_low = 0.21 {ROW}", "estimate_outside_interval"),
    "a share above 1": (f"{T} estimate = 1.1, ci_high = 1.2 {ROW}", "share_outside_0_1"),
    "shares that do not sum to 1": (f"{T} estimate = 0.21 {ROW}", "share_sum_off"),
    "a null without a reason": (f"{T} estimate = null {ROW}", "null_without_reason"),
    "a reason beside a number": (f"{T} reason = 'too_few_users' {ROW}", "reason_without_null"),
    "a warning without a reason": (f"{T} trust = 'caution' {ROW}", "flag_without_reason"),
    "an interval without a flag": (f"{T} trust = null {ROW}", "interval_without_flag"),
    "maturity that is not set": (f"{T} is_mature = null {ROW}", "null_is_mature"),
    "a number of an open window": (f"{T} is_mature = false {ROW}", "number_of_an_open_window"),
    "an adjusted p-value below its own": (
        f"{T} p_value = 0.5, p_adjusted = 0.4 {ROW}",
        "p_value_outside_0_1",
    ),
    "a comparison outside any family": (f"{T} p_value = 0.5 {ROW}", "comparison_without_family"),
    "a missing segment": (f"delete from runs.statistics {ROW}", "missing_numbers"),
    "a missing method": (
        "delete from runs.statistics where method = 'hall_skew_t' and segment = 'Declining'",
        "missing_numbers",
    ),
    "a missing question": ("delete from runs.statistics where metric = 'movement'", "missing_comparisons"),
    "other customers": (
        f"{T} n = n + 1 where metric = 'mean_spend_90d' and segment = 'Declining'",
        "customers_not_counted",
    ),
    "another as-of date": (f"{T} as_of_date = date '2026-10-01' {ROW}", "other_as_of_date"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_statistics_is_critical(world: World, defect: str) -> None:
    statement, expectation = DEFECTS[defect]
    world.sql(statement)
    failures = world.failures("statistics")
    assert failures[expectation][0] == "critical", failures


def test_a_number_that_could_not_be_estimated_fails_nothing(world: World) -> None:
    world.sql(f"{T} estimate = null, ci_low = null, ci_high = null, reason = 'too_few_users' {ROW}")
    world.sql(f"{T} is_mature = false, reason = 'window_not_complete' where metric = 'backtest_spend_ratio'")
    assert world.failures("statistics") == {}


def test_a_reason_may_stand_beside_a_flag_that_warns(world: World) -> None:
    world.sql(f"{T} trust = 'caution', reason = 'few_successes' {ROW}")
    assert world.failures("statistics") == {}


def test_an_interval_with_one_unbounded_end_needs_its_reason(world: World) -> None:
    world.sql(
        f"{T} ci_high = null, reason = 'unbounded_interval' where metric = 'mean_spend_90d' and segment = 'Declining'"
    )
    assert world.failures("statistics") == {}
