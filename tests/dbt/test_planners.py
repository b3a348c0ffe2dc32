"""Planners and passengers by the real dbt, against a recomputation in plain Python, event by event."""

import json
import random
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.tidemark.pipeline.build import dbt_environment
from include.tidemark.settings import Settings
from tests.dbt.selection import selection

AS_OF = {"as_of_date": "2026-11-01", "run_key": "planners_1"}
ZONE = ZoneInfo("America/New_York")
KINDS = {
    "prompt": "total_prompts", "swipe": "total_swipes", "save": "total_saves", "share": "total_shares",
    "deck_created": "total_decks_created", "multiplayer_session_created": "total_multiplayer_sessions", "conversion": "total_conversions",
}  # fmt: skip


def sample() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """400 users of every kind: testers, the never active, events before the sign-up and after the date,
    redeliveries."""
    stream = random.Random(20261102)
    users, events = [], []
    for number in range(400):
        created = datetime(2026, 6, 1) + timedelta(minutes=stream.randrange(60 * 24 * 160))
        users.append(
            (
                f"U{number:03}",
                created,
                stream.choice(["ios", "android", None]),
                "US",
                stream.choice([True, False, None, None, None]),
                f"name {number}",
                f"{number}@example.org",
                created + timedelta(days=1),
            )
        )
        for _ in range(stream.choice([0, 0, 1, 2, 4, 8, 20])):
            name = stream.choices([*KINDS, "session_start"], [8, 14, 3, 0.5, 0.7, 0.3, 1, 4])[0]
            at = created + timedelta(seconds=stream.randrange(-86_400 * 2, 86_400 * 60))
            row = (f"E{len(events):05}", f"U{number:03}", name, at, None, None, None, at + timedelta(hours=6))
            events.append(row)
            if stream.random() < 0.05:
                events.append((*row[:-1], at + timedelta(hours=30)))
    return users, events


def local_day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZONE).date()


def expected(users: list[Any], events: list[Any], as_of: date) -> dict[str, dict[str, Any]]:
    """What each user is, from the definitions in words."""
    created = {user[0]: user[1] for user in users if not user[4] and local_day(user[1]) < as_of}
    seen: dict[str, dict[str, Any]] = defaultdict(dict)
    for event_id, user_id, name, at, *_ in events:
        if user_id in created and local_day(created[user_id]) <= local_day(at) < as_of:
            seen[user_id][event_id] = (name, at)
    return {user: describe(created[user], list(seen[user].values()), as_of) for user in created}


def describe(created: datetime, events: list[tuple[str, datetime]], as_of: date) -> dict[str, Any]:
    times = {name: sorted(at for other, at in events if other == name) for name in KINDS}
    days = {local_day(at) for _, at in events}
    moments = {
        "prompted_and_swiped": max(times["prompt"][1], times["swipe"][2])
        if len(times["prompt"]) >= 2 and len(times["swipe"]) >= 3
        else None,
        "created_deck": min(times["deck_created"], default=None),
        "shared_content": min(times["share"], default=None),
        "created_multiplayer_session": min(times["multiplayer_session_created"], default=None),
    }
    met = [name for name, moment in moments.items() if moment]
    became = min((moment for moment in moments.values() if moment), default=None)
    idle = (as_of - max(days)).days if days else None
    state = "Active" if idle and idle <= 7 else "At-Risk" if idle and idle <= 30 else "Churned"
    return {
        "user_type": "Planner" if met else "Passenger",
        "detailed_segment": f"{state} Planner" if met else "Passenger",
        "planner_criteria_met": met,
        "became_planner_at": became,
        "days_to_become_planner": max((became - created).total_seconds(), 0) / 86_400 if became else None,
        "is_almost_planner": not met and (len(times["prompt"]) >= 1 or len(times["swipe"]) >= 2),
        "days_active": len(days),
        "days_since_last_activity": idle,
        **{column: len(times[name]) for name, column in KINDS.items()},
        "prompts_per_active_day": len(times["prompt"]) / max(len(days), 1),
        "swipes_per_prompt": len(times["swipe"]) / max(len(times["prompt"]), 1),
        "conversion_rate": 100 * len(times["conversion"]) / max(len(times["swipe"]), 1),
    }


