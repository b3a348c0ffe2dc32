"""The family fee_tiers by the real dbt, held against a second computation: plain Python, one user at a
time."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.dbt.fee_tiers_oracle import (
    AS_OF,
    EXCLUSIONS,
    FIRST,
    PERIODS,
    SIZES,
    TESTERS,
    Recomputed,
    fee_weeks,
    sample,
)
from tests.dbt.selection import selection
from tests.statistics.users import cells_of_users

RUN = {"as_of_date": AS_OF.isoformat(), "run_key": "now"}
SELECTION = (
    *selection("fee_tiers"), "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test", "seed",
)  # fmt: skip


def build(warehouse: Any, run: dict[str, Any], *arguments: str) -> None:
    result = warehouse.dbt("build", *SELECTION, *arguments, run=run)
    assert result.returncode == 0, result.output


@pytest.fixture(scope="module")
def raw(
    all_table_definitions: list[str], tmp_path_factory: pytest.TempPathFactory, raw_warehouse: Any
) -> Any:
    warehouse = raw_warehouse.copy_to(tmp_path_factory.mktemp("fee_tiers_raw"))
    for table in ("users", "transactions"):
        warehouse.execute(f"delete from raw.{table}")
    loaded = datetime(2026, 2, 1)
    users = sorted({row[1] for row in sample()})
    warehouse.insert(
        "raw.users",
        [
            (u, datetime(2025, 1, 1), "web", "US", u in TESTERS, f"name of {u}", f"{u}@example.org", loaded)
            for u in users[1:]
        ],
    )
    warehouse.insert("raw.transactions", sample())
    warehouse.insert("raw.fee_periods", [(*period, loaded) for period in PERIODS])
    prices = [FIRST + timedelta(days=day) for day in range(-30, 130)]
    warehouse.insert(
        "raw.market_prices",
        [(day, 60000.0 + 7 * place, 3000.0 + place, loaded) for place, day in enumerate(prices)],
    )
    return warehouse


@pytest.fixture(scope="module")
def built(raw: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    warehouse = raw.copy_to(tmp_path_factory.mktemp("fee_tiers_built"))
    seed(warehouse)
    build(warehouse, RUN)
    warehouse.publish(1, RUN["as_of_date"], RUN["run_key"])
    return warehouse


def seed(warehouse: Any) -> None:
    """The seed as a deployment fills it. dbt's own would replace it by the file, which is empty."""
    warehouse.execute("create schema if not exists staging")
    warehouse.execute(
        "create or replace table staging.fee_week_exclusions (first_day date, last_day date, reason varchar)"
    )
    warehouse.insert("staging.fee_week_exclusions", EXCLUSIONS)


@pytest.fixture(scope="module")
def expected() -> Recomputed:
    return Recomputed(sample(), AS_OF)


def test_the_calendar_holds_every_day_of_every_period_in_weeks_of_at_most_seven_days(built, expected):
    rows = built.rows(
        "select week_number, period_id, week_start_date, week_end_date, final_fee_bps, is_complete, is_full_week,"
        " exclusion_reason from runs.fee_weeks order by week_number"
    )
    assert rows == [
        (w["number"], w["period_id"], w["start"], w["end"], w["fee"], w["complete"], w["full"], w["reason"])
        for w in expected.weeks
    ]
    assert {row[1] for row in rows} >= {"P00", "long.01", "long.06", "last.01"}
    assert any(not row[5] for row in rows)
    assert any(row[7] for row in rows)


