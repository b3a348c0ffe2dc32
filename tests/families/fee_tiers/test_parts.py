"""The small parts of the questions: covariate rows, open weeks, concentration, local days."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.tidemark.families.fee_tiers.local_days import local_day
from include.tidemark.families.fee_tiers.questions import all_weeks_name, tier_name, week_name
from include.tidemark.families.fee_tiers.retention_tables import all_tiers_rows, all_weeks_table, week_table
from include.tidemark.families.fee_tiers.size_rows import (
    concentration_rows,
    held_by_top,
    next_week_rows,
    week_rows,
)
from include.tidemark.statistics.config import StatisticsConfig
from include.tidemark.statistics.retention import RetentionCount
from include.tidemark.statistics.retention_model import retention_model
from tests.statistics.users import cells_of

CONFIG = StatisticsConfig("2026-07-01")
FIRST, LAST = datetime(2016, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)


def count(week, fee, k, n, successes):
    return {"first_seen_week": week, "fee_bps": fee, "k": k, "n": n, "successes": successes}


COUNTS = [
    count(week, fee, k, 100, 60 - fee - k)
    for week, fee in enumerate([1, 5, 10, 15, 20, 25, 10], start=1)
    for k in (1, 2)
]


def test_tiers_and_weeks_have_names_of_their_own():
    assert [tier_name(fee) for fee in (1.0, 2.5, 25.0)] == ["1 bps", "2.5 bps", "25 bps"]
    assert len({week_name(k) for k in range(60)}) == 60
    assert all_weeks_name(12) not in {week_name(k) for k in range(60)}


def test_a_week_model_has_one_row_a_fee_week_and_counts_each_user_once():
    table = week_table(COUNTS, 1)
    assert (table.table.size, table.users, table.is_open) == (700, 700, False)
    assert table.table.clusters is not None
    assert len(set(table.table.clusters.tolist())) == 7


def test_the_model_of_all_weeks_counts_a_user_once_though_it_sees_a_row_a_week():
    table = all_weeks_table(COUNTS)
    assert table.table.size == 1400
    rows = table.rows(retention_model(table.table, CONFIG))
    assert {row.n for row in rows} == {700}
    assert all(row.estimate is not None for row in rows)


def test_a_week_that_is_over_for_nobody_is_open_and_not_empty():
    table = week_table([count(1, 5.0, 9, 0, 0), count(2, 10.0, 9, 0, 0)], 9)
    rows = table.rows(retention_model(table.table, CONFIG, horizon="week 9"))
    assert {(row.reason, row.is_mature, row.estimate) for row in rows} == {
        ("window_not_complete", False, None)
    }


def test_all_tiers_together_count_only_users_whose_week_is_over():
    rows = all_tiers_rows(
        [
            RetentionCount("5 bps", "week 1", 100, 80, 40, 50),
            RetentionCount("10 bps", "week 1", 50, 20, 5, 9),
            RetentionCount("5 bps", "week 2", 100, 0, 0, 0),
        ],
        CONFIG,
    )
    assert [(row.horizon, row.estimate, row.n, row.reason) for row in rows] == [
        ("week 1", 0.45, 100, None),
        ("week 2", None, 0, "window_not_complete"),
    ]


def test_an_open_week_has_a_null_for_every_number_of_every_size():
    week = {"week_number": 1, "period_id": "P1", "is_complete": False}
    rows = [*week_rows([week], [], CONFIG), *next_week_rows([week], [], CONFIG)]
    assert len(rows) == 5 * 7
    assert {(row.estimate, row.reason, row.is_mature) for row in rows} == {
        (None, "window_not_complete", False)
    }


def test_the_last_whole_week_does_not_know_yet_who_comes_back():
    weeks = [{"week_number": n, "period_id": f"P{n}", "is_complete": n < 3} for n in (1, 2, 3)]
    followed = [{"week_number": 1, "segment": "whale", "users": 50, "again": 20}]
    rows = {(row.horizon, row.segment): row for row in next_week_rows(weeks, followed, CONFIG)}
    assert rows["P1", "whale"].estimate == 0.4
    assert rows["P1", "micro"].reason == "empty_segment"
    assert {rows[period, "whale"].reason for period in ("P2", "P3")} == {"window_not_complete"}


def test_without_users_nothing_is_said_of_the_concentration():
    assert {row.reason for row in concentration_rows([], CONFIG)} == {"empty_segment"}


def test_the_concentration_of_no_volume_is_null_with_a_reason():
    cells = [{"metric": "user_volume", "segment": "whale", "bin": "0", "n": 40, "s1": 0, "s2": 0, "s3": 0}]
    assert {(row.estimate, row.reason) for row in concentration_rows(cells, CONFIG)} == {
        (None, "zero_denominator")
    }


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.floats(0.01, 1))
@settings(max_examples=40)
def test_the_top_users_hold_at_least_their_part_and_at_most_everything(volumes, share):
    held = held_by_top(cells_of(volumes), share)
    ordered = sorted(volumes, reverse=True)
    whole = int(share * len(volumes))
    assert sum(ordered[:whole]) / sum(volumes) - 1e-9 <= held <= 1 + 1e-9
    assert held >= share - 1e-9


@pytest.mark.parametrize(
    "zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Etc/GMT+5", "Asia/Kolkata", "UTC"]
)
def test_the_local_day_is_that_of_the_time_zone_also_in_the_nights_when_clocks_change(zone):
    sql = local_day("moment", zone, FIRST, LAST)
    moments = [FIRST + timedelta(hours=7 * step, minutes=13) for step in range(13_000)]
    moments += [
        datetime(2025, month, day, hour, 30, tzinfo=UTC)
        for month, days in (
            (3, (8, 9, 10, 29, 30, 31)),
            (10, (4, 5, 25, 26, 27)),
            (11, (1, 2, 3)),
            (4, (5, 6)),
        )
        for day in days
        for hour in range(24)
    ]
    moments = [moment for moment in moments if moment < LAST]
    with duckdb.connect() as connection:
        connection.execute("create table moments (place integer, moment timestamp)")
        connection.executemany(
            "insert into moments values (?, ?)",
            [(n, m.replace(tzinfo=None)) for n, m in enumerate(moments[-2500:])],
        )
        found = connection.execute(f"select {sql} from moments order by place").fetchall()
    assert [day for (day,) in found] == [
        moment.astimezone(ZoneInfo(zone)).date() for moment in moments[-2500:]
    ]
