"""Who is in the data, and the dirt in them: shares in the raw rows are the planted ones."""

import pytest

from include.tidemark.demo.synthetic import truth
from include.tidemark.demo.synthetic.clock import BUSINESS_TIMEZONE, SUMMER_TIMES

from .conftest import USERS


def one(data, sql):
    ((value,),) = data.execute(sql).fetchall()
    return value


@pytest.mark.parametrize("platform", truth.PLATFORM_SHARES)
def test_platforms(holds_share, platform):
    holds_share(
        f"select count(*) filter (platform = '{platform}'), count(*) from raw.users",
        truth.PLATFORM_SHARES[platform],
    )


def test_test_users(holds_share):
    holds_share("select count(*) filter (is_test_user), count(*) from raw.users", truth.TEST_USER_SHARE)


def test_every_user_is_there_once_and_signed_up_within_the_18_months(data):
    assert one(data, "select count(distinct user_id) from raw.users") == USERS
    assert data.execute("select min(created_date), max(created_date) from people").fetchall() == [
        (truth.FIRST_DAY, truth.LAST_DAY)
    ]


def test_events_and_transactions_end_with_the_last_local_day(data):
    for view in ("happened", "posted"):
        assert one(data, f"select max(day) from {view}") == truth.LAST_DAY


def test_local_days_are_those_of_the_business_time_zone(data):
    """The generator's own summer times against the zone's: a day's rows are between 6:00 and 24:00 on both
    sides."""
    for first, end in SUMMER_TIMES:
        for day, hours in ((first, 4), (end, 5)):
            assert (
                one(
                    data,
                    f"select date_diff('hour', timestamp '{day} 12:00:00',"
                    f" timezone('UTC', timezone('{BUSINESS_TIMEZONE}', timestamp '{day} 12:00:00')))",
                )
                == hours
            )
    local_hour = "hour(timezone('America/New_York', timezone('UTC', event_at)))"
    assert one(data, f"select min({local_hour}) from happened") == 6


def test_events_that_arrive_twice_are_alike_in_everything(data, holds_share):
    holds_share(
        "select count(*) - count(distinct event_id), count(distinct event_id) from raw.events",
        truth.REDELIVERED_SHARE,
    )
    assert one(data, "select max(n) from (select count(*) as n from raw.events group by event_id)") == 2
    assert one(data, "select count(*) from (select distinct * from raw.events)") == one(
        data, "select count(distinct event_id) from raw.events"
    )


@pytest.mark.parametrize(("table", "happened"), [("events", "event_at"), ("transactions", "transaction_at")])
def test_late_rows(holds_share, table, happened):
    holds_share(
        f"select count(*) filter (_loaded_at > {happened} + interval 3 day), count(*) from"
        f" (select distinct * from raw.{table})",
        truth.LATE_SHARE,
    )


def test_some_log_in_before_their_account_was_created(holds_share, data):
    holds_share(
        "select count(distinct user_id) filter (event_at < created_at),"
        " count(distinct user_id) from happened inner join people using (user_id)",
        truth.BEFORE_SIGN_UP_SHARE,
    )
    early = "select distinct event_name from happened inner join raw.users using (user_id) where event_at < created_at"
    assert data.execute(early).fetchall() == [("login",)]


def test_some_users_have_no_event(data):
    without = one(data, "select count(*) from raw.users anti join raw.events using (user_id)")
    assert 0 < without == one(data, "select count(*) from truth.users where is_silent")


@pytest.mark.parametrize(
    ("condition", "share"),
    [
        ("status is null", truth.NULL_STATUS_SHARE),
        ("status = ' Posted'", truth.SPELLED_STATUS_SHARE),
        ("category is null", truth.NULL_CATEGORY_SHARE),
        ("category = ''", truth.BLANK_CATEGORY_SHARE),
    ],
)
def test_blanks_among_the_purchases(holds_share, condition, share):
    holds_share(f"select count(*) filter ({condition}), count(*) from posted where amount > 0", share)


@pytest.mark.parametrize(
    ("condition", "share"),
    [
        ("amount_usd < 0", truth.REFUND_SHARE),
        ("status = 'declined'", truth.DECLINED_SHARE),
        ("status = 'Pending'", truth.PENDING_SHARE),
        ("status = 'disputed'", truth.UNKNOWN_STATUS_SHARE),
    ],
)
def test_rows_around_the_purchases(holds_share, condition, share):
    """Per week in which a user buys, which the transaction's id names."""
    holds_share(
        f"select count(*) filter ({condition}), count(distinct split_part(transaction_id, '-', 1) || '-'"
        " || split_part(transaction_id, '-', 2)) from raw.transactions",
        share,
    )


def test_ids_of_transactions_are_unique(data):
    assert one(data, "select count(*) - count(distinct transaction_id) from raw.transactions") == 0


def test_amounts_have_heavy_tails(data):
    log_sd = one(data, "select stddev(ln(amount)) from posted where amount > 0")
    assert log_sd > 1.5
    top = one(
        data,
        "select sum(amount) filter (amount >= (select quantile_cont(amount, 0.99) from posted where amount > 0))"
        " / sum(amount) from posted where amount > 0",
    )
    assert top > 0.3, "one purchase in a hundred makes a third of the volume"
