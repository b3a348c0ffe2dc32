"""Which months a backfill is of, and what it refuses before anything is begun."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.tidemark.backfill.request import BackfillRequest, make_request
from include.tidemark.errors import RunIdentityError
from include.tidemark.settings import Settings

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
RANGE = {"from_date": "2026-09-01", "to_date": "2026-11-01"}
DAYS = st.dates(date(2015, 1, 1), date(2024, 12, 31))


def make(parameters, warehouse="duckdb", now=NOW):
    return make_request(RANGE | parameters, Settings(warehouse=warehouse), now, "America/New_York")


@given(first=DAYS, length=st.integers(0, 3000))
def test_the_months_are_the_firsts_between_the_two_days_oldest_first(first, length):
    last = first + timedelta(days=length)
    days = [first + timedelta(days=n) for n in range(length + 1)]
    expected = tuple(day for day in days if day.day == 1)
    if not expected:
        with pytest.raises(ValueError, match="no first of a month"):
            BackfillRequest(from_date=first, to_date=last)
    else:
        assert BackfillRequest(from_date=first, to_date=last).months == expected


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"from_date": "2026-12-01"}, "from_date is after to_date"),
        ({"from_date": "2026-09-02", "to_date": "2026-09-30"}, "no first of a month"),
        ({"from_date": "September"}, "The parameter from_date of the backfill can't be used"),
        ({"to_date": "2026-12-01"}, "the month as of 2026-12-01, which is not over"),
        ({"from_date": "2010-01-01"}, "ask for 120 or fewer"),
        ({"max_parallel": 0}, "The parameter max_parallel"),
        ({"max_parallel": 9}, "The parameter max_parallel"),
        ({"max_parallel": 2}, "A DuckDB file serves one process"),
        ({"dry_run": False}, "needs a reason"),
        ({"dry_run": False, "reason": " \n "}, "needs a reason"),
        ({"dry_run": False, "reason": "x" * 501}, "500 or fewer"),
    ],
)
def test_what_can_not_be_asked_for_is_one_sentence(parameters, said):
    with pytest.raises(RunIdentityError, match=said) as refused:
        make(parameters)
    assert "\n" not in str(refused.value)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine at work is no fault
@given(
    st.dictionaries(
        st.sampled_from(sorted(BackfillRequest.model_fields)),
        st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.lists(st.text())),
    )
)
def test_whatever_a_form_holds_is_taken_or_refused_with_one_error(parameters):
    try:
        make(parameters)
    except RunIdentityError:
        return


def test_it_is_a_dry_run_unless_it_is_told_otherwise_and_needs_no_reason_then():
    request = make({})
    assert (request.dry_run, request.reason, request.stop_on_failure, request.publish) == (
        True,
        None,
        True,
        True,
    )


def test_the_month_that_begins_in_the_business_zone_is_the_newest_that_is_over():
    late = datetime(2026, 12, 1, 3, tzinfo=UTC)  # 22:00 of 30 November in New York
    with pytest.raises(RunIdentityError, match="the newest that is, is 2026-11-01"):
        make({"to_date": "2026-12-01"}, now=late)
    assert make({"to_date": "2026-12-01"}, now=late + timedelta(hours=3)).months[-1] == date(2026, 12, 1)


def test_a_full_refresh_is_of_the_first_month_alone():
    request = make({"full_refresh": True})
    asked = [request.parameters(day, None)["full_refresh"] for day in request.months]
    assert asked == [True, False, False]


def test_snowflake_may_compute_months_at_once():
    assert make({"max_parallel": 3}, warehouse="snowflake").max_parallel == 3
