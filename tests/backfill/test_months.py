"""The months of a backfill in a shell: gone on with where it ended, stopped or not at a failure, paused and
cancelled."""

import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest

from include.tidemark.backfill.cost import credits_of_runs
from include.tidemark.backfill.request import BackfillRequest
from include.tidemark.errors import GateError, RunIdentityError
from include.tidemark.history.run_inputs import record_inputs
from include.tidemark.pipeline import backfill
from include.tidemark.pipeline.backfill import (
    FailedMonthsError,
    begin_dag_run,
    end_dag_run,
    note_backfill,
    plan_backfill,
    request_of,
    run_backfill,
)
from include.tidemark.pipeline.publish import publish
from include.tidemark.rules import load_rules
from include.tidemark.run import make_run_key
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ID = "20261120T090000"
REQUEST = BackfillRequest(from_date=MONTHS[0], to_date=MONTHS[2], reason="late rows", dry_run=False)


@dataclass
class Stages:
    """Stands in for a month's stages: what they leave, or the error with which they end."""

    settings: Settings
    started: list[tuple[date, str]] = field(default_factory=list)
    errors: dict[date, BaseException] = field(default_factory=dict)

    def run(self, settings, parameters, started_at, run_id, started_by):
        day = date.fromisoformat(parameters["as_of_date"])
        self.started.append((day, run_id))
        tries = len(self.started)
        made = make_run(day, load_rules(environ={}), publish=parameters["publish"])
        run = made.model_copy(
            update={
                "run_key": make_run_key(day, started_at, run_id, tries),
                "started_at": started_at,
                "dag_run_id": run_id,
                "started_by": started_by,
                "reason": parameters["reason"],
            }
        )
        write_candidate(settings, run)
        with open_warehouse(settings) as warehouse:
            record_inputs(run, warehouse)
        if error := self.errors.get(day):
            raise error
        publish(run, settings, timings={"models": 30.0, "publish": 10.0})
        return run, {}

    @property
    def days(self):
        return [day for day, _ in self.started]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The first two months, published."""
    folder = tmp_path_factory.mktemp("published")
    settings = make_settings(folder)
    for day in MONTHS[:2]:
        run = make_run(day, load_rules(environ={}))
        write_candidate(settings, run)
        publish(run, settings, timings={"models": 30.0, "publish": 10.0})
    return folder


@pytest.fixture
def stages(published, tmp_path, monkeypatch):
    shutil.copytree(published, tmp_path / "copy")
    found = Stages(make_settings(tmp_path / "copy", config_dir=tmp_path / "config"))
    (tmp_path / "config").mkdir()
    monkeypatch.setattr(backfill, "run_in_order", lambda *args, **more: found.run(*args, **more))  # noqa: PLW0108 (a test replaces it)
    return found


def go(stages, request=REQUEST, *, begin=True) -> Any:
    if begin:
        note_backfill(
            ID, "started", stages.settings, at=NOW, by="ann", reason=request.reason, request=request
        )
    told: list[Any] = []
    outcome = run_backfill(ID, request, stages.settings, clock=lambda: NOW, by="ann", told=told.append)
    assert [each.as_of_date for each in told] == list(request.months)
    return outcome


def states(outcome):
    return [month.state for month in outcome.months]


def ledger(stages):
    with open_warehouse(stages.settings) as warehouse:
        return warehouse.fetch(
            "select as_of_date, published_by, reason, dag_run_id from control.publications order by publication_id"
        )


def test_each_month_gets_a_new_run_oldest_first_and_the_ledger_says_who_and_why(stages):
    outcome = go(stages)
    assert outcome.is_whole and stages.days == list(MONTHS[:3])
    new = ledger(stages)[2:]
    assert [row["published_by"] for row in new] == ["ann"] * 3
    assert {row["reason"] for row in new} == {f"late rows (backfill {ID} by ann)"}
    first, _, third = outcome.months
    assert first.difference.earlier.run_key != first.run_key == first.difference.later.run_key
    assert third.difference is None, "it was not published before"


def test_after_a_crash_it_goes_on_with_the_months_that_are_not_done(stages):
    stages.errors[MONTHS[1]] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        go(stages)
    del stages.errors[MONTHS[1]]
    outcome = go(stages, begin=False)
    assert states(outcome) == ["done before", "done", "done"]
    assert stages.days == [MONTHS[0], MONTHS[1], MONTHS[1], MONTHS[2]]
    assert stages.started[1][1] != stages.started[2][1], "a run that was lost is never written again"
    assert outcome.months[0].difference.earlier.run_key != outcome.months[0].run_key


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(True, ["failed", "not started", "not started"]), (False, ["failed", "done", "done"])],
)
def test_a_month_that_fails_stops_the_rest_or_not_as_asked_and_consumers_see_what_they_saw(
    stages, stop, expected
):
    stages.errors[MONTHS[0]] = GateError("the gate says no")
    outcome = go(stages, REQUEST.model_copy(update={"stop_on_failure": stop}))
    assert states(outcome) == expected
    assert outcome.months[0].said == "the gate says no"
    assert [row["as_of_date"] for row in ledger(stages)[2:]] == list(MONTHS[1:3] if not stop else ())


def test_what_a_driver_says_is_not_told(stages):
    stages.errors[MONTHS[0]] = RuntimeError("row of jane@example.com")
    assert go(stages).months[0].said == "an unexpected RuntimeError"


@pytest.mark.parametrize("action", ["paused", "cancelled"])
def test_it_stops_between_two_months_when_somebody_else_pauses_or_cancels_it(stages, action, monkeypatch):
    run = stages.run

    def and_is_stopped(*arguments, **more):
        done = run(*arguments, **more)
        note_backfill(ID, action, stages.settings, at=NOW.replace(hour=10), by="bob")
        return done

    monkeypatch.setattr(stages, "run", and_is_stopped)
    outcome = go(stages)
    assert states(outcome) == ["done", "not started", "not started"]
    assert outcome.months[1].said == f"the backfill was {action}"
    monkeypatch.setattr(stages, "run", run)
    if action == "cancelled":
        with pytest.raises(RunIdentityError, match="is over"):
            note_backfill(ID, "resumed", stages.settings, at=NOW.replace(hour=11), by="ann")
    else:
        note_backfill(ID, "resumed", stages.settings, at=NOW.replace(hour=11), by="ann")
        assert states(go(stages, begin=False)) == ["done before", "done", "done"]


@pytest.mark.parametrize(("stop", "expected"), [(True, "not started"), (False, "done")])
def test_months_at_once_are_all_done_and_after_a_failure_no_further_one_is_started(
    stages, stop, expected, monkeypatch
):
    """Threads stand for the processes: what is started when is the same."""
    monkeypatch.setattr(
        backfill, "ProcessPoolExecutor", lambda number, mp_context: ThreadPoolExecutor(number)
    )
    at_once = REQUEST.model_copy(update={"max_parallel": 2, "stop_on_failure": stop})
    ahead = Barrier(2, timeout=600)

    def run(settings, parameters, started_at, run_id, started_by):
        day = date.fromisoformat(parameters["as_of_date"])
        if day in MONTHS[:2]:
            ahead.wait()
            raise GateError("the gate says no")
        return stages_run(settings, parameters, started_at, run_id, started_by)

    stages_run = stages.run
    monkeypatch.setattr(stages, "run", run)
    note_backfill(ID, "started", stages.settings, at=NOW, by="ann", request=at_once)
    outcome = run_backfill(ID, at_once, stages.settings, clock=lambda: NOW, by="ann", told=lambda month: None)
    assert states(outcome) == ["failed", "failed", expected]


def test_what_a_process_of_its_own_is_told_can_be_handed_to_it(stages):
    at_work = backfill._Months(ID, REQUEST, stages.settings, lambda: NOW, "ann")
    told = at_work._arguments(MONTHS[0])
    assert pickle.loads(pickle.dumps(told)) == told


def test_without_publication_the_months_are_computed_once_and_nobody_sees_them(stages):
    quiet = REQUEST.model_copy(update={"publish": False})
    outcome = go(stages, quiet)
    assert outcome.is_whole and len(ledger(stages)) == 2
    assert outcome.months[0].difference.later.is_shown is False
    assert states(go(stages, quiet, begin=False)) == ["done before"] * 3


def test_what_was_asked_for_is_kept_and_an_unknown_id_names_the_last_ones(stages):
    go(stages)
    request, found = request_of(ID, stages.settings)
    assert (request, found.recorded_by, found.reason) == (REQUEST, "ann", "late rows")
    with pytest.raises(RunIdentityError, match=f"the last ones are: {ID}"):
        request_of("none", stages.settings)


def plan(stages, **parameters):
    given = {"from_date": MONTHS[0], "to_date": MONTHS[2]} | parameters
    return plan_backfill(given, stages.settings, NOW)


def stage_views(stages, late_user):
    with open_warehouse(stages.settings) as warehouse:
        warehouse.execute("create schema if not exists staging")
        warehouse.execute(
            "create or replace view staging.stg_users as select * from (values ('u1', date '2026-07-01', timestamp '2020-01-01'),"
            f" ('u2', date '2026-07-05', timestamp '{late_user}')) as t (user_id, created_date, _loaded_at)"
        )


def test_the_plan_says_what_is_published_and_why_the_new_run_would_differ(stages):
    stage_views(stages, "2026-08-20")
    (stages.settings.config_dir / "rules.yml").write_text("audience_declining_min_lifetime_value: 1234\n")
    first, second, third = plan(stages).months
    assert first.run_key == make_run(MONTHS[0], load_rules(environ={})).run_key
    changed = {each.name: each.later for each in first.values if each.kind == "rule"}
    assert changed == {"audience_declining_min_lifetime_value": 1234}
    assert [(late.table, late.rows, late.days, late.all_anew) for late in first.late] == [
        ("users", 1, ((date(2026, 7, 5), 1),), False)
    ]
    assert second.late == (), "it started when the row was there"
    assert (third.run_key, third.why) == (None, ["not published yet"])
    assert first.rows_to_read == {"users": 2}
    assert any("late rows of users" in why for why in first.why)


def test_a_source_that_was_loaded_anew_as_a_whole_says_so_and_names_no_day(stages):
    with open_warehouse(stages.settings) as warehouse:
        warehouse.execute("create schema if not exists staging")
        warehouse.execute(
            "create view staging.stg_users as select 'u1' as user_id, date '2026-07-01' as created_date, timestamp '2026-11-01' as _loaded_at"
        )
        warehouse.execute(
            "insert into control.loads values ('users', 'file:///landing/users.parquet', 'f2', 460, timestamp '2026-11-01', 460, 0)"
        )
    made = plan(stages)
    assert "users: every row was loaded again" in made.months[0].why
    assert dict(made.tables())["late rows"] == []
    (load,) = made.months[0].loads
    assert "users.parquet (users, 460 rows, delivered again" in load


def test_the_plan_takes_the_time_of_past_runs_and_changes_nothing(stages):
    before = ledger(stages)
    made = plan(stages)
    assert (made.seconds, made.credits) == (120.0, None)
    assert ledger(stages) == before and not stages.started


def test_families_that_consumers_would_lose_are_named(stages):
    made = plan_backfill(
        {"from_date": MONTHS[0], "to_date": MONTHS[0]},
        stages.settings.model_copy(update={"families": ("engagement",)}),
        NOW,
    )
    assert made.months[0].families_lost == ("customer_segments",)
    assert any("Consumers would lose customer_segments" in note for note in made.notes)


@pytest.mark.parametrize("named", [("planners",), ("customer_segments",)], ids=["not enabled", "one of two"])
def test_a_backfill_of_fewer_families_than_a_publication_holds_is_refused(stages, named):
    both = ("customer_segments", "engagement")
    stages.settings = stages.settings.model_copy(update={"families": both})
    with pytest.raises(
        RunIdentityError, match=r"leave families empty \(enabled are customer_segments, engagement\)"
    ):
        plan(stages, families=named)
    assert plan(stages, families=both[::-1]).request.families == both[::-1]


def test_the_dag_gets_a_fixed_run_for_each_month_and_none_for_a_dry_run(stages):
    asked = {"from_date": str(MONTHS[0]), "to_date": str(MONTHS[2])}
    begun = begin_dag_run("manual__2026", asked, stages.settings, started_at=NOW, by="ann")
    assert (
        begun["lanes"] == [] and end_dag_run(begun, stages.settings, at=NOW, by="ann")["status"] == "dry_run"
    )
    begun = begin_dag_run(
        "manual__2026", asked | {"dry_run": False, "reason": "why"}, stages.settings, started_at=NOW, by="ann"
    )
    (lane,) = begun["lanes"]
    assert [month["run_id"] for month in lane["months"]] == [
        f"segmentation_backfill__manual_2026__{day}" for day in MONTHS[:3]
    ]
    assert lane["months"][0]["conf"]["reason"] == "why (backfill manual_2026 by ann)"
    with pytest.raises(FailedMonthsError, match=f"as of {MONTHS[0]}, {MONTHS[1]}, {MONTHS[2]} are not done"):
        end_dag_run(begun, stages.settings, at=NOW, by="ann")
    with pytest.raises(FailedMonthsError, match="No plan was made"):
        end_dag_run(None, stages.settings, at=NOW, by="ann")


class Account:
    """Answers as Snowflake does, or refuses."""

    dialect = "snowflake"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def fetch(self, sql: str, parameters: Any = ()) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return [row for row in self.answer if row["run_key"] in parameters]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"run_key": "a", "credits": 0.5}, {"run_key": "c", "credits": 9}], {"a": 0.5}),
        ([{"run_key": "b", "credits": None}], {}),
        (RuntimeError("no grant"), None),
    ],
)
def test_credits_are_those_of_the_runs_that_snowflake_knows_and_unknown_without_the_grant(answer, expected):
    assert credits_of_runs(Account(answer), ["a", "b"]) == expected
