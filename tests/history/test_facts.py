"""What the daily facts stand on, as the control table remembers it over runs that end and runs that don't."""

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from include.tidemark.history import facts
from include.tidemark.history.facts import finish_build, start_build
from include.tidemark.paths import DBT_DIR
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
        as_of_date=date(2026, 6, 1),
        run_key=make_run_key(date(2026, 6, 1), started, "test", 0),
        started_at=started,
        dag_run_id="t",
        families=families,
        rules=rules,
        rules_hash="r",
        code_version="c",
        options=RunOptions(),
        config={"sources.yml": sources} if sources else {},
    )


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


def test_a_release_with_other_models_of_the_facts_rebuilds_once(warehouse, monkeypatch):
    assert not whole(warehouse, run_of(0))
    monkeypatch.setattr(facts, "VERSION", facts.VERSION + 1)
    assert whole(warehouse, run_of(1))
    assert not whole(warehouse, run_of(2))


DIGEST = {2: "15857ce7250946ab"}
"""Of the code of the facts, by their version."""


def test_a_change_of_the_facts_code_is_looked_at():
    """Where it gives the same source other rows, raise `facts.VERSION`; then write the digest down here."""
    manifest = json.loads((DBT_DIR / "target" / "manifest.json").read_text(encoding="utf-8"))
    open_ones = [name for name, node in manifest["nodes"].items() if node["fqn"][1:2] == ["core"]]
    code: dict[str, str] = {}
    while open_ones:
        name = open_ones.pop()
        node = manifest["nodes"].get(name) or manifest["macros"].get(name) or {}
        if name in code or node.get("package_name") != "tidemark" or node.get("resource_type") == "test":
            continue
        text = re.sub(
            r"\{#.*?#\}|--[^\n]*", "", node.get("raw_code") or node.get("macro_sql") or "", flags=re.S
        )
        code[name] = " ".join(text.split())
        open_ones += node["depends_on"]["macros"] + node["depends_on"].get("nodes", [])
    assert len(code) > 10
    found = hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()[:16]
    assert {facts.VERSION: found} == DIGEST
