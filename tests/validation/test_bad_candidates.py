"""Rows that a model got wrong stop the run; what a sensible person would only look at is a warning."""

import math

import pytest

from tests.validation.world import CUSTOMERS, PREVIOUS, RUN_KEY, World

ONE = "where customer_id = 'secret-user-0'"
T = "update runs.customer_segments set"

DEFECTS = {
    "no rows": ("delete from runs.customer_segments", "row_count"),
    "a customer twice": (f"insert into runs.customer_segments select * from runs.customer_segments {ONE}", "duplicate_customer_id"),
    "a null id": (f"{T} customer_id = null {ONE}", "null_customer_id"),
    "a null segment": (f"{T} customer_segment = null {ONE}", "null_customer_segment"),
    "a sixth segment": (f"{T} customer_segment = 'Other' {ONE}", "unknown_segment"),
    "another as-of date": (f"{T} as_of_date = date '2026-10-01' {ONE}", "other_as_of_date"),
    "a traveler with too little travel": (f"{T} travel_spend_pct = 24.9 {ONE}", "criteria_high_value_travelers"),
    "a decline that is none": (
        f"{T} customer_segment = 'Declining' {ONE}", "criteria_declining"),
    "a new customer of long ago": (
        f"{T} customer_segment = 'New & Growing' {ONE}", "criteria_new_and_growing"),
    "a budget customer who spends much": (
        f"{T} customer_segment = 'Budget-Conscious' {ONE}", "criteria_budget_conscious"),
    "a stable customer who should be elsewhere": (
        f"{T} customer_segment = 'Stable Mid-Spenders' {ONE}", "criteria_stable_mid_spenders"),
    "priorities out of order": (
        f"{T} customer_segment = 'Declining', spend_last_90_days = 16000, spend_prior_90_days = 64000, avg_monthly_spend = 5333.33,"
        f" spend_change_pct = -75 {ONE}", "segment_priority"),
    "a share above 100": (f"{T} travel_spend_pct = 100.5 {ONE}", "travel_spend_pct_outside_0_100"),
    "a negative share": (f"{T} necessities_spend_pct = -0.1 {ONE}", "necessities_spend_pct_outside_0_100"),
    "a share that is not a number": (f"{T} travel_spend_pct = 'NaN' {ONE}", "travel_spend_pct_outside_0_100"),
    "shares that sum above 100": (f"{T} necessities_spend_pct = 1 {ONE}", "shares_above_100"),
    "a monthly average off by a dollar": (f"{T} avg_monthly_spend = avg_monthly_spend + 1 {ONE}", "avg_monthly_spend_identity"),
    "a change that does not follow": (f"{T} spend_change_pct = spend_change_pct + 1 {ONE}", "spend_change_identity"),
    "a change without a prior window": (
        f"{T} spend_change_pct = 0 where customer_id = 'secret-user-2'", "spend_change_without_prior"),
    "a purchase on the as-of date": (f"{T} last_transaction_date = date '2026-11-01' {ONE}", "dates_out_of_order"),
    "a dormant customer who is not": (f"{T} is_dormant = true {ONE}", "dormant_identity"),
    "a customer without a purchase": (f"{T} total_transactions = 0 {ONE}", "no_purchase"),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_candidate_is_critical(world: World, defect: str) -> None:
    statement, expectation = DEFECTS[defect]
    world.sql(statement)
    failures = world.failures("models")
    assert failures[expectation][0] == "critical", failures
    assert "runs.customer_segments" in failures[expectation][1]


def test_thresholds_are_inclusive_as_the_rules_say(world: World) -> None:
    world.with_rules(
        high_value_min_travel_pct=100,
        high_value_min_avg_monthly_spend=16000 / 3,
        declining_min_prior_spend=3000,
    )
    assert world.failures("models") == {}


def test_a_missing_model_is_one_critical_sentence(world: World) -> None:
    world.sql("drop table core.fct_customer_category_daily")
    severity, message = world.failures("models")["table_exists"]
    assert severity == "critical" and "core.fct_customer_category_daily does not exist" in message


@pytest.mark.parametrize(("factor", "fails"), [(1.004, False), (0.996, False), (1.006, True), (0.994, True)])
def test_sums_may_differ_from_the_single_rows_by_half_a_percent(
    world: World, factor: float, fails: bool
) -> None:
    world.sql(f"{T} lifetime_value = lifetime_value * {factor}")
    assert ("spend_difference_pct" in world.failures("models")) is fails
    assert world.observed("models", "spend_difference_pct") == pytest.approx(100 * abs(factor - 1), rel=1e-3)


CORE = "core.fct_customer_category_daily"
CORE_ROW = f"where rowid = (select min(rowid) from {CORE})"
SINGLE_DEFECTS = {
    "nothing": ("select 1", set()),
    "a lost customer": (f"delete from runs.customer_segments {ONE}", {"spend", "customer"}),
    "a doubled customer": (
        f"insert into runs.customer_segments select * from runs.customer_segments {ONE}", {"spend", "customer"}),
    "a cent of a customer": (f"{T} lifetime_value = lifetime_value + 0.01 {ONE}", {"spend"}),
    "a lost fact": (f"delete from {CORE} {CORE_ROW}", {"core_spend"}),
    "a doubled fact": (f"insert into {CORE} select * from {CORE} {CORE_ROW}", {"core_spend"}),
    "a cent of a fact": (f"update {CORE} set net_cents = net_cents - 1 {CORE_ROW}", {"core_spend"}),
}  # fmt: skip


@pytest.mark.parametrize("defect", SINGLE_DEFECTS)
def test_without_a_tolerance_models_agree_with_staging_to_the_row_and_the_cent(
    world: World, defect: str
) -> None:
    statement, expected = SINGLE_DEFECTS[defect]
    world.with_rules(reconciliation_tolerance_pct=0)
    world.sql(statement)
    differ = {name for name in world.failures("models") if name.endswith("_difference_pct")}
    assert differ == {f"{name}_difference_pct" for name in expected}


def test_facts_that_lost_a_day_do_not_reconcile(world: World) -> None:
    world.sql("delete from core.fct_customer_category_daily where transaction_date = date '2026-10-22'")
    severity, message = world.failures("models")["core_spend_difference_pct"]
    assert severity == "critical" and "full_refresh" in message


def test_sums_leave_out_test_users_later_rows_and_rows_that_are_not_posted(world: World) -> None:
    world.sql(
        "insert into raw.users select * replace ('tester' as user_id, true as is_test_user) from raw.users limit 1",
        "insert into raw.transactions select * replace ('t1' as transaction_id, 'tester' as user_id, 90 as amount_usd)"
        " from raw.transactions limit 1",
        "insert into core.fct_customer_category_daily select * replace ('tester' as user_id, 9000 as net_cents)"
        " from core.fct_customer_category_daily limit 1",
        "insert into raw.transactions select * replace ('t2' as transaction_id, 'Declined ' as status) from raw.transactions limit 1",
        "insert into raw.transactions select * replace ('t3' as transaction_id, timestamp '2026-11-01 04:00:00' as transaction_at)"
        " from raw.transactions limit 1",
    )
    assert world.failures("models") == {}
    for name in ("spend_difference_pct", "core_spend_difference_pct", "customer_difference_pct"):
        assert world.observed("models", name) == 0


def publish_previous(world: World, moved: int, extra: int = 0) -> list[int]:
    """The month before had `moved` more Declining and fewer Stable customers, and `extra` more customers in
    all."""
    world.after_previous()
    world.sql(
        "insert into runs.customer_segments select * replace (date '2026-10-01' as as_of_date,"
        f" '{PREVIOUS.run_key}' as run_key) from runs.customer_segments",
        f"{T} customer_segment = 'Declining' where run_key = '{PREVIOUS.run_key}' and customer_segment = 'Stable Mid-Spenders'"
        f" and customer_id in (select customer_id from runs.customer_segments where run_key = '{PREVIOUS.run_key}'"
        f" and customer_segment = 'Stable Mid-Spenders' order by customer_id limit {moved})",
        f"insert into runs.customer_segments select c.* replace ('extra' || t.i as customer_id) from (select * from"
        f" runs.customer_segments where run_key = '{PREVIOUS.run_key}' order by customer_id limit 1) as c, range({extra}) as t(i)",
    )
    counts = world.rows(
        f"select count(*) from runs.customer_segments where run_key = '{PREVIOUS.run_key}' group by customer_segment"
    )
    return [count for (count,) in counts]


@pytest.mark.parametrize(
    ("moved", "severities"),
    [
        (0, set()),
        (20, set()),
        (30, {"warning"}),
        (50, {"warning", "critical"}),
        (60, {"warning", "critical"}),
    ],
)
def test_drift_warns_above_one_level_and_stops_above_the_next(
    world: World, moved: int, severities: set[str]
) -> None:
    before = publish_previous(world, moved)
    before += [0] * (5 - len(before))
    failures = world.failures("models")
    assert {
        severity for name, (severity, _) in failures.items() if name.startswith("segment_drift")
    } == severities
    shares = [max(count / CUSTOMERS, 1e-4) for count in before]
    expected = sum((0.2 - q) * math.log(0.2 / q) for q in shares)
    assert world.observed("models", "segment_drift_psi_warning") == pytest.approx(
        expected, rel=1e-4, abs=1e-12
    )


@pytest.mark.parametrize(
    ("extra", "severities"), [(60, set()), (90, {"warning"}), (330, {"warning", "critical"})]
)
def test_fewer_customers_than_the_previous_publication_warn_and_then_stop(
    world: World, extra: int, severities: set[str]
) -> None:
    publish_previous(world, 0, extra)
    failures = world.failures("models")
    assert {
        severity for name, (severity, _) in failures.items() if name.startswith("volume_drop")
    } == severities


def test_a_small_segment_is_a_warning_that_names_it(world: World) -> None:
    world.with_rules(segment_min_share_pct=20.5)
    severity, message = world.failures("models")["smallest_share_pct"]
    assert severity == "warning" and "Declining" in message and "20 %" in message


def test_rows_of_other_runs_are_not_looked_at(world: World) -> None:
    world.sql(
        "insert into runs.customer_segments select * replace ('20260901_20260901T000000_00000000' as run_key,"
        f" 'Other' as customer_segment) from runs.customer_segments where run_key = '{RUN_KEY}'"
    )
    assert world.failures("models") == {}
