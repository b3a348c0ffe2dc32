"""The source gate on a table that the families can do without: its absence is no defect, unless it was there
before."""

import duckdb
import pytest

from include.tidemark.families.left_out import families_left_out
from include.tidemark.run import PublishedRun
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.rows import SourceRows, no_rows, raw_rows
from include.tidemark.validation.optional_sources import no_rows_asset
from tests.families.engagement.world import make_run

TABLE = source_tables()["transactions"]
EMPTY = raw_rows("transactions").model_copy(update={"lack": "empty"})
PREVIOUS = PublishedRun(as_of_date="2026-10-01", run_key="20261001_20261001T060000_0123abcd")


def test_a_table_that_is_nowhere_has_the_columns_and_types_of_its_contract_and_no_row():
    with duckdb.connect() as engine:
        found = engine.sql(no_rows(TABLE).sql)
        assert found.columns == [column.name for column in TABLE.columns]
        engine.execute(f"create table made ({', '.join(f'{c.name} {c.data_type}' for c in TABLE.columns)})")
        assert found.types == engine.table("made").types
        assert found.fetchall() == []


@pytest.mark.parametrize(("seen", "gone"), [(None, 0), (0, 0), (12, 1)])
def test_rows_that_the_last_publication_saw_may_not_be_gone(seen: int | None, gone: int) -> None:
    asset = no_rows_asset(make_run(previous=PREVIOUS), no_rows(TABLE), seen)
    assert duckdb.sql(asset.query).fetchall() == [(gone,)]
    (check,) = asset.checks
    assert check.severity == "critical" and check.maximum == 0
    assert "--allow-missing transactions" in check.failure


def test_rows_that_are_meant_to_be_gone_are_a_warning():
    options = make_run().options.model_copy(update={"allow_missing": ("transactions",)})
    (check,) = no_rows_asset(make_run(previous=PREVIOUS, options=options), no_rows(TABLE), 12).checks
    assert check.severity == "warning"


@pytest.mark.parametrize(
    ("rows", "why"),
    [(no_rows(TABLE), "is neither mapped in sources.yml nor landed"), (EMPTY, "holds no row")],
)
def test_a_family_that_needs_the_table_is_left_out_with_the_reason(rows: SourceRows, why: str) -> None:
    there = {name: raw_rows(name) for name in ("users", "events")}
    run = make_run(sources={**there, "transactions": rows})
    left = {family.name: family.reason for family in families_left_out(run)}
    assert left["customer_segments"] == f"the table transactions {why}."
    assert left["planners"] == "TIDEMARK_FAMILIES does not name it."


def test_reasons_of_two_kinds_are_both_said():
    run = make_run(sources={"users": raw_rows("users"), "transactions": EMPTY})
    left = {family.name: family.reason for family in families_left_out(run)}
    assert left["fee_tiers"] == (
        "the tables fee_periods and market_prices are neither mapped in sources.yml nor landed,"
        " the table transactions holds no row."
    )
