"""First-week behaviour and who stayed, as the real dbt builds them, against a recomputation in plain Python
from raw rows."""

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.tidemark.families.early_engagement.features import column_slug, features_of
from tests.dbt.selection import selection

EVENTS = ["login", "Add Item", "kid's mode"]
OTHERS = ["letter received", "LOGIN"]
RULES = {
    "early_engagement_events": EVENTS,
    "early_engagement_return_days": 7,
    "early_engagement_return_events": [],
}
JULY = {"as_of_date": "2026-07-01", "run_key": "july_1", **RULES}
AUGUST = {"as_of_date": "2026-08-01", "run_key": "august_1", **RULES}
SELECTION = (
    *selection("early_engagement"),
    "--indirect-selection",
    "buildable",
    "--exclude-resource-type",
    "unit_test",
)
ZONE = ZoneInfo("America/New_York")


def local_day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZONE).date()


def sample_users() -> list[tuple[Any, ...]]:
    draw = random.Random(3)
    rows = []
    for number in range(160):
        created = datetime(2026, 2, 20, 3) + timedelta(days=number, hours=draw.randrange(24))
        platform = draw.choice(["ios", "Android ", "web", "", None])
        rows.append(
            (
                f"U{number:03}",
                created,
                platform,
                "US",
                number % 20 == 0 or None,
                f"name {number}",
                f"{number}@example.org",
                created + timedelta(hours=9),
            )
        )
    return rows


