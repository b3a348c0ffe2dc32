"""The small parts that the suites are written with."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from include.tidemark.errors import TidemarkError
from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.literals import text_literal
from include.tidemark.sources.timestamps import timestamp_literal
from include.tidemark.validation.checks import Asset, Check, CheckResult, GateReport
from include.tidemark.validation.contract import is_accepted
from include.tidemark.validation.engine import open_gate
from include.tidemark.warehouse.duckdb import DuckDBWarehouse


def result(severity: str, success: bool) -> CheckResult:
    return CheckResult("s", "e", "t", None, severity, success, "1", "m.")  # type: ignore[arg-type]


def test_a_report_counts_failures_by_severity() -> None:
    report = GateReport("models", (result("critical", True), result("warning", False), result("info", False)))
    assert report.counts == {"checks": 3, "critical": 0, "warning": 1, "info": 1}
    assert [r.severity for r in report.failed("warning")] == ["warning"]


def test_an_asset_is_one_query_with_a_column_for_each_check() -> None:
    check = Check("n", "count(*)", "c.", "f.", minimum=1)
    assert Asset("a", "t", "t", (check,)).query == "select count(*) as n from t"
    with_clause = Asset("a", "t", "t", (check,), with_clause="t as (select 1)").query
    assert with_clause == "with t as (select 1) select count(*) as n from t"


@pytest.mark.parametrize("text", ["plain", "it's", "a :b", "::", "東京", "{x}", "100%"])
def test_a_text_survives_the_way_into_sql(text: str) -> None:
    query = f"select {text_literal(text)}"
    # The module's own connection is every test's, and may hold an open result.
    with duckdb.connect() as engine:
        assert engine.execute(query).fetchall() == [(text,)]


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ("max(amount)", 'Binder Error: Referenced column "amount" not found in FROM clause!'),
        ("max(cast(name as integer))", "ConversionException"),
    ],
)
def test_a_measure_that_can_t_be_computed_is_told_without_a_value(
    tmp_path: Path, measure: str, said: str
) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    warehouse.execute("create table people as select 'Zoe' as name")
    gate = open_gate(warehouse, "20261101_20261101T060000_0123abcd", datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(TidemarkError) as told:
        gate.evaluate(Asset("models.people", "people", "people", (Check("n", measure, "c.", "f."),)))
    warehouse.close()
    assert str(told.value) == (
        f"The checks of people could not be computed ({said}); compare its columns and types with the model or contract that declares them."
    )


def test_a_backslash_is_refused_because_warehouses_read_it_differently() -> None:
    with pytest.raises(ValueError, match="quote"):
        text_literal("a\\b")


def test_a_timestamp_is_written_in_utc_without_a_zone() -> None:
    assert (
        timestamp_literal(datetime(2026, 11, 1, 4, tzinfo=UTC))
        == "cast('2026-11-01 04:00:00.000000' as timestamp)"
    )


def test_every_type_of_the_contract_is_accepted_as_itself() -> None:
    for table in source_tables().values():
        for column in table.columns:
            assert is_accepted(column.data_type, column.data_type), column


@pytest.mark.parametrize(
    ("contract", "actual", "accepted"),
    [
        ("varchar", "number", True), ("decimal(18,4)", "double", True), ("double", "decimal(38,2)", True),
        ("timestamp", "timestamp_ntz", True), ("timestamp", "timestamp with time zone", False),
        ("double", "number(18,4)", True), ("bigint", "number(18,4)", False), ("varchar", "decimal(18,4)", False),
        ("timestamp", "date", False), ("decimal(18,4)", "varchar", False), ("boolean", "varchar", False), ("date", "", False),
    ],
)  # fmt: skip
def test_types_that_staging_casts_without_loss_are_accepted(
    contract: str, actual: str, accepted: bool
) -> None:
    assert is_accepted(contract, actual) is accepted
