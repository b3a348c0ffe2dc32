"""The gate of fee tiers: what was published passes it, and each broken thing is caught by the check that is
about it."""

import shutil

import pytest

from include.tidemark.families.fee_tiers import FAMILY
from include.tidemark.run import PublishedRun
from include.tidemark.validation.suite_part import SUITE
from include.tidemark.warehouse.duckdb import DuckDBWarehouse

suite = FAMILY.part(SUITE)

WEEK = "week_number = 20"


def failed(warehouse, assets):
    """The names of the checks that do not hold."""
    names = set()
    for asset in assets:
        (measured,) = warehouse.fetch(asset.query)
        for check in asset.checks:
            value = measured[check.name]
            too_low = check.minimum is not None and value is not None and value < check.minimum
            too_high = check.maximum is not None and value is not None and value > check.maximum
            if value is None or too_low or too_high:
                names.add(check.name)
    return names


@pytest.fixture
def spoiled(synthetic_month, tmp_path):
    """A copy of the published warehouse, and how to break it."""
    shutil.copy(synthetic_month.settings.duckdb_path, tmp_path / "warehouse.duckdb")
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    yield warehouse
    warehouse.close()


def test_the_published_month_passes_every_check(synthetic_month, spoiled):
    assets = [*suite.candidate(synthetic_month.run), *suite.statistics(synthetic_month.run)]
    assert sum(len(asset.checks) for asset in assets) > 40
    assert failed(spoiled, assets) == set()


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("delete from runs.fct_user_weekly_summary", "row_count"),
        (f"update runs.fct_user_weekly_summary set segment = 'tiny' where {WEEK}", "unknown_segment"),
        (f"update runs.fct_user_weekly_summary set segment = null where {WEEK}", "segment_without_swap"),
        (f"update runs.fct_user_weekly_summary set segment = 'whale' where {WEEK} and segment = 'micro'", "segment_of_volume"),
        (f"update runs.fct_user_weekly_summary set volume_cents = -volume_cents where {WEEK}", "negative_volume"),
        (f"update runs.fct_user_weekly_summary set user_id = null where {WEEK}", "null_user_id"),
        ("update runs.fct_user_weekly_summary set as_of_date = date '2020-01-01'", "other_as_of_date"),
        (f"update runs.fct_user_weekly_summary set volume_cents = volume_cents * 2 where {WEEK}", "user_volume_difference_pct"),
        (f"update runs.fct_user_weekly_summary set fee_cents = fee_cents * 1.01 where {WEEK}", "user_fees_difference_pct"),
        (f"update runs.fct_weekly_summary_final set volume_usd = volume_usd * 1.006 where {WEEK}", "volume_difference_pct"),
        (f"update runs.fct_weekly_summary_final set fees_usd = fees_usd * 0.99 where {WEEK}", "fees_difference_pct"),
        ("insert into raw.transactions select * replace ('x' || transaction_id as transaction_id) from raw.transactions"
         " where transaction_at between '2026-01-06' and '2026-01-08'", "volume_difference_pct"),
        (f"update runs.fct_weekly_summary_final set new_swappers = new_swappers + 1 where {WEEK}", "new_and_returning"),
        (f"update runs.fct_weekly_summary_final set new_swappers = new_swappers + 1 where {WEEK}", "newcomers_not_in_cohorts"),
        (f"update runs.fct_weekly_summary_final set is_complete = false where {WEEK}", "open_week"),
        (f"update runs.fct_weekly_summary_final set btc_usd = null where {WEEK}", "weeks_without_price"),
        ("update runs.fct_weekly_summary_final set final_fee_bps = 5", "fee_levels"),
        ("update runs.fct_weekly_summary_final set exclusion_reason = 'all of them' where week_number > 4", "usable_weeks"),
        ("insert into runs.fct_weekly_summary_final select * replace (99 as week_number) from runs.fct_weekly_summary_final"
         f" where {WEEK}", "duplicate_week"),
        ("update runs.fct_user_cohorts set retained_flag = 0 where k = 0 and first_seen_week = 9", "not_retained_at_0"),
        ("update runs.fct_user_cohorts set retained_flag = 0 where not is_mature", "open_with_flag"),
        ("update runs.fct_user_cohorts set retained_flag = 2 where k = 3 and is_mature", "wrong_flag"),
        ("update runs.fct_user_cohorts set retained_or_later_flag = 1 where is_mature and not is_followed", "open_follow_up_with_flag"),
        ("delete from runs.fct_user_cohorts where k = 5 and first_seen_week = 9", "weeks_missing"),
        ("delete from runs.fct_user_cohorts where first_seen_week = 9", "users_not_first_seen"),
        ("update runs.fct_user_cohorts set first_seen_fee_bps = null where first_seen_week = 9", "without_fee"),
    ],
)  # fmt: skip
def test_each_broken_row_is_caught(synthetic_month, spoiled, statement, check):
    spoiled.execute(statement)
    assert check in failed(spoiled, suite.candidate(synthetic_month.run))


