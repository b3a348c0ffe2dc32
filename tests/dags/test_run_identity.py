"""Every way to start a run resolves to the right date; runs on every supported Airflow version."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.tidemark.as_of import resolve_as_of_date
from include.tidemark.errors import RunIdentityError
from include.tidemark.pipeline.dbt_variables import dbt_variables
from include.tidemark.rules import load_rules
from include.tidemark.run import RUN_KEY, Run, RunOptions, make_run_key

NEW_YORK = "America/New_York"
RUN_AFTER = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def test_a_scheduled_run_is_as_of_the_local_date_of_its_interval_end():
    end = datetime(2017, 10, 1, 6, 0, tzinfo=UTC)  # 02:00 in New York
    assert resolve_as_of_date(None, end, end, NEW_YORK) == date(2017, 10, 1)


def test_a_backfill_run_is_as_of_its_interval_end_and_not_of_the_day_it_runs():
    end = datetime(2017, 10, 1, 6, 0, tzinfo=UTC)
    assert resolve_as_of_date(None, end, RUN_AFTER, NEW_YORK) == date(2017, 10, 1)


def test_a_manual_run_without_a_logical_date_is_as_of_the_local_day_it_is_due():
    late_evening_in_new_york = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
    assert resolve_as_of_date(None, None, late_evening_in_new_york, NEW_YORK) == date(2026, 11, 1)


def test_the_parameter_wins_over_the_interval():
    end = datetime(2017, 10, 1, 6, 0, tzinfo=UTC)
    assert resolve_as_of_date("2017-06-15", end, RUN_AFTER, NEW_YORK) == date(2017, 6, 15)


def test_today_is_the_latest_date_that_is_accepted():
    assert resolve_as_of_date("2026-11-01", None, RUN_AFTER, NEW_YORK) == date(2026, 11, 1)


@pytest.mark.parametrize("day", ["2026-11-02", "2999-01-01"])
def test_a_date_in_the_future_is_refused_with_the_date_to_use(day):
    with pytest.raises(RunIdentityError, match="in the future.*use 2026-11-01 or an earlier date"):
        resolve_as_of_date(day, None, RUN_AFTER, NEW_YORK)


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "01/11/2026", "2026-02-30", "'; drop table users; --"]
)
def test_an_unparsable_date_is_refused_with_an_example(text):
    with pytest.raises(RunIdentityError, match="write it as YYYY-MM-DD"):
        resolve_as_of_date(text, None, RUN_AFTER, NEW_YORK)


@given(
    day=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    started=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
    run_id=st.text(max_size=50),
    clear_number=st.integers(min_value=0, max_value=9),
)
def test_a_run_key_is_safe_in_sql_file_names_and_urls_and_repeats_on_a_retry(
    day, started, run_id, clear_number
):
    started = started.replace(tzinfo=UTC)
    key = make_run_key(day, started, run_id, clear_number)
    assert RUN_KEY.fullmatch(key)
    assert key == make_run_key(day, started, run_id, clear_number)
    assert key != make_run_key(day, started, run_id, clear_number + 1)


@pytest.mark.parametrize(("parameter", "lookbacks"), [(None, (3, 2)), (0, (0, 0)), (14, (14, 14))])
def test_a_look_back_that_was_asked_for_replaces_those_of_all_rules(parameter, lookbacks):
    rules = load_rules(environ={})
    run = Run(
        as_of_date=date(2026, 11, 1),
        run_key="20261101_20261101T060000_0a1b2c3d",
        started_at=RUN_AFTER,
        dag_run_id="r",
        families=("customer_segments",),
        rules=rules,
        rules_hash=rules.digest(),
        code_version="test",
        options=RunOptions(lookback_days=parameter),
    )
    variables = dbt_variables(run)
    assert (variables["lookback_days"], variables["lookback_window_days"]) == lookbacks