def test_everybody_is_first_seen_where_the_raw_rows_say_and_has_a_reason_for_no_cohort(built, expected):
    rows = built.dicts("select * from runs.int_user_first_seen order by user_id")
    assert [row["user_id"] for row in rows] == sorted(expected.first)
    for row in rows:
        user, week = row["user_id"], expected.first_week[row["user_id"]]
        assert row["first_seen_date"] == expected.first[user]
        assert (row["first_seen_week"], row["first_seen_period_id"], row["first_seen_fee_bps"]) == (
            (None, None, None) if week is None else (week["number"], week["period_id"], week["fee"])
        )
        if user in expected.cohort:
            assert row["left_out_reason"] is None
            assert row["weeks_observed"] == expected.observed(user)
            assert row["last_seen_week"] == max(n for u, n in expected.swaps if u == user)
        elif week is None:
            early = expected.first[user] < PERIODS[0][1]
            assert row["left_out_reason"] == ("before_fee_periods" if early else "outside_fee_periods")
        else:
            assert row["left_out_reason"] == ("no_fee_known" if week["fee"] is None else "excluded_week")
    found = {row["left_out_reason"] for row in rows}
    assert found == {None, "before_fee_periods", "outside_fee_periods", "no_fee_known", "excluded_week"}
    assert not TESTERS & {row["user_id"] for row in rows}
    assert "refund only" not in {row["user_id"] for row in rows}
    assert "midnight of the date" not in {row["user_id"] for row in rows}


def test_each_user_week_holds_the_swaps_volume_fees_and_size_of_the_raw_rows(built, expected):
    rows = built.dicts("select * from runs.fct_user_weekly_summary")
    assert {(row["user_id"], row["week_number"]) for row in rows} == set(expected.fees)
    for row in rows:
        key = (row["user_id"], row["week_number"])
        swaps = expected.swaps.get(key, [])
        assert (row["swaps_count"], row["volume_cents"]) == (len(swaps), sum(swaps))
        assert row["fee_cents"] == expected.fees[key] * 100
        assert row["segment"] == (expected.size[key] if swaps else None)
        level = {0: None, 1: "low"}.get(len(swaps), "medium" if len(swaps) < 5 else "high")
        assert row["engagement_level"] == level
        week = expected.first_week[key[0]]
        assert row["is_new"] == (week is not None and week["number"] == key[1])
        following = (
            (key[0], key[1] + 1) in expected.swaps if swaps and key[1] < expected.last_complete else None
        )
        assert row["swapped_next_week"] == following
    assert {row["segment"] for row in rows} == {*SIZES, None}
    assert {row["engagement_level"] for row in rows} == {"low", "medium", "high", None}


@pytest.mark.parametrize(
    ("dollars", "size"),
    [("99.99", "micro"), ("100", "small"), ("999.99", "small"), ("1000", "medium"), ("9999.99", "medium"),
     ("10000", "large"), ("100000", "large"), ("100000.01", "whale")],
)  # fmt: skip
def test_a_volume_at_a_threshold_has_the_size_that_the_rule_gives_it(built, dollars, size):
    found = built.rows(
        "select segment from runs.fct_user_weekly_summary where user_id = ?", [f"at {dollars}"]
    )
    assert found == [(size,)]


def test_the_weekly_summary_is_the_sum_of_its_users(built, expected):
    rows = built.dicts("select * from runs.fct_weekly_summary_final order by week_number")
    assert len(rows) == len(expected.weeks)
    for row in rows:
        active = [user for user, number in expected.swaps if number == row["week_number"]]
        new = [u for u in active if (expected.first_week[u] or {}).get("number") == row["week_number"]]
        assert (row["swappers"], row["new_swappers"], row["returning_swappers"]) == (
            len(active),
            len(new),
            len(active) - len(new),
        )
        swaps = [s for (_, n), values in expected.swaps.items() if n == row["week_number"] for s in values]
        assert row["swaps_count"] == len(swaps)
        assert row["volume_usd"] == Decimal(sum(swaps)) / 100
        assert row["fees_usd"] == sum(
            (f for (_, n), f in expected.fees.items() if n == row["week_number"]), Decimal(0)
        )
    week = expected.weeks[1]
    days = [(week["start"] - FIRST).days + 30 + d for d in range(7)]
    assert rows[1]["btc_usd"] == pytest.approx(np.mean([60000 + 7 * d for d in days]))
    assert rows[1]["eth_usd"] == pytest.approx(np.mean([3000 + d for d in days]))
    unfinished = [row for row in rows if not row["is_complete"]]
    assert [row["period_id"] for row in unfinished] == [
        w["period_id"] for w in expected.weeks if not w["complete"]
    ]