USER_WEEK = "rowid = (select min(rowid) from runs.fct_user_weekly_summary where week_number = 20 and volume_cents > 0 and fee_cents > 0)"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select 1", set()),
        (f"delete from runs.fct_user_weekly_summary where {USER_WEEK}", {"user_volume", "user_fees"}),
        (f"insert into runs.fct_user_weekly_summary from runs.fct_user_weekly_summary where {USER_WEEK}", {"user_volume", "user_fees"}),
        (f"update runs.fct_user_weekly_summary set volume_cents = volume_cents + 1 where {USER_WEEK}", {"user_volume"}),
        (f"update runs.fct_user_weekly_summary set fee_cents = fee_cents + 0.01 where {USER_WEEK}", {"user_fees"}),
        (f"update runs.fct_weekly_summary_final set volume_usd = volume_usd - 0.01 where {WEEK}", {"volume", "user_volume"}),
        (f"update runs.fct_weekly_summary_final set fees_usd = fees_usd - 0.0001 where {WEEK}", {"fees", "user_fees"}),
    ],
    ids=["nothing", "a lost user", "a doubled user", "a cent of a user", "a fee of a user", "a cent of a week", "a fee of a week"],
)  # fmt: skip
def test_without_a_tolerance_weeks_agree_with_staging_and_users_to_the_smallest_fee(
    synthetic_month, spoiled, statement, expected
):
    rules = synthetic_month.run.rules.model_copy(update={"reconciliation_tolerance_pct": 0})
    spoiled.execute(statement)
    assets = suite.candidate(synthetic_month.run.model_copy(update={"rules": rules}))
    found = failed(spoiled, [asset for asset in assets if asset.name == "models.fee_tiers_reconciliation"])
    assert found == {f"{name}_difference_pct" for name in expected}


@pytest.mark.parametrize(
    ("copies", "checks"),
    [
        (1, set()),
        (2, {"volume_drop_pct_warning"}),
        (3, {"volume_drop_pct_warning", "volume_drop_pct_critical"}),
    ],
)
def test_fewer_weeks_of_users_than_the_month_before_held_warn_and_then_stop_the_run(
    synthetic_month, spoiled, copies, checks
):
    previous = PublishedRun(as_of_date="2026-06-01", run_key="20260601_20260601T070000_0123abcd")
    run = synthetic_month.run.model_copy(update={"previous_by_family": {"fee_tiers": previous}})
    spoiled.execute(
        f"insert into runs.fct_user_weekly_summary select rows.* replace ('{previous.run_key}' as run_key)"
        f" from runs.fct_user_weekly_summary as rows cross join range({copies})"
    )
    assert failed(spoiled, suite.candidate(run)) == checks


@pytest.mark.parametrize(
    ("where", "check"),
    [
        (
            "metric = 'retention_in_window' and horizon = 'week 7' and segment = '10 bps'",
            "tier_numbers_missing",
        ),
        ("metric = 'ltv_mean' and segment = '10 bps'", "tier_numbers_missing"),
        ("metric = 'avg_fee_paid_usd' and segment = 'whale'", "week_numbers_missing"),
        ("metric = 'effect_5bps_volume_usd' and segment = 'whale'", "size_numbers_missing"),
        ("metric = 'odds_ratio_5bps'", "other_numbers_missing"),
        ("metric = 'volume_share' and segment = 'whale'", "share_sum_off"),
        (
            "metric = 'retention_in_window' and horizon = 'week 0' and segment = '5 bps'",
            "cohort_users_not_counted",
        ),
    ],
)
def test_each_missing_number_is_caught(synthetic_month, spoiled, where, check):
    spoiled.execute(f"delete from runs.statistics where family = 'fee_tiers' and {where}")
    assert check in failed(spoiled, suite.statistics(synthetic_month.run))


def test_a_share_above_1_is_caught(synthetic_month, spoiled):
    spoiled.execute(
        "update runs.statistics set estimate = 1.5, ci_high = 2 where family = 'fee_tiers' and metric = 'new_share'"
        " and estimate is not null"
    )
    assert "share_outside_0_1" in failed(spoiled, suite.statistics(synthetic_month.run))
