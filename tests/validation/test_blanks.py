"""Blank is null everywhere: also in a raw table that others fill, which no load of ours has read."""

import pytest

from tests.validation.world import World


@pytest.mark.parametrize("blank", ["''", "'  '"])
@pytest.mark.parametrize(
    ("table", "column"),
    [("users", "user_id"), ("transactions", "user_id"), ("transactions", "transaction_id")],
)
def test_a_blank_id_stops_the_month_as_a_null_does(world: World, table: str, column: str, blank: str) -> None:
    world.sql(f"update raw.{table} set {column} = {blank} where rowid = 0")
    severity, message = world.failures("sources")[f"null_{column}"]
    assert severity == "critical"
    assert f"raw.{table}.{column} is null or blank in some rows (1)" in message


def test_ids_that_are_blank_in_both_tables_are_no_customer(world: World) -> None:
    world.sql(
        "update raw.users set user_id = '' where rowid = 0",
        "update raw.transactions set user_id = '' where rowid < 100",
    )
    found = world.failures("sources")
    assert {name for name, (severity, _) in found.items() if severity == "critical"} == {"null_user_id"}


def test_a_blank_event_name_and_a_word_for_nothing_as_a_session_stop_the_month(world: World) -> None:
    world.run = world.run.model_copy(update={"families": ("engagement",)})
    world.sql(
        "insert into raw.events (event_id, user_id, event_name, event_at, session_id, _loaded_at)"
        " select user_id, user_id, if(user_id = 'secret-user-1', ' ', 'login'), timestamp '2026-10-30 12:00:00',"
        " ['s', 'NULL', '', null][1 + cast(split_part(user_id, '-', 3) as integer) % 4], timestamp '2026-11-01' from raw.users"
    )
    found = world.failures("sources")
    assert {name for name, (severity, _) in found.items() if severity == "critical"} == {
        "null_event_name",
        "null_word_session_id",
    }
    assert (
        "raw.events.session_id holds a word for nothing, such as NULL or nan, in some rows (75)"
        in found["null_word_session_id"][1]
    )


def test_a_blank_status_counts_as_posted_as_a_null_does(world: World) -> None:
    ((before,),) = world.rows(
        "select sum(amount_cents) from staging.stg_transactions where status = 'posted'"
    )
    world.sql("update raw.transactions set status = case when rowid % 2 = 0 then '' else '  ' end")
    assert world.failures("sources") == {}
    assert world.failures("models") == {}
    assert world.rows("select sum(amount_cents) from staging.stg_transactions where status = 'posted'") == [
        (before,)
    ]
