"""A month that did not arrive, or not whole, is noticed although all months together have hardly fewer
rows."""

import re

import pytest

from include.tidemark.run import RunOptions
from tests.validation.world import World

FAILED = tuple[str, str]
_FOUR_MONTHS = """
    delete from raw.events;
    insert into raw.events (event_id, user_id, event_name, event_at, _loaded_at)
    select 'e' || row_number() over (), (select min(user_id) from raw.users), 'login', happened, timestamp '2026-11-01 08:00:00'
    from (select unnest(generate_series(timestamp '{since}', timestamp '2026-11-01 03:59:00', interval '{every}')) as happened)
"""
_NOT_IN_OCTOBER = "delete from raw.events where event_at >= timestamp '2026-10-01 04:00:00'"


@pytest.fixture
def world(world: World) -> World:
    """An event every 20 minutes, from the last of June to the end of October in New York."""
    world.run = world.run.model_copy(update={"families": ("engagement",)})
    world.sql(_FOUR_MONTHS.format(since="2026-06-30 04:00:00", every="20 minutes"))
    return world


def found(world: World) -> dict[str, FAILED]:
    return {name: told for name, told in world.failures("sources").items() if name.startswith("newest_month")}


def test_a_month_like_those_before_it_is_silent(world: World) -> None:
    assert found(world) == {}


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("", {"newest_month_drop_critical", "newest_month_drop_warning", "newest_month_empty_days_critical", "newest_month_empty_days_warning"}),
        (" and event_id not in (select min(event_id) from raw.events where event_at >= timestamp '2026-10-20' )",
         {"newest_month_drop_critical", "newest_month_drop_warning", "newest_month_empty_days_critical",
          "newest_month_empty_days_warning", "newest_month_silent_hours"}),
        (" and event_at >= timestamp '2026-10-22 04:00:00'",
         {"newest_month_drop_warning", "newest_month_empty_days_critical", "newest_month_empty_days_warning"}),
        (" and event_at >= timestamp '2026-10-28 04:00:00'", {"newest_month_empty_days_warning"}),
        (" and event_at >= timestamp '2026-10-30 04:00:00'", set()),
        (" and extract(hour from event_at) = 12", {"newest_month_silent_hours"}),
        (" and extract(hour from event_at) < 16", {"newest_month_drop_critical", "newest_month_drop_warning", "newest_month_silent_hours"}),
    ],
    ids=["all of it", "all but one row", "ten days", "four days", "two days", "one hour of each day", "16 hours of each day"],
)  # fmt: skip
def test_what_is_missing_of_it_is_told(world: World, gone: str, expected: set[str]) -> None:
    world.sql(_NOT_IN_OCTOBER + gone)
    told = found(world)
    assert set(told) == expected
    assert all(
        severity == ("critical" if name.endswith("critical") else "warning")
        for name, (severity, _) in told.items()
    )
    assert all("raw.events in 2026-10" in sentence for _, sentence in told.values())


def test_the_sentence_has_the_figures_and_says_how_to_go_on_where_it_is_meant(world: World) -> None:
    world.sql(_NOT_IN_OCTOBER + " and event_at >= timestamp '2026-10-10 04:00:00'")
    severity, sentence = found(world)["newest_month_drop_critical"]
    assert severity == "critical" and re.search(
        r"has 648 rows, 70(\.0*)? % fewer than the weakest of the 3 months before, which has 2160", sentence
    )
    assert sentence.endswith("(`tidemark run --allow-missing events`).")
    options = RunOptions(allow_missing=("events",))
    world.run = world.run.model_copy(update={"options": options})
    assert {severity for severity, _ in found(world).values()} == {"warning"}


def test_the_first_month_of_a_history_is_never_compared_with_because_it_may_be_half_a_month(
    world: World,
) -> None:
    world.sql(_FOUR_MONTHS.format(since="2026-09-10 04:00:00", every="20 minutes"), _NOT_IN_OCTOBER)
    assert found(world) == {}


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("2026-04-30", "2026-09-01", "3 months before 2026-08"),
        ("2026-05-31", "2026-08-03", "2 months before 2026-08"),
        ("2025-07-01", "2025-12-01", "3 months before 2025-11"),
    ],
)
def test_an_export_of_long_ago_is_told_as_one_of_a_month_ago_is(
    world: World, since: str, until: str, months: str
) -> None:
    world.sql(
        _FOUR_MONTHS.format(since=f"{since} 04:00:00", every="20 minutes"),
        f"delete from raw.events where event_at >= timestamp '{until} 04:00:00'",
    )
    severity, sentence = found(world)["newest_month_drop_critical"]
    assert severity == "critical"
    assert f"fewer than the weakest of the {months} (the last with rows), which has 2" in sentence


def test_rows_that_come_by_the_quarter_are_not_missed_in_between(world: World) -> None:
    world.sql(
        _FOUR_MONTHS.format(since="2025-07-01 04:00:00", every="20 minutes"),
        "delete from raw.events where month(event_at) not in (1, 4, 7)",
    )
    assert found(world) == {}


def test_a_handful_of_rows_a_month_is_not_compared(world: World) -> None:
    world.sql(_FOUR_MONTHS.format(since="2026-07-01 04:00:00", every="12 hours"), _NOT_IN_OCTOBER)
    assert found(world) == {}


@pytest.mark.parametrize(
    ("zone", "change", "warned"),
    [
        ("America/New_York", "date_trunc('day', created_at)", True),
        ("America/New_York", "date_trunc('day', created_at) + interval 4 hours", False),
        ("Europe/Berlin", "date_trunc('day', created_at)", False),
        ("UTC", "date_trunc('day', created_at)", False),
    ],
)
def test_midnights_of_utc_alone_are_warned_of_in_a_zone_west_of_it(
    world: World, zone: str, change: str, warned: bool
) -> None:
    world.with_rules(business_timezone=zone)
    world.sql(f"update raw.users set created_at = {change}")
    told = {name: each for name, each in world.failures("sources").items() if name.startswith("midnights")}
    assert set(told) == ({"midnights_created_at"} if warned else set())
    for severity, sentence in told.values():
        assert severity == "warning" and "`date: true` and `timezone: America/New_York`" in sentence
