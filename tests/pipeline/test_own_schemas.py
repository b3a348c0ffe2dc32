"""A run with `known_at` reads tables of its own in place of those that all runs share: every one of these,
and no other name."""

import re

import pytest

from include.tidemark.own_checks.tables import checked_tables
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.pipeline.opened import own_queries
from include.tidemark.rules import load_rules
from include.tidemark.run import RunOptions
from tests.artifacts.months import MONTHS, make_run

STAGES = PROJECT_ROOT / "include" / "tidemark"
READ_BY_NO_RUN = {"erasure", "suggest", "backfill", "doctor", "init", "examination"}
"""Folders whose queries are about the present state of the warehouse."""


@pytest.fixture(scope="module")
def run():
    options = RunOptions(known_at="2026-08-02T00:00:00Z")
    return make_run(MONTHS[0], load_rules(environ={})).model_copy(update={"options": options})


def test_every_shared_table_that_a_stage_names_is_one_of_those_that_are_replaced(run) -> None:
    named = {
        name
        for suffix in ("*.py", "*.yml")
        for file in STAGES.rglob(suffix)
        if file.relative_to(STAGES).parts[0] not in READ_BY_NO_RUN
        for name in re.findall(
            r"\b(?:staging|core|marts)\.(?:stg|fct|dim|fact)_\w+", file.read_text(encoding="utf-8")
        )
        if not name.endswith("_")
    }
    assert len(named) > 5
    assert {name for name in named if name not in checked_tables()} == set()
    own = own_queries(run)
    assert [name for name in named if own(f"select * from {name}") == f"select * from {name}"] == []


@pytest.mark.parametrize(
    "query",
    [
        "select * from shop.core.fct_customer_category_daily",
        "select * from core.fct_customer_category_daily_of_mine",
        'select * from "core"."fct_customer_category_daily"',
        "select * from runs.customer_segments join control.publications on true",
        "select core.amount from x as core",
        "select * from staging.stg_orders",
    ],
)
def test_other_names_are_left_alone(run, query: str) -> None:
    assert own_queries(run)(query) == query


def test_a_run_of_all_that_there_is_reads_what_all_runs_share(run) -> None:
    plain = run.model_copy(update={"options": RunOptions()})
    assert (plain.schema_suffix, own_queries(plain)("select 1 from core.fct_user_event_daily")) == (
        "",
        "select 1 from core.fct_user_event_daily",
    )