@pytest.fixture(scope="module")
def planners(raw_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run over the sample, with all its data tests passed, published."""
    warehouse = raw_warehouse.copy_to(tmp_path_factory.mktemp("planners"))
    users, events = sample()
    warehouse.execute("delete from raw.users")
    warehouse.insert("raw.users", users)
    warehouse.insert("raw.events", events)
    build(warehouse, AS_OF)
    warehouse.publish(1, AS_OF["as_of_date"], AS_OF["run_key"])
    return warehouse


def build(warehouse: Any, run: dict[str, str]) -> None:
    result = warehouse.dbt(
        "build",
        *selection("planners"),
        run=run,
        environ=dbt_environment(Settings(duckdb_path=warehouse.path)),
    )
    assert result.returncode == 0, result.output


def test_every_user_is_what_the_definitions_in_words_say(planners):
    wanted = expected(*sample(), date(2026, 11, 1))
    rows = planners.dicts("select * from runs.user_segmentation where run_key = 'planners_1'")
    assert len(rows) == len(wanted) > 250
    assert {row["user_type"] for row in rows} == {"Planner", "Passenger"}
    assert {row["detailed_segment"] for row in rows} == {
        "Active Planner",
        "At-Risk Planner",
        "Churned Planner",
        "Passenger",
    }
    for row in rows:
        row["planner_criteria_met"] = json.loads(row["planner_criteria_met"])
        for column, value in wanted[row["user_id"]].items():
            exact = not isinstance(value, float)
            assert row[column] == (value if exact else pytest.approx(value, rel=1e-12)), (
                row["user_id"],
                column,
            )


def test_the_summary_is_the_count_of_the_users(planners):
    wanted = expected(*sample(), date(2026, 11, 1)).values()
    (row,) = planners.dicts("select * from runs.user_segmentation_summary where run_key = 'planners_1'")
    planner_rows = [user for user in wanted if user["user_type"] == "Planner"]
    passengers = [user for user in wanted if user["user_type"] == "Passenger"]
    assert (row["total_users"], row["total_planners"]) == (len(wanted), len(planner_rows))
    assert row["planner_percentage"] == pytest.approx(100 * len(planner_rows) / len(wanted))
    assert row["planners_multiple_criteria"] == sum(
        len(user["planner_criteria_met"]) > 1 for user in planner_rows
    )
    assert row["almost_planners"] == sum(user["is_almost_planner"] for user in passengers)
    for name in ("prompts_per_active_day", "swipes_per_prompt", "conversion_rate", "days_active"):
        means = [sum(user[name] for user in group) / len(group) for group in (planner_rows, passengers)]
        assert row[f"planner_avg_{name}"] == pytest.approx(means[0])
        ratio = f"planner_vs_passenger_{'conversion' if name == 'conversion_rate' else name}_ratio"
        assert row[ratio] == pytest.approx(means[0] / means[1] if means[1] else None)


def test_consumers_can_ask_the_published_list_for_a_criterion(planners):
    members = planners.rows(
        "select count(*) from marts.user_segmentation_current where 'created_deck' = any(planner_criteria_met)"
    )
    flags = planners.rows("select count(*) from runs.user_segmentation where has_created_deck")
    assert members == flags != [(0,)]


def test_the_query_that_lists_planners_with_a_deck_by_name_and_address_gives_each_once(
    planners, tmp_path: Path
):
    warehouse = planners.copy_to(tmp_path)
    # A load that has brought everybody twice, the newer rows with another address, and has forgotten one
    # user.
    warehouse.execute(
        "insert into raw.users select * replace ('new-' || email as email, _loaded_at + interval 1 day as _loaded_at) from raw.users"
    )
    decks = warehouse.rows(
        "select user_id from runs.user_segmentation where has_created_deck order by user_id"
    )
    (forgotten,) = decks[0]
    warehouse.execute("delete from raw.users where user_id = ?", [forgotten])

    for view in ("user_segmentation", "user_segmentation_current"):
        rows = warehouse.dicts(
            "select username, email, planner_criteria_met, total_decks_created, days_active"
            f" from marts.{view} where user_type = 'Planner' and 'created_deck' = any(planner_criteria_met)"
            " order by days_active desc"
        )
        names = {(row["username"], row["email"]) for row in rows}
        numbers = [int(user[1:]) for (user,) in decks[1:]]
        assert names == {(None, None), *((f"name {n}", f"new-{n}@example.org") for n in numbers)}
        assert len(rows) == len(decks) > 5
        days = [row["days_active"] for row in rows]
        assert days == sorted(days, reverse=True) and days[0] > days[-1]


def test_dbt_writes_no_name_and_no_address_into_its_logs_and_results(planners):
    files = [file for file in planners.scratch.rglob("*") if file.is_file() and file != planners.path]
    assert {"dbt.log", "run_results.json", "manifest.json"} <= {file.name for file in files}
    assert [file for file in files if re.search(rb"@example\.org|name \d", file.read_bytes())] == []


def test_an_old_date_gives_the_same_rows_after_newer_ones_arrived(planners, tmp_path: Path):
    warehouse = planners.copy_to(tmp_path)
    earlier = {"as_of_date": "2026-09-01", "run_key": "planners_2"}
    again = {"as_of_date": "2026-09-01", "run_key": "planners_3"}
    build(warehouse, earlier)
    newer = [
        (
            f"N{number}",
            f"U{number:03}",
            "share",
            datetime(2026, 10, 15, 12),
            None,
            None,
            None,
            datetime(2027, 6, 1),
        )
        for number in range(300)
    ]
    warehouse.insert("raw.events", newer)
    build(warehouse, again)
    for table in ("user_segmentation", "user_segmentation_summary", "planner_weeks", "planner_cells"):
        first, second = (
            warehouse.rows(
                f"select * exclude (run_key) from runs.{table} where run_key = '{key}' order by all"
            )
            for key in ("planners_2", "planners_3")
        )
        assert first == second
        assert first
