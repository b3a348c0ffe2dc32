"""The same person has the same id in every table and month: else the run stops, and says what happened to the
ids."""

import pytest

from include.tidemark.sources.rows import raw_rows
from tests.validation.world import PREVIOUS, World

NUMBER = "cast(split_part(user_id, '-', 3) as bigint)"
NUMBERED = [
    f"update raw.{table} set user_id = '00' || cast({NUMBER} * 3 + {{start}} as varchar)"
    for table in ("users", "transactions")
]
CHANGES = {
    "blanks": ("user_id || '  '", 1000, "without the blanks around them"),
    "a tab": ("user_id || chr(9)", 1000, "without characters that are not shown"),
    "a byte order mark": ("chr(65279) || user_id", 1000, "without characters that are not shown"),
    "a float": ("cast(user_id as bigint) || '.0'", 1000, "without blanks, decimals, leading zeros and letter case"),
    "ten decimals": ("user_id || '.0000000000'", 1000, "without decimals such as .0"),
    "no leading zeros": ("ltrim(user_id, '0')", 1000, "without leading zeros"),
    "another case": ("'A' || user_id", 1000, "in another letter case"),
    "digits that a float does not hold": ("cast(cast(cast(user_id as double) as decimal(38, 0)) as varchar)", 2**53 + 1, "as floating numbers"),
}  # fmt: skip


def numbered(world: World, start: int = 1000) -> None:
    """Give people ids such as 001003."""
    world.sql(*(statement.format(start=start) for statement in NUMBERED))


@pytest.mark.parametrize("change", CHANGES)
def test_transactions_whose_ids_changed_stop_the_run_with_the_likely_cause(world: World, change: str) -> None:
    form, start, cause = CHANGES[change]
    numbered(world, start)
    if change == "another case":
        world.sql("update raw.users set user_id = 'a' || user_id")
    world.sql(f"update raw.transactions set user_id = {form}")
    severity, message = world.failures("sources")["unknown_user_pct"]
    assert severity == "critical"
    assert (
        "of the rows of raw.transactions are of users who are not in raw.users (allowed are 25 %; " in message
    )
    assert f"of the 300 ids are there {cause}" in message
    assert "00100" not in message and "9007" not in message


def test_ids_of_strangers_have_no_other_form(world: World) -> None:
    world.sql("update raw.transactions set user_id = 'guest-' || transaction_id")
    _, message = world.failures("sources")["unknown_user_pct"]
    assert "none of the ids is there in another form" in message


@pytest.mark.parametrize(("share", "stops"), [(20, False), (30, True)])
def test_some_strangers_only_warn_up_to_the_limit(world: World, share: int, stops: bool) -> None:
    world.sql(f"delete from raw.users where {NUMBER} % 100 < {share}")
    found = world.failures("sources")
    assert found["unknown_user"][0] == "warning"
    assert ("unknown_user_pct" in found) == stops


@pytest.fixture
def published(world: World) -> World:
    """A world whose users were in the last publication."""
    world.after_previous()
    world.sql(
        f"insert into runs.customer_segments select * replace ('{PREVIOUS.run_key}' as run_key, date '{PREVIOUS.as_of_date}' as as_of_date)"
        " from runs.customer_segments"
    )
    return world


def vanished(world: World) -> dict[str, tuple[str, str]]:
    return {name: told for name, told in world.failures("sources").items() if name.startswith("vanished")}


def test_users_who_are_still_there_have_not_vanished(published: World) -> None:
    assert vanished(published) == {}
    assert published.observed("sources", "vanished_users_critical") == 0


def test_a_month_in_which_all_ids_changed_alike_stops_with_the_likely_cause(published: World) -> None:
    for table in ("users", "transactions"):
        published.sql(f"update raw.{table} set user_id = user_id || '.0'")
    found = vanished(published)
    assert {name: level for name, (level, _) in found.items()} == {
        "vanished_users_warning": "warning",
        "vanished_users_critical": "critical",
    }
    message = found["vanished_users_critical"][1]
    assert (
        "100 % of the users in the publication of 2026-10-01 are in none of the source tables now" in message
    )
    assert "300 of the 300 ids are there without decimals such as .0" in message
    assert "secret-user" not in message


@pytest.mark.parametrize(
    ("gone", "levels"), [(9, set()), (15, set()), (24, {"warning"}), (75, {"warning", "critical"})]
)
def test_a_few_who_left_or_were_erased_do_not_stop_the_month(
    published: World, gone: int, levels: set[str]
) -> None:
    for table in ("users", "transactions"):
        published.sql(f"delete from raw.{table} where {NUMBER} < {gone}")
    assert {level for level, _ in vanished(published).values()} == levels


def test_those_who_are_in_another_source_table_have_not_vanished(published: World) -> None:
    published.run = published.run.model_copy(update={"sources": {"events": raw_rows("events")}})
    published.sql(
        "insert into raw.events (user_id) select user_id from raw.users",
        f"delete from raw.users where {NUMBER} < 75",
        f"delete from raw.transactions where {NUMBER} < 75",
    )
    assert vanished(published) == {}