def test_everybody_of_a_cohort_has_every_week_with_a_flag_exactly_where_the_week_is_over(built, expected):
    rows = {(row["user_id"], row["k"]): row for row in built.dicts("select * from runs.fct_user_cohorts")}
    assert set(rows) == {(user, k) for user in expected.cohort for k in range(13)}
    for (user, k), row in rows.items():
        number = expected.cohort[user]["number"]
        mature = k == 0 or k < expected.observed(user)
        followed = k + 4 < expected.observed(user)
        later = any(u == user and number + k <= n <= number + k + 4 for u, n in expected.swaps)
        assert row["is_mature"] == mature
        assert row["retained_flag"] == (int((user, number + k) in expected.swaps) if mature else None)
        assert row["is_followed"] == followed
        assert row["retained_or_later_flag"] == (int(later) if followed else None)
        fee = expected.fees.get((user, number + k), Decimal(0)) * 100
        assert row["fee_cents"] == (fee if k < expected.observed(user) else None)
        if k == 0:
            assert row["retained_flag"] == 1
    assert any(not row["is_mature"] for row in rows.values())


def test_the_value_cells_hold_the_sums_that_the_statistics_make_of_the_same_users(built, expected):
    users = sorted(expected.cohort)
    numbers = [expected.cohort[user]["number"] for user in users]
    fees = [
        [float(expected.fees.get((user, number + k), 0)) for k in range(12)]
        for user, number in zip(users, numbers, strict=True)
    ]
    observed = [expected.observed(user) for user in users]
    tiers = [f"{expected.cohort[user]['fee']:g}" for user in users]
    cells = cells_of_users(fees, observed, tiers, rates=[0.0, 0.05, 0.1])
    found = built.dicts(
        "select first_seen_fee_bps, horizon_weeks, discount_rate_pct, sum(n)::bigint as n, sum(s1)::bigint as s1,"
        " sum(s2)::hugeint as s2 from runs.fee_ltv_cells group by all"
    )
    assert {
        (f"{row['first_seen_fee_bps']:g}", row["horizon_weeks"], row["discount_rate_pct"] / 100)
        for row in found
    } == {key for key, held in cells.items() if held.size}
    for row in found:
        held = cells[f"{row['first_seen_fee_bps']:g}", row["horizon_weeks"], row["discount_rate_pct"] / 100]
        assert row["n"] == held.size
        # A half of a hundredth of a cent may be rounded either way.
        assert row["s1"] == pytest.approx(held.sums[0], abs=held.size)
        assert row["s2"] == pytest.approx(float(held.sums[1]), rel=1e-6)


def test_the_volume_cells_hold_the_logarithms_of_the_user_weeks(built, expected):
    found = built.dicts(
        "select week_number, segment, sum(n)::bigint as n, sum(log_sum_units)::double / 1e9 as logs,"
        " sum(log_square_sum_units)::double / 1e9 as squares from runs.fee_volume_cells group by all"
    )
    groups: dict[tuple[int, str], list[float]] = defaultdict(list)
    for (user, number), swaps in expected.swaps.items():
        groups[number, expected.size[user, number]].append(float(np.log1p(sum(swaps) / 100)))
    assert {(row["week_number"], row["segment"]) for row in found} == set(groups)
    for row in found:
        logs = np.array(groups[row["week_number"], row["segment"]])
        assert row["n"] == len(logs)
        assert (row["logs"], row["squares"]) == pytest.approx((logs.sum(), (logs**2).sum()), abs=1e-6)