def sample_events(users: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    draw = random.Random(4)
    rows: list[tuple[Any, ...]] = []

    def add(user: str, moment: datetime, name: str) -> None:
        identifier = f"E{len(rows):06}"
        rows.append((identifier, user, name, moment, None, None, None, moment + timedelta(hours=6)))
        if draw.random() < 0.05:
            rows.append((identifier, user, name, moment, None, None, None, moment + timedelta(hours=30)))

    for user, created, *_ in users:
        for _ in range(draw.randrange(12)):
            add(user, created + timedelta(hours=draw.randrange(-40, 190)), draw.choice(EVENTS + OTHERS))
        for _ in range(draw.randrange(3)):
            add(
                user,
                created + timedelta(hours=draw.randrange(27 * 24, 36 * 24)),
                draw.choice(EVENTS + OTHERS),
            )
    add("nobody", datetime(2026, 2, 22, 12), "login")  # the first event of all: earlier users were not seen
    return [row for row in rows if row[3] >= datetime(2026, 2, 22, 12)]


def build(warehouse: Any, run: dict[str, Any], *arguments: str) -> None:
    result = warehouse.dbt("build", *SELECTION, *arguments, run=run)
    assert result.returncode == 0, result.output


@pytest.fixture(scope="module")
def months(raw_warehouse: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """July's run built on what was there in July, published; then August's. Shared: tests only read it."""
    warehouse = raw_warehouse.copy_to(tmp_path_factory.mktemp("early_engagement"))
    users = sample_users()
    events = sample_events(users)
    warehouse.execute("delete from raw.users")
    july = datetime(2026, 7, 1, 4)
    warehouse.insert("raw.users", [row for row in users if row[1] < july])
    warehouse.insert("raw.events", [row for row in events if row[3] < july])
    build(warehouse, JULY)
    write_statistic(warehouse, JULY)
    warehouse.publish(1, JULY["as_of_date"], JULY["run_key"])
    warehouse.insert("raw.users", [row for row in users if row[1] >= july])
    warehouse.insert("raw.events", [row for row in events if row[3] >= july])
    build(warehouse, AUGUST)
    write_statistic(warehouse, AUGUST)
    return warehouse


def write_statistic(warehouse: Any, run: dict[str, Any]) -> None:
    """The family took part in the run."""
    warehouse.execute(
        "insert into runs.statistics (as_of_date, run_key, family, metric, is_mature) values (?, ?, 'early_engagement', 'auc', true)",
        [run["as_of_date"], run["run_key"]],
    )


def recompute(warehouse: Any, as_of: date) -> dict[str, dict[str, Any]]:
    """One user at a time, from the raw rows."""
    events = {row["event_id"]: row for row in warehouse.dicts("select * from raw.events")}.values()
    seen = [(e["user_id"], e["event_name"], local_day(e["event_at"])) for e in events]
    seen = [event for event in seen if event[2] < as_of]
    first_day = min(day for *_, day in seen)
    found = {}
    for user in warehouse.dicts("select * from raw.users"):
        created = local_day(user["created_at"])
        if user["is_test_user"] or created < first_day or created + timedelta(days=34) >= as_of:
            continue
        own = [(name, (day - created).days) for who, name, day in seen if who == user["user_id"]]
        row: dict[str, Any] = {"created_date": created}
        platform = (user["platform"] or "").strip().lower()
        row["creation_app_platform"] = platform or None
        for name in EVENTS:
            days = Counter(day for event, day in own if event == name and day in range(7))
            slug = column_slug(name)
            row |= {
                f"has_{slug}_f7d": bool(days),
                f"cnt_days_{slug}_f7d": len(days),
                f"cnt_{slug}_events_f7d": sum(days.values()),
            }
        row["is_retained_4_weeks"] = any(day in range(28, 35) for _, day in own)
        found[user["user_id"]] = row
    return found


def built_rows(warehouse: Any, run_key: str) -> dict[str, dict[str, Any]]:
    rows = warehouse.dicts("select * from runs.dim_user_early_engagement where run_key = ?", [run_key])
    return {
        row.pop("user_id"): {k: v for k, v in row.items() if k not in ("as_of_date", "run_key")}
        for row in rows
    }


@pytest.mark.parametrize("run", [JULY, AUGUST], ids=["july", "august"])
def test_features_and_outcome_equal_a_recomputation_from_raw_rows(months: Any, run: dict[str, Any]) -> None:
    expected = recompute(months, date.fromisoformat(run["as_of_date"]))

    assert built_rows(months, run["run_key"]) == expected
    assert {row["is_retained_4_weeks"] for row in expected.values()} == {True, False}
    assert len(expected) > 60


def test_replaying_an_old_date_after_new_rows_gives_the_old_rows(months: Any, tmp_path: Path) -> None:
    warehouse = months.copy_to(tmp_path)

    build(warehouse, JULY | {"run_key": "july_again"})

    assert built_rows(warehouse, "july_again") == built_rows(warehouse, "july_1")
    assert built_rows(warehouse, "july_1") == built_rows(months, "july_1")


def test_the_columns_are_those_that_python_names(months: Any) -> None:
    columns = [row[0] for row in months.rows("describe runs.dim_user_early_engagement")]

    assert columns == [
        "as_of_date",
        "run_key",
        "user_id",
        "created_date",
        "creation_app_platform",
        *(feature.name for feature in features_of(EVENTS)),
        "is_retained_4_weeks",
    ]


def test_consumers_see_the_published_run_only(months: Any) -> None:
    published = months.rows("select distinct as_of_date, run_key from marts.dim_user_early_engagement")
    current = months.rows(
        "select count(*), count(distinct user_id) from marts.dim_user_early_engagement_current"
    )

    assert published == [(date(2026, 7, 1), "july_1")]
    assert current == [(len(built_rows(months, "july_1")),) * 2]


def test_a_month_published_without_the_family_leaves_its_newest_month_current(
    months: Any, tmp_path: Path
) -> None:
    warehouse = months.copy_to(tmp_path)

    warehouse.publish(2, "2026-09-01", "without_the_family")

    current = warehouse.rows("select distinct run_key from marts.dim_user_early_engagement_current")
    assert current == [("july_1",)]


def test_a_new_list_adds_columns_and_takes_none_away(months: Any, tmp_path: Path) -> None:
    warehouse = months.copy_to(tmp_path)
    run = AUGUST | {"run_key": "august_2", "early_engagement_events": ["login", "letter received"]}

    build(warehouse, run)
    warehouse.publish(2, run["as_of_date"], run["run_key"])

    rows = warehouse.dicts("select * from marts.dim_user_early_engagement")
    july = [row for row in rows if row["run_key"] == "july_1"]
    august = [row for row in rows if row["run_key"] == "august_2"]
    assert {row["cnt_days_letter_received_f7d"] for row in july} == {None}
    assert {row["has_add_item_f7d"] for row in august} == {None}
    assert {row["has_letter_received_f7d"] for row in august} == {True, False}
    assert list(rows[0])[-1] == "is_retained_4_weeks"
    old = {row["user_id"]: row["cnt_add_item_events_f7d"] for row in july}
    assert old == {user: row["cnt_add_item_events_f7d"] for user, row in built_rows(months, "july_1").items()}


def test_the_dense_view_holds_every_day_from_sign_up_to_the_published_date(months: Any) -> None:
    events = {row["event_id"]: row for row in months.dicts("select * from raw.events")}.values()
    counts = Counter((e["user_id"], e["event_name"], local_day(e["event_at"])) for e in events)
    expected = {}
    for user in months.dicts("select user_id, created_at from raw.users"):
        day = created = local_day(user["created_at"])
        while day < date(2026, 7, 1):  # August is built, and not published
            named = {name: counts[user["user_id"], name, day] for name in EVENTS + OTHERS}
            expected[user["user_id"], day] = (
                (day - created).days,
                *(named[n] for n in EVENTS),
                sum(named.values()),
            )
            day += timedelta(days=1)

    rows = months.rows(
        "select user_id, reporting_date, days_since_creation, cnt_login_events, cnt_add_item_events,"
        " cnt_kid_s_mode_events, cnt_events from marts.fact_daily_user_events"
    )

    assert {(user, day): tuple(numbers) for user, day, *numbers in rows} == expected
    assert len(rows) == len(expected)
    assert any(numbers[-1] == 0 for numbers in expected.values())


def test_facts_and_users_for_consumers_hold_each_once_and_no_names(months: Any) -> None:
    assert months.rows("select count(*), count(distinct event_id) from marts.fact_events") == months.rows(
        "select count(distinct event_id), count(distinct event_id) from raw.events"
    )
    assert months.rows("select count(*) from raw.events") > months.rows(
        "select count(*) from marts.fact_events"
    )
    columns = [row[0] for row in months.rows("describe marts.dim_users")]
    assert columns == ["user_id", "created_at", "created_date", "platform", "country", "is_test_user"]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["1st login"], "must start with a letter"),
        (["log in", "Log-In"], "a column that no other event of the list has"),
        (["back\\slash"], "has a backslash or a control character"),
    ],
)
def test_a_list_that_gives_no_columns_stops_with_a_sentence(
    months: Any, tmp_path: Path, names: list[str], complaint: str
) -> None:
    warehouse = months.copy_to(tmp_path)

    result = warehouse.dbt(
        "compile", "--select", "dim_user_early_engagement", run=AUGUST | {"early_engagement_events": names}
    )

    assert result.returncode != 0
    assert complaint in " ".join(result.output.split())
