"""The daily event facts after each kind of new, late, repeated or lost row equal those of the rows as they
now stand."""

from datetime import datetime, timedelta
from typing import Any

import pytest

LOCAL_DATE = "(event_at::timestamp at time zone 'UTC' at time zone 'America/New_York')::date"

# What the raw rows should give, written another way than the models: repeated rows are removed first, as
# whole rows.
EXPECTED_BY_NAME = f"""
    select user_id, {LOCAL_DATE} as day, event_name, count(*), min(event_at), max(event_at)
    from (select distinct on (event_id) * from raw.events)
    group by all order by all
"""
BUILT_BY_NAME = """
    select user_id, event_date, event_name, event_count, first_event_at, last_event_at
    from core.fct_user_event_daily order by all
"""
EXPECTED_ACTIVITY = f"""
    with
    once as (select distinct on (event_id) *, {LOCAL_DATE} as day from raw.events),
    lengths as (
        select user_id, day, session_id, round(max(session_seconds)) as seconds
        from once where session_id is not null group by all
    )
    select
        user_id, day, count(*), count(distinct session_id),
        coalesce((select sum(seconds) from lengths where lengths.user_id = once.user_id and lengths.day = once.day), 0)::bigint,
        min(event_at), max(event_at)
    from once group by user_id, day order by all
"""
BUILT_ACTIVITY = """
    select user_id, activity_date, event_count, session_count, session_seconds, first_event_at, last_event_at
    from core.fct_user_activity_daily order by all
"""
FACTS = ("fct_user_event_daily", "fct_user_activity_daily")


def build_facts(warehouse: Any, *arguments: str, environ: dict[str, str] | None = None, **rules: Any) -> None:
    result = warehouse.dbt("run", "--select", "stg_events", *FACTS, *arguments, run=rules, environ=environ)
    assert result.returncode == 0, result.output


def assert_facts_are_those_of_the_rows(warehouse: Any) -> None:
    assert warehouse.rows(EXPECTED_BY_NAME) == warehouse.rows(BUILT_BY_NAME)
    assert warehouse.rows(EXPECTED_ACTIVITY) == warehouse.rows(BUILT_ACTIVITY)


def event(
    name: str,
    at: datetime,
    user: str = "U1",
    kind: str = "scan",
    session: str | None = None,
    seconds: float | None = None,
    loaded: datetime | None = None,
) -> tuple[Any, ...]:
    """A raw row; by default it was loaded an hour after it happened."""
    return (name, user, kind, at, session, seconds, "{}", loaded or at + timedelta(hours=1))


def sample_events() -> list[tuple[Any, ...]]:
    """Forty days around the change to summer time, every fifth event delivered twice, sessions across local
    midnight."""
    rows = []
    for number in range(1200):
        at = datetime(2026, 2, 20, 4, 30) + timedelta(minutes=47 * number)
        session = None if number % 7 == 3 else f"S{number // 4}"
        seconds = None if number % 5 == 2 else number % 4 * 30.25
        row = event(
            f"E{number:04}",
            at,
            f"U{number // 4 % 9}",
            ["scan", "swipe", "share"][number % 3],
            session,
            seconds,
        )
        rows.append(row)
        if number % 5 == 0:
            rows.append((*row[:-1], row[-1] + timedelta(hours=2)))
    return rows