def test_the_published_views_show_dollars_and_the_week_of_each_row(built, expected):
    rows = built.dicts("select * from marts.fct_user_weekly_summary_current")
    assert rows
    periods = {week["period_id"]: week for week in expected.weeks}
    for row in rows[:50]:
        week = periods[row["period_id"]]
        key = (row["user_address"], week["number"])
        assert row["volume_usd"] == Decimal(sum(expected.swaps.get(key, []))) / 100
        assert row["fees_usd"] == expected.fees[key]
        assert row["final_fee_bps"] == week["fee"]
    (weeks,) = built.rows("select count(*) from marts.fct_weekly_summary_final")[0]
    assert weeks == len(expected.weeks)
    assert built.rows("select count(*) from marts.fct_user_cohorts_current") == [(13 * len(expected.cohort),)]
    for view in ("fct_user_weekly_summary", "fct_user_cohorts"):
        assert built.rows(
            f"select count(*) from marts.{view} where user_id is distinct from user_address"
        ) == [(0,)]


def test_the_median_swap_decides_the_size_where_the_rule_says_so(raw, tmp_path):
    warehouse = raw.copy_to(tmp_path)
    seed(warehouse)
    build(warehouse, {**RUN, "trade_size_basis": "median_swap"})
    wanted = Recomputed(sample(), AS_OF, basis="median_swap")
    found = warehouse.rows(
        "select user_id, week_number, segment from runs.fct_user_weekly_summary where swaps_count > 0"
    )
    assert {(user, number): size for user, number, size in found} == wanted.size
    assert wanted.size != Recomputed(sample(), AS_OF).size


def test_an_old_date_gives_the_same_rows_after_newer_rows_arrived(built, tmp_path):
    warehouse = built.copy_to(tmp_path)
    old = {"as_of_date": "2026-01-20", "run_key": "old"}
    build(warehouse, old)
    tables = ("fee_weeks", "int_user_first_seen", "fct_user_weekly_summary", "fct_weekly_summary_final",
              "fct_user_cohorts", "fee_ltv_cells", "fee_segment_cells", "fee_volume_cells")  # fmt: skip
    columns = "* exclude (run_key)"
    before = {
        name: warehouse.rows(f"select {columns} from runs.{name} where run_key = 'old' order by all")
        for name in tables
    }
    newest = datetime(2026, 4, 1)
    moments = [datetime(2026, 1, 20, 5), datetime(2026, 2, 3, 12), datetime(2026, 3, 10, 12)]
    late = [("late", moment) for moment in moments] + [("U03", moment) for moment in moments]
    warehouse.insert(
        "raw.transactions",
        [
            (f"N{n}", user, moment, Decimal(77), Decimal(1), "A", "posted", newest)
            for n, (user, moment) in enumerate(late)
        ],
    )
    warehouse.execute(
        "update raw.fee_periods set period_end_date = date '2026-03-09' where period_id = 'last'"
    )
    warehouse.insert("raw.fee_periods", [("next", date(2026, 3, 10), date(2026, 3, 16), 20.0, newest)])
    warehouse.insert("raw.market_prices", [(date(2026, 4, 20), 1.0, 1.0, newest)])
    build(warehouse, {"as_of_date": "2026-01-20", "run_key": "again"})
    for name in tables:
        again = warehouse.rows(f"select {columns} from runs.{name} where run_key = 'again' order by all")
        assert again == before[name], name


def test_overlapping_fee_periods_stop_the_run(raw, tmp_path):
    warehouse = raw.copy_to(tmp_path)
    seed(warehouse)
    warehouse.insert(
        "raw.fee_periods",
        [("twice", FIRST + timedelta(days=3), FIRST + timedelta(days=4), 9.0, datetime(2026, 2, 1))],
    )
    with pytest.raises(AssertionError, match="fee_periods_do_not_overlap"):
        build(warehouse, RUN)


def test_without_any_known_day_to_leave_out_the_seed_is_empty_and_no_week_is_excluded(raw, tmp_path):
    warehouse = raw.copy_to(tmp_path)
    result = warehouse.dbt(
        "build", "--select", "+fee_weeks", "--exclude-resource-type", "test", "unit_test", run=RUN
    )
    assert result.returncode == 0, result.output
    with duckdb.connect(str(warehouse.path)) as connection:
        found = connection.execute("select count(*), count(exclusion_reason) from runs.fee_weeks").fetchone()
    assert found == (len(fee_weeks(AS_OF)), 0)
