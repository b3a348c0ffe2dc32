"""What the daily facts stand on, as the control table remembers it over runs that end and runs that don't."""

from datetime import UTC, date, datetime, timedelta

import pytest

from include.tidemark.history.facts import finish_build, start_build
from include.tidemark.rules import load_rules
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.duckdb import DuckDBWarehouse

STARTED = datetime(2026, 6, 1, 7, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path):
    opened = DuckDBWarehouse(tmp_path / "w.duckdb")
    ensure_control_tables(opened)
    yield opened
    opened.close()


def run_of(
    number: int, zone: str = "Europe/Berlin", sources: dict | None = None, families=("customer_segments",)
) -> Run:
    started = STARTED + timedelta(days=number)
    rules = load_rules(None, {}).model_copy(update={"business_timezone": zone})
    return Run(
        as_of_date=date(2026, 6, 1), run_key=make_run_key(date(2026, 6, 1), started, "test", 0), started_at=started, dag_run_id="t",
        families=families, rules=rules, rules_hash="r", code_version="c", options=RunOptions(),
        config={"sources.yml": sources} if sources else {},
    )  # fmt: skip


def whole(warehouse, run: Run) -> bool:
    rebuild = start_build(warehouse, run)
    finish_build(warehouse, run)
    return rebuild


def test_the_same_run_again_rebuilds_nothing(warehouse):
    assert [whole(warehouse, run_of(number)) for number in range(3)] == [False, False, False]


@pytest.mark.parametrize(
    "change",
    [{"zone": "Asia/Tokyo"}, {"sources": {"users": {"from": "a"}}}, {"families": ("customer_segments", "engagement")}],
)  # fmt: skip
def test_another_zone_mapping_or_family_rebuilds_once(warehouse, change):
    assert not whole(warehouse, run_of(0))
    assert whole(warehouse, run_of(1, **change))
    assert not whole(warehouse, run_of(2, **change))


def test_a_rebuild_that_did_not_end_is_made_again_whatever_comes_next(warehouse):
    assert not whole(warehouse, run_of(0))
    assert start_build(warehouse, run_of(1, zone="Asia/Tokyo"))
    assert start_build(warehouse, run_of(2, zone="Asia/Tokyo"))
    assert whole(warehouse, run_of(3))
    assert not whole(warehouse, run_of(4))


def test_a_retry_of_the_first_task_says_the_same(warehouse):
    assert not whole(warehouse, run_of(0))
    changed = run_of(1, zone="Asia/Tokyo")
    assert start_build(warehouse, changed) and start_build(warehouse, changed)