@pytest.fixture(scope="module")
def built_events(raw_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Built once; tests take copies."""
    warehouse = raw_warehouse.copy_to(tmp_path_factory.mktemp("events"))
    warehouse.execute("delete from raw.events")
    warehouse.insert("raw.events", sample_events())
    build_facts(warehouse)
    return warehouse


@pytest.fixture
def events(built_events: Any, tmp_path: Any) -> Any:
    return built_events.copy_to(tmp_path)


def test_the_first_build_counts_every_event_once_on_its_local_day(built_events: Any) -> None:
    assert_facts_are_those_of_the_rows(built_events)
    on_both_days = """
        select count(*) from (
            select session_id from raw.events where session_id is not null group by 1
            having count(distinct (event_at - interval '5 hours')::date) = 2
        )
    """
    assert built_events.rows(on_both_days)[0][0] > 10
    assert built_events.rows(
        "select count(*) from core.fct_user_event_daily where delivery_count > event_count"
    )[0] > (0,)


def test_local_days_of_23_and_25_hours_hold_their_own_events(events: Any) -> None:
    rows = [
        event(f"X{place}", at, user="zone", loaded=datetime(2027, 1, 1))
        for place, at in enumerate(
            [
                datetime(2026, 3, 8, 4, 59, 59),
                datetime(2026, 3, 8, 5),
                datetime(2026, 3, 9, 3, 59, 59),
                datetime(2026, 3, 9, 4),
                datetime(2026, 11, 1, 3, 59, 59),
                datetime(2026, 11, 1, 4),
                datetime(2026, 11, 2, 4, 59, 59),
                datetime(2026, 11, 2, 5),
            ]
        )
    ]
    events.insert("raw.events", rows)

    build_facts(events)

    counts = events.rows(
        "select activity_date::varchar, event_count from core.fct_user_activity_daily where user_id = 'zone' order by 1"
    )
    assert counts == [
        ("2026-03-07", 1),
        ("2026-03-08", 2),
        ("2026-03-09", 1),
        ("2026-10-31", 1),
        ("2026-11-01", 2),
        ("2026-11-02", 1),
    ]
    assert_facts_are_those_of_the_rows(events)


def test_late_repeated_and_new_events_are_picked_up(events: Any) -> None:
    (newest,) = events.rows("select max(_loaded_at) from raw.events")[0]
    events.insert(
        "raw.events",
        [
            event("old day, loaded now", datetime(2026, 2, 25, 12), loaded=newest + timedelta(days=1)),
            event("day before all others", datetime(2026, 1, 5, 12), loaded=newest + timedelta(days=1)),
            # Committed late: within the look-back, although it says that it was loaded before what is already
            # built.
            event("in look-back", newest - timedelta(hours=20), loaded=newest - timedelta(days=9)),
        ],
    )
    events.execute(
        "insert into raw.events select * replace (timestamp '2026-05-01' as _loaded_at) from raw.events where event_id = 'E0003'"
    )

    build_facts(events)

    assert_facts_are_those_of_the_rows(events)
    redelivered = "select delivery_count > event_count from core.fct_user_event_daily where _loaded_at = timestamp '2026-05-01'"
    assert events.rows(redelivered) == [(True,)]


def test_a_day_that_lost_its_last_event_within_the_look_back_is_deleted(events: Any) -> None:
    last_day = f"(select max({LOCAL_DATE}) from raw.events)"
    events.execute(f"delete from raw.events where {LOCAL_DATE} = {last_day}")

    build_facts(events)

    assert_facts_are_those_of_the_rows(events)


@pytest.mark.parametrize(("lookback", "is_seen"), [(2, False), (9, True)])
def test_the_look_back_for_events_decides_how_late_an_unmarked_row_may_come(
    events: Any, lookback: int, is_seen: bool
) -> None:
    (newest,) = events.rows("select max(event_at) from raw.events")[0]
    events.insert(
        "raw.events",
        [event("late", newest - timedelta(days=5), user="late", loaded=newest - timedelta(days=30))],
    )

    build_facts(events, lookback_window_days=lookback, lookback_days=0)

    for fact in FACTS:
        assert bool(events.rows(f"select 1 from core.{fact} where user_id = 'late'")) is is_seen


def test_the_days_of_events_that_are_gone_without_a_trace_are_built_again(events: Any) -> None:
    """One user is erased, and every event of a day."""
    events.execute(
        "delete from raw.events where user_id in (select user_id from raw.events where event_id = 'E0005')"
    )
    events.execute(f"delete from raw.events where {LOCAL_DATE} = (select min({LOCAL_DATE}) from raw.events)")
    before = events.rows(f"select count(*) from core.{FACTS[0]}")

    result = events.dbt("build", "--select", *FACTS, "--exclude-resource-type", "unit_test")

    assert result.returncode == 0, result.output
    assert events.rows(f"select count(*) from core.{FACTS[0]}") < before
    assert_facts_are_those_of_the_rows(events)


@pytest.mark.parametrize("way", ["full refresh", "replaced source"])
def test_facts_built_in_many_slices_equal_those_built_in_one(events: Any, way: str) -> None:
    if way == "replaced source":
        events.execute(f"delete from raw.events where {LOCAL_DATE} < date '2026-03-01'")
        events.execute("update raw.events set _loaded_at = timestamp '2026-06-01'")
    arguments = ["--full-refresh"] if way == "full refresh" else []

    build_facts(events, *arguments, environ={"TIDEMARK_DUCKDB_SLICE_ROWS": "100"})

    assert_facts_are_those_of_the_rows(events)
    log = "".join(file.read_text(encoding="utf-8") for file in events.scratch.glob("dbt_*/dbt.log"))
    assert log.count("by name (") >= 2 * 10
