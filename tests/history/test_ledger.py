"""The ledger says what consumers see, and only ever grows."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest

from include.tidemark.as_of import month_before
from include.tidemark.errors import RunIdentityError
from include.tidemark.history import ledger
from include.tidemark.rules import load_rules
from include.tidemark.run import PublishedRun, Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables, replace_run_rows


def run_of(day: date, hour: int = 6) -> Run:
    started = datetime(2026, 11, 20, hour, tzinfo=UTC)
    return Run(
        as_of_date=day,
        run_key=make_run_key(day, started, "manual", 0),
        started_at=started,
        dag_run_id="manual",
        families=("customer_segments",),
        rules=load_rules(None, environ={}),
        rules_hash="r",
        code_version="c",
        options=RunOptions(),
    )


@pytest.fixture
def warehouse(tmp_path):
    with open_warehouse(Settings(duckdb_path=tmp_path / "w.duckdb")) as opened:
        ensure_control_tables(opened)
        yield opened


def publish(warehouse, run, *families):
    """Publish a run that computed the families."""
    compute(warehouse, run, *families)
    return ledger.record_publication(warehouse, run, "file:///manifest.json", "0" * 64)


def compute(warehouse, run, *families):
    """Leave one number of each family, as its questions do."""
    for family in families:
        row = {"as_of_date": run.as_of_date, "run_key": run.run_key, "family": family, "metric": "share"}
        warehouse.insert("runs.statistics", [row])


def published(day):
    return day and PublishedRun(as_of_date=day, run_key=run_of(day).run_key)


def test_the_newest_row_of_a_date_is_what_is_published(warehouse):
    first, second = run_of(date(2026, 10, 1)), run_of(date(2026, 10, 1), hour=7)
    publish(warehouse, first)
    publish(warehouse, second)
    (current,) = ledger.current_publications(warehouse)
    assert current.run_key == second.run_key


def test_the_ledger_knows_who_and_why_and_an_erasure_is_nobodys_rollback(warehouse):
    day = date(2026, 10, 1)
    first, second = (
        run_of(day, hour).model_copy(update={"started_by": by, "reason": why})
        for hour, by, why in ((6, "scheduled", None), (7, "ann", "late file"))
    )
    publish(warehouse, first)
    publish(warehouse, second)
    ledger.record_rollback(warehouse, day, first.run_key, "bob", "bad file")
    ledger.record_erasure(warehouse, day, {first.run_key: "1" * 64})
    assert [(p.action, p.published_by, p.reason) for p in ledger.publications_of(warehouse, day)] == [
        ("publish", "scheduled", None),
        ("publish", "ann", "late file"),
        ("rollback", "bob", "bad file"),
        ("erasure", None, None),
    ]


def test_a_ledger_of_an_earlier_release_can_be_read_and_gets_its_columns(warehouse):
    run = run_of(date(2026, 10, 1))
    publish(warehouse, run)
    for column in ("published_by", "reason"):
        warehouse.execute(f"alter table control.publications drop column {column}")
    assert [p.run_key for p in ledger.current_publications(warehouse)] == [run.run_key], "before the upgrade"
    ensure_control_tables(warehouse)
    (known,) = ledger.publications_of(warehouse, run.as_of_date)
    assert (known.run_key, known.published_by, known.reason) == (run.run_key, None, None)
    assert list(warehouse.columns("control", "publications"))[-2:] == ["published_by", "reason"]


def test_publishing_a_run_twice_leaves_one_row(warehouse):
    run = run_of(date(2026, 10, 1))
    assert publish(warehouse, run) == publish(warehouse, run)
    assert len(ledger.publications_of(warehouse, run.as_of_date)) == 1


def test_a_rollback_shows_the_earlier_run_again_and_deletes_nothing(warehouse):
    first, second = run_of(date(2026, 10, 1)), run_of(date(2026, 10, 1), hour=7)
    publish(warehouse, first)
    publish(warehouse, second)
    ledger.record_rollback(warehouse, date(2026, 10, 1), first.run_key, "ann", "why")
    assert ledger.current_publications(warehouse)[0].run_key == first.run_key
    assert [p.action for p in ledger.publications_of(warehouse, date(2026, 10, 1))] == [
        "publish",
        "publish",
        "rollback",
    ]


def test_of_two_rows_with_one_number_that_of_the_later_run_holds_wherever_the_ledger_is_read(warehouse):
    day = date(2026, 10, 1)
    later, earlier = run_of(day, hour=8), run_of(day, hour=7)
    for run in (later, earlier):
        publish(warehouse, run)
    # As two tasks leave it that published at once, where a warehouse has no lock for inserts.
    warehouse.execute("update control.publications set publication_id = 1")
    assert ledger.current_publications(warehouse)[0].run_key == later.run_key
    assert [p.run_key for p in ledger.publications_of(warehouse, day)] == [earlier.run_key, later.run_key]
    with pytest.raises(RunIdentityError, match="nothing to roll back"):
        ledger.record_rollback(warehouse, day, later.run_key, "ann", "why")
    ledger.record_rollback(warehouse, day, earlier.run_key, "ann", "why")
    assert ledger.current_publications(warehouse)[0].run_key == earlier.run_key


def test_a_rollback_to_a_run_that_was_never_published_names_the_choices(warehouse):
    run = run_of(date(2026, 10, 1))
    publish(warehouse, run)
    with pytest.raises(RunIdentityError, match=f"never published.*{run.run_key}"):
        ledger.record_rollback(
            warehouse, date(2026, 10, 1), run_of(date(2026, 10, 1), hour=9).run_key, "ann", "why"
        )


def test_a_rollback_to_what_is_shown_already_is_refused(warehouse):
    run = run_of(date(2026, 10, 1))
    publish(warehouse, run)
    with pytest.raises(RunIdentityError, match="nothing to roll back"):
        ledger.record_rollback(warehouse, date(2026, 10, 1), run.run_key, "ann", "why")


def test_a_published_run_may_not_be_written_again(warehouse):
    run = run_of(date(2026, 10, 1))
    ledger.refuse_published(warehouse, run.run_key)
    publish(warehouse, run)
    with pytest.raises(RunIdentityError, match="trigger a new run"):
        ledger.refuse_published(warehouse, run.run_key)


@pytest.mark.parametrize(
    ("as_of", "previous", "backtest"),
    [
        (date(2017, 10, 1), None, None),
        (date(2017, 11, 1), date(2017, 10, 1), None),
        (date(2017, 12, 29), date(2017, 12, 1), None),
        (date(2017, 12, 30), date(2017, 12, 1), date(2017, 10, 1)),
        (date(2018, 1, 1), date(2017, 12, 1), date(2017, 10, 1)),
        (date(2018, 3, 1), date(2017, 12, 1), date(2017, 12, 1)),
    ],
)
def test_a_month_is_compared_with_the_one_before_and_tested_on_the_newest_whose_90_days_are_over(
    warehouse, as_of, previous, backtest
):
    for day in (date(2017, 10, 1), date(2017, 11, 1), date(2017, 12, 1)):
        publish(warehouse, run_of(day), "customer_segments")
    compared = ledger.comparison_runs(warehouse, as_of)
    assert compared.previous == published(previous)
    assert compared.previous_by_family.get("customer_segments") == published(previous)
    assert compared.backtest_by_family.get("customer_segments") == published(backtest)


def test_a_family_is_compared_with_the_newest_month_that_holds_it(warehouse):
    october, november, december = date(2017, 10, 1), date(2017, 11, 1), date(2017, 12, 1)
    publish(warehouse, run_of(october), "customer_segments", "planners")
    publish(warehouse, run_of(november), "planners")
    publish(warehouse, run_of(december), "planners", "engagement")
    compared = ledger.comparison_runs(warehouse, date(2018, 4, 1))
    assert compared.previous == published(december)
    assert compared.previous_by_family == {
        "customer_segments": published(october),
        "planners": published(december),
        "engagement": published(december),
    }
    assert compared.backtest_by_family["customer_segments"] == published(october), (
        "later months hold no segments"
    )


def test_the_months_of_a_trend_are_those_before_without_a_gap_and_at_most_eleven(warehouse):
    for months in range(1, 15):
        families = ("planners", "engagement") if months != 4 else ("planners",)
        publish(warehouse, run_of(month_before(date(2018, 4, 1), months)), *families)
    publish(warehouse, run_of(date(2018, 3, 15)), "planners")
    found = ledger.comparison_runs(warehouse, date(2018, 4, 1)).months_by_family
    assert found["planners"] == tuple(
        published(month_before(date(2018, 4, 1), months)) for months in range(11, 0, -1)
    )
    assert [run.as_of_date for run in found["engagement"]] == [date(2018, m, 1) for m in (1, 2, 3)]
    assert ledger.comparison_runs(warehouse, date(2018, 4, 2)).months_by_family == {}


def test_a_family_that_a_month_s_newer_run_left_out_is_not_compared_with_that_month(warehouse):
    day = date(2017, 10, 1)
    publish(warehouse, run_of(day), "planners", "engagement")
    publish(warehouse, run_of(day, hour=7), "planners")
    assert set(ledger.comparison_runs(warehouse, date(2017, 11, 1)).previous_by_family) == {"planners"}


def test_numbers_of_a_run_that_was_never_published_are_no_publication_of_their_family(warehouse):
    publish(warehouse, run_of(date(2017, 10, 1)), "planners")
    compute(warehouse, run_of(date(2017, 10, 1), hour=7), "engagement")
    assert set(ledger.comparison_runs(warehouse, date(2017, 11, 1)).previous_by_family) == {"planners"}


def test_replacing_a_part_of_a_run_leaves_other_parts_and_runs_alone(warehouse):
    def result(run_key, stage):
        return {
            "as_of_date": date(2026, 10, 1),
            "run_key": run_key,
            "stage": stage,
            "expectation": "e",
            "severity": "info",
            "success": True,
        }

    for key, stage in (("a", "sources"), ("a", "models"), ("b", "models")):
        replace_run_rows(warehouse, "control.gate_results", key, [result(key, stage)] * 2, {"stage": [stage]})
    replace_run_rows(warehouse, "control.gate_results", "a", [result("a", "models")], {"stage": ["models"]})
    counted = warehouse.fetch(
        "select run_key, stage, count(*) as n from control.gate_results group by all order by all"
    )
    assert [(row["run_key"], row["stage"], row["n"]) for row in counted] == [
        ("a", "models", 1),
        ("a", "sources", 2),
        ("b", "models", 2),
    ]


def test_a_failed_transaction_leaves_nothing(warehouse):
    with pytest.raises(ZeroDivisionError), warehouse.transaction():
        warehouse.execute("create table raw.t as select 1 as x")
        raise ZeroDivisionError
    assert warehouse.columns("raw", "t") == {}


def test_a_run_that_two_threads_publish_at_once_is_in_the_ledger_once(warehouse, tmp_path, monkeypatch):
    both_looked, insert = threading.Barrier(2), ledger._insert
    run, settings = run_of(date(2026, 11, 1)), Settings(duckdb_path=tmp_path / "w.duckdb")

    def insert_when_both_looked(*arguments):
        with suppress(threading.BrokenBarrierError):
            both_looked.wait(0.5)
        return insert(*arguments)

    def record(_):
        with open_warehouse(settings) as own:
            return ledger.record_publication(own, run, "file:///manifest.json", "0" * 64)

    monkeypatch.setattr(ledger, "_insert", insert_when_both_looked)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(record, range(2))
    assert first == second
    assert [one["run_key"] for one in warehouse.fetch("select * from control.publications")] == [run.run_key]
