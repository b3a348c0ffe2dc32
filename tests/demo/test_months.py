"""What `make demo` does with what an earlier one left unfinished, on an Airflow that only answers
requests."""

from types import SimpleNamespace

import pytest

from include.tidemark.demo import airflow_api, months
from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.errors import TidemarkError

from .fake_airflow import FakeAirflow, Server

MONTHS = [day.isoformat() for day in COMPLETE_JOURNEY.as_of_dates]
OCTOBER, NOVEMBER, DECEMBER, JANUARY = MONTHS


@pytest.fixture
def airflow():
    return FakeAirflow(MONTHS)


@pytest.fixture
def demo(airflow, tmp_path, monkeypatch):
    """Runs the demo against the fake Airflow; what has succeeded there is published."""
    server = Server(airflow, tmp_path / "airflow")
    monkeypatch.setattr(months.local, "up", lambda state, dataset: server.stack)  # type: ignore[attr-defined]
    clock = [0.0]
    monkeypatch.setattr(
        airflow_api,
        "time",
        SimpleNamespace(
            monotonic=lambda: clock[0], sleep=lambda seconds: clock.append(clock.pop() + seconds)
        ),
    )
    monkeypatch.setattr(months, "segment_table", lambda published: "the table")
    monkeypatch.setattr(months, "family_lines", lambda month: [])
    monkeypatch.setattr(
        months,
        "published_months",
        lambda settings: [
            SimpleNamespace(as_of_date=month, report_uri="the report") for month in airflow.published
        ],
    )
    yield lambda: months.run_demo(tmp_path, COMPLETE_JOURNEY)
    server.close()


def test_a_first_demo_runs_all_months(demo, airflow):
    assert demo() == 0
    assert airflow.finished == [(month, "success") for month in MONTHS]


def test_an_interrupted_demo_goes_on_with_the_backfill_that_it_left(demo, airflow, capsys):
    airflow.left(["success", "running", "queued", "queued"])
    assert demo() == 0
    assert airflow.finished == [(month, "success") for month in (NOVEMBER, DECEMBER, JANUARY)]
    assert len(airflow.backfills) == 1
    assert "Going on with the backfill that was interrupted" in capsys.readouterr().out


def test_a_failed_month_runs_again_though_airflow_has_not_closed_its_backfill(demo, airflow):
    airflow.left(["success", "failed", "success", "success"])
    assert demo() == 0
    assert airflow.finished == [(NOVEMBER, "success")]
    assert len(airflow.backfills) == 2


def test_a_failed_month_runs_again_when_airflow_has_closed_its_backfill(demo, airflow):
    airflow.left(["success", "failed", "success", "success"], completed=True)
    assert demo() == 0
    assert airflow.finished == [(NOVEMBER, "success")]


def test_a_month_that_failed_before_the_interruption_runs_again_after_those_that_were_left(demo, airflow):
    airflow.left(["failed", "success", "running", "queued"])
    assert demo() == 0
    assert airflow.finished == [(month, "success") for month in (DECEMBER, JANUARY, OCTOBER)]


def test_a_backfill_that_was_interrupted_before_all_its_runs_were_made_is_made_whole(demo, airflow):
    airflow.backfills.append({"id": 1, "completed_at": None})
    airflow.add(OCTOBER, "queued")
    assert demo() == 0
    assert airflow.finished == [(month, "success") for month in MONTHS]


@pytest.mark.parametrize("states", [[], ["success", "running", "queued", "queued"]], ids=["new", "left"])
def test_a_month_that_fails_is_named_and_tried_once_a_command(demo, airflow, capsys, states):
    if states:
        airflow.left(states)
    airflow.fails = {DECEMBER}
    assert demo() == 1
    assert airflow.finished[-2:] == [(DECEMBER, "failed"), (JANUARY, "success")]
    assert f"Failed: backfill__{DECEMBER}." in capsys.readouterr().err
    airflow.fails = set()
    assert demo() == 0
    assert airflow.finished[-1] == (DECEMBER, "success")


def test_a_manual_run_that_is_still_going_is_nothing_to_wait_for(demo, airflow):
    airflow.left(["success", "success", "success", "running"])
    airflow.add(OCTOBER, "running", run_type="manual")
    assert demo() == 0
    assert airflow.finished == [(JANUARY, "success")]


def test_a_database_that_is_locked_for_a_moment_is_asked_again(demo, airflow):
    airflow.locked = 3
    assert demo() == 0
    assert airflow.published == MONTHS


def test_the_scheduler_takes_up_no_run_before_all_of_a_backfill_are_made(demo, airflow):
    airflow.locked = 1
    assert demo() == 0
    assert airflow.paused_when_asked == [True, True]
    assert not airflow.is_paused


def test_a_database_that_stays_locked_is_named(demo, airflow):
    airflow.locked = 1_000
    with pytest.raises(TidemarkError, match=r"refused the backfill: .*locked"):
        demo()
    assert not airflow.is_paused
