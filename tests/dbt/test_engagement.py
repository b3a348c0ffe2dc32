"""The models of the family engagement, computed a second time from the raw rows: plain Python, one user at a
time."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.dbt.selection import selection
from tests.statistics.engagement import (
    EngagementWeights,
    behavioral_segments,
    engagement_score,
    percentile_rank,
    revenue_segments,
)

AS_OF = date(2026, 11, 1)
# Most of the sample is churned: with the default percentiles nobody active would be as low as low_engagement.
PERCENTILES = {"moderate_engagement_percentile": 0.75, "high_engagement_percentile": 0.9}
RUN = {"as_of_date": "2026-11-01", "run_key": "later_1", **PERCENTILES}
EARLIER = {"as_of_date": "2026-09-01", "run_key": "earlier_1"}
ZONE = ZoneInfo("America/New_York")
STAGES = [
    ("first_session", "session_start", 1),
    ("level_1", "level_reached_1", 1),
    ("level_2", "level_reached_2", 1),
    ("level_3", "level_reached_3", 1),
    ("first_purchase", "purchase", 1),
]
RETENTION_DAYS = (1, 3, 7, 14, 30, 60)
LOADED = datetime(2026, 11, 2)


def at(day: date, second: int) -> datetime:
    local = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(seconds=second)
    return local.astimezone(UTC).replace(tzinfo=None)


def sample() -> dict[str, list[tuple[Any, ...]]]:
    """150 users of the last year: silent ones, testers, early and late events, every stage, refunds, declined
    rows."""
    stream = random.Random(7)
    users, events, transactions = [], [], []

    def event(user: str, name: str, day: date, session: int | None, seconds: float | None = None) -> None:
        known = None if session is None else f"{user}-{day}-{session}"
        moment = at(day, stream.randrange(86000))
        row = (f"E{len(events):05}", user, name, moment, known, seconds, None, LOADED)
        events.append(row)
        if stream.random() < 0.05:
            events.append(row)  # delivered twice

    for number in range(150):
        user, created = f"U{number:03}", AS_OF - timedelta(days=stream.choice([1, 5, 20, 40, 100, 200, 400]))
        created += timedelta(days=40 * (number % 30 == 7))  # some sign up after the as-of date
        platform = stream.choice(["ios", "android", "web", None])
        users.append(
            (user, at(created, 40000), platform, "US", number % 25 == 3, "n", "n@example.org", LOADED)
        )
        if number % 10 == 9:
            continue
        event(user, "session_start", created - timedelta(days=2), None)
        for day in sorted(
            {stream.choice([0, 1, 3, 7, 8, 14, 30, 33, 60, 90, 91, 150]) for _ in range(number % 9)}
        ):
            for session in range(stream.choice([1, 1, 2])):
                seconds = stream.choice([None, 30.0, 61.0, 600.0])
                for name in stream.sample(["session_start", "level_reached_1", "swipe", "purchase"], 2):
                    event(user, name, created + timedelta(days=day), session, seconds)
        for level in range(1, stream.randrange(5)):
            event(user, f"level_reached_{level}", created + timedelta(days=level * 11), None)
        for _ in range(stream.choice([0, 0, 1, 4])):
            amount = Decimal(stream.choice([500, 999, -200, 123456, 20])) / 100
            moment = at(created + timedelta(days=stream.choice([-1, 0, 1, 7, 14, 29, 61])), 50000)
            status = stream.choice(["posted", None, "declined"])
            row = (f"T{len(transactions):05}", user, moment, amount, Decimal(0), "Dining", status, LOADED)
            transactions.append(row)
    return {"users": users, "events": events, "transactions": transactions}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: Any, all_table_definitions: list[str]) -> Any:
    """The sample, before any dbt run."""
    from tests.dbt.conftest import DbtWarehouse

    folder = tmp_path_factory.mktemp("engagement_raw")
    warehouse = DbtWarehouse(folder / "warehouse.duckdb", folder)
    for statement in all_table_definitions:
        warehouse.execute(statement)
    for table, rows in sample().items():
        warehouse.insert(f"raw.{table}", rows)
    return warehouse


@pytest.fixture(scope="module")
def engagement(raw: Any, tmp_path_factory: Any) -> Any:
    """Two runs of the family on the sample; the later one passed every data test."""
    warehouse = raw.copy_to(tmp_path_factory.mktemp("engagement"))
    build(warehouse, EARLIER)
    build(warehouse, RUN)
    return warehouse


SELECTION = (
    *selection("engagement"),
    "--indirect-selection",
    "cautious",
    "--exclude-resource-type",
    "unit_test",
)


def build(warehouse: Any, run: dict[str, Any]) -> None:
    result = warehouse.dbt("build", *SELECTION, run=run)
    assert result.returncode == 0, result.output


def local_day(moment: datetime) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZONE).date()


def posted_cents(as_of: date) -> dict[str, list[tuple[date, int]]]:
    spent = defaultdict(list)
    for _, user, moment, amount, _, _, status, _ in sample()["transactions"]:
        if (status or "posted") == "posted" and local_day(moment) < as_of:
            spent[user].append((local_day(moment), int(amount * 100)))
    return spent


def recompute(as_of: date, passive: frozenset[str] = frozenset()) -> dict[str, dict[str, Any]]:
    """Everything about each user that needs no other user."""
    rows = sample()
    created = {u[0]: local_day(u[1]) for u in rows["users"] if not u[4] and local_day(u[1]) < as_of}
    events = {row[0]: row for row in rows["events"]}.values()
    own = defaultdict(list)
    for _, user, name, moment, session, seconds, _, _ in events:
        day = local_day(moment)
        if user in created and created[user] <= day < as_of and name not in passive:
            own[user].append((day, name, session, seconds))
    spent = posted_cents(as_of)
    start = as_of - timedelta(days=90)
    found = {}
    for user, joined in created.items():
        window = [event for event in own[user] if event[0] >= start]
        lengths: dict[tuple[date, str], float] = {}
        for day, _, session, seconds in window:
            if session is not None:
                lengths[day, session] = max(lengths.get((day, session), 0.0), seconds or 0.0)
        days = [day for day, *_ in own[user]]
        observed = min(90, (as_of - joined).days)
        found[user] = {
            "created_date": joined,
            "observed_days": observed,
            "last_activity_date": max(days, default=None),
            "days_since_last_activity": (as_of - max(days)).days if days else None,
            "active_days_last_90_days": len({day for day, *_ in window}),
            "sessions_last_90_days": len(lengths),
            "session_seconds_last_90_days": sum(round(length) for length in lengths.values()),
            "events_last_90_days": len(window),
            "lifetime_revenue": Decimal(sum(c for _, c in spent[user])) / 100,
            "revenue_last_90_days": Decimal(sum(c for day, c in spent[user] if day >= start)) / 100,
            **journey(joined, own[user]),
            "_days": set(days),
            "_spent": spent[user],
        }
    return found


def journey(joined: date, events: list[tuple[date, str, str | None, float | None]]) -> dict[str, Any]:
    reached = {}
    for number, (stage, name, count) in enumerate(STAGES, start=1):
        days = sorted(day for day, event_name, *_ in events if event_name == name)
        if len(days) >= count:
            reached[number] = (stage, days[count - 1])
    in_order = 0
    while in_order + 1 in reached:
        in_order += 1
    stage, day = reached[max(reached)] if reached else ("install", joined)
    return {
        "furthest_stage": stage,
        "furthest_stage_number": max(reached, default=0),
        "furthest_stage_date": day,
        "days_to_furthest_stage": (day - joined).days,
        "stages_reached": len(reached),
        "stages_in_order": in_order,
        "_completed": [max(reached[n][1] for n in range(1, k + 1)) for k in range(1, in_order + 1)],
    }


def built_users(warehouse: Any, run_key: str) -> dict[str, dict[str, Any]]:
    rows = warehouse.dicts("select * from runs.user_engagement where run_key = ? order by user_id", [run_key])
    return {row["user_id"]: row for row in rows}


@pytest.mark.parametrize(("run_key", "as_of"), [("later_1", AS_OF), ("earlier_1", date(2026, 9, 1))])
def test_every_users_own_numbers_equal_an_independent_recomputation(
    engagement: Any, run_key: str, as_of: date
) -> None:
    built, expected = built_users(engagement, run_key), recompute(as_of)
    assert built.keys() == expected.keys() and len(built) > 50
    for user, values in expected.items():
        own = {name: value for name, value in values.items() if not name.startswith("_")}
        assert {name: built[user][name] for name in own} == own, user


def test_ranks_score_and_segments_equal_those_of_the_statistics(engagement: Any) -> None:
    rows = list(built_users(engagement, "later_1").values())
    frequency = [r["sessions_last_90_days"] / r["observed_days"] for r in rows]
    duration = [
        r["session_seconds_last_90_days"] / r["sessions_last_90_days"] if r["sessions_last_90_days"] else None
        for r in rows
    ]
    events = [r["events_last_90_days"] / r["observed_days"] for r in rows]
    recency = [r["days_since_last_activity"] for r in rows]
    revenue = [float(r["lifetime_revenue"]) for r in rows]
    score = engagement_score(frequency, duration, events, recency)
    assert [r["session_frequency"] for r in rows] == frequency
    assert [r["session_duration"] for r in rows] == duration
    assert [r["engagement_score"] for r in rows] == pytest.approx(score, abs=1e-12)
    assert [r["session_duration_rank"] for r in rows] == pytest.approx(percentile_rank(duration), abs=1e-12)
    assert [r["recency_rank"] for r in rows] == pytest.approx(
        percentile_rank([None if days is None else -days for days in recency]), abs=1e-12
    )
    assert [r["revenue_percentile"] for r in rows] == pytest.approx(percentile_rank(revenue), abs=1e-12)
    # Rounded, because sums of floats that are equal in decimals may differ in the last bit.
    assert [r["behavioral_segment"] for r in rows] == behavioral_segments(
        score.round(12), recency, moderate=0.75, high=0.9
    )
    assert [r["revenue_segment"] for r in rows] == revenue_segments(revenue)
    assert {r["behavioral_segment"] for r in rows} == {
        "high_engagement",
        "moderate_engagement",
        "low_engagement",
        "churned",
    }
    assert {r["revenue_segment"] for r in rows} == {"whale", "dolphin", "minnow", "free_user"}


def test_cohorts_count_who_came_back_and_what_was_spent_by_then(engagement: Any) -> None:
    expected: dict[tuple[date, int], list[int]] = {}
    for values in recompute(AS_OF).values():
        joined = values["created_date"]
        if joined < AS_OF - timedelta(days=365):
            continue
        for day in RETENTION_DAYS:
            sums = expected.setdefault((joined, day), [0] * 9)
            sums[0] += 1
            if joined + timedelta(days=day) >= AS_OF:
                continue
            offsets = {(active - joined).days for active in values["_days"]}
            followed = joined + timedelta(days=day + 28) < AS_OF
            cents = sum(c for spent, c in values["_spent"] if 0 <= (spent - joined).days <= day)
            for place, value in enumerate(
                (
                    1,
                    day in offsets,
                    followed,
                    followed and any(day <= o <= day + 28 for o in offsets),
                    cents != 0,
                    cents,
                    cents**2,
                    cents**3,
                ),
                start=1,
            ):
                sums[place] += int(value)
    built = engagement.rows(
        "select cohort_date, day_number, user_count, matured_users, active_on_day, followed_users, active_on_day_or_later,"
        " users_with_revenue, revenue_s1, revenue_s2, revenue_s3 from runs.install_cohort_retention where run_key = 'later_1'"
    )
    assert {(row[0], row[1]): [int(value) for value in row[2:]] for row in built} == expected
    assert any(sums[0] and not sums[1] for sums in expected.values()), "the sample has no unfinished window"
    assert any(sums[1] and not sums[3] for sums in expected.values()), "no follow-up is unfinished"
    (first,) = engagement.rows("select min(activity_date) from core.fct_user_activity_daily")[0]
    burnt_in = engagement.rows(
        "select distinct cohort_date from runs.install_cohort_retention where run_key = 'later_1' and is_burn_in"
    )
    dates = {joined for joined, _ in expected}
    assert {row[0] for row in burnt_in} == {joined for joined in dates if joined < first + timedelta(days=28)}


def test_the_journeys_times_are_those_of_users_who_had_the_whole_window(engagement: Any) -> None:
    expected: dict[tuple[str, int, int], int] = defaultdict(int)
    for values in recompute(AS_OF).values():
        joined = values["created_date"]
        if not AS_OF - timedelta(days=365) <= joined < AS_OF - timedelta(days=30):
            continue
        steps = [0, *((day - joined).days for day in values["_completed"])]
        for number, days in enumerate(steps):
            if days <= 30:
                expected[f"{joined:%Y-%m}", number, days] += 1
    built = engagement.rows(
        "select group_name, stage_number, days_taken, user_count from runs.journey_times where run_key = 'later_1'"
    )
    assert {(row[0], row[1], row[2]): row[3] for row in built} == expected


def test_cells_hold_every_user_and_every_cent(engagement: Any) -> None:
    for metric, amount in (
        ("lifetime_revenue", "lifetime_revenue * 100"),
        ("revenue_last_90_days", "revenue_last_90_days * 100"),
        ("engagement_score", "round(engagement_score * 1000000)"),
    ):
        (cells,) = engagement.rows(
            "select sum(n), sum(s1)::double from runs.engagement_cells where run_key = 'later_1' and metric = ?",
            [metric],
        )
        (users,) = engagement.rows(
            f"select count(*), sum({amount})::double from runs.user_engagement where run_key = 'later_1'"
        )
        assert cells == users, metric


def test_an_old_as_of_date_gives_the_same_rows_after_newer_rows_arrived(
    engagement: Any, tmp_path: Any
) -> None:
    copy = engagement.copy_to(tmp_path)
    later = datetime(2026, 12, 20)
    copy.insert(
        "raw.events",
        [
            (f"L{n}", f"U{n:03}", "session_start", datetime(2026, 12, 1 + n % 19), f"s{n}", 50.0, None, later)
            for n in range(90)
        ],
    )
    copy.insert(
        "raw.users", [("new", datetime(2026, 12, 3), "web", "US", False, "n", "n@example.org", later)]
    )
    copy.insert(
        "raw.transactions",
        [("L", "U001", datetime(2026, 12, 4), Decimal(900), Decimal(0), "Dining", "posted", later)],
    )
    build(copy, {**RUN, "run_key": "replay_1"})
    for table in ("user_engagement", "engagement_cells", "install_cohort_retention", "journey_times"):
        select = f"select * exclude (run_key) from runs.{table} where run_key = ?"
        difference = copy.rows(
            f"({select} except all {select}) union all ({select} except all {select})",
            ["later_1", "replay_1", "replay_1", "later_1"],
        )
        assert difference == [] and copy.rows(select, ["replay_1"]), table


def test_passive_events_are_no_activity_and_without_lengths_the_duration_has_no_weight(
    engagement: Any, tmp_path: Any
) -> None:
    copy = engagement.copy_to(tmp_path)
    copy.execute("update raw.events set session_seconds = null, _loaded_at = timestamp '2026-11-03'")
    run = {**RUN, "run_key": "passive_1", "passive_events": ["swipe"], "journey_funnel_group": "platform",
           "revenue_segment_basis": "window"}  # fmt: skip
    build(copy, run)
    built = built_users(copy, "passive_1")
    for user, values in recompute(AS_OF, frozenset({"swipe"})).items():
        names = (
            "events_last_90_days",
            "active_days_last_90_days",
            "sessions_last_90_days",
            "last_activity_date",
        )
        assert {n: built[user][n] for n in names} == {n: values[n] for n in names}, user
    rows = list(built.values())
    assert {r["session_duration"] for r in rows} == {r["session_duration_rank"] for r in rows} == {None}
    score = engagement_score(
        [r["session_frequency"] for r in rows],
        [None] * len(rows),
        [r["event_frequency"] for r in rows],
        [r["days_since_last_activity"] for r in rows],
        EngagementWeights(session_duration=0),
    )
    assert [r["engagement_score"] for r in rows] == pytest.approx(score, abs=1e-12)
    assert [r["revenue_segment"] for r in rows] == revenue_segments(
        [float(r["revenue_last_90_days"]) for r in rows]
    )
    groups = {
        name for (name,) in copy.rows("select group_name from runs.journey_times where run_key = 'passive_1'")
    }
    assert groups == {"ios", "android", "web", "unknown"}
