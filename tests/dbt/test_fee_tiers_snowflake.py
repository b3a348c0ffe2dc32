"""The family fee_tiers on an emulated Snowflake: what it leaves behind by the median swap equals what DuckDB
has."""

from pathlib import Path
from typing import Any

from tests.dbt.test_fee_tiers import RUN, SELECTION, build, raw, seed
from tests.snowflake.emulator import give, running_emulator

__all__ = ["raw"]

COMPARED = (
    "runs.fee_weeks",
    "runs.int_user_first_seen",
    "runs.fct_user_weekly_summary",
    "runs.fct_weekly_summary_final",
    "runs.fct_user_cohorts",
    "runs.fee_ltv_cells",
    "runs.fee_segment_cells",
    "runs.fee_volume_cells",
    "marts.fct_user_weekly_summary",
    "marts.fct_weekly_summary_final",
    "marts.fct_user_cohorts",
)
GIVEN = (
    "raw.users",
    "raw.transactions",
    "raw.fee_periods",
    "raw.market_prices",
    "staging.fee_week_exclusions",
)


def test_a_run_on_an_emulated_snowflake_equals_that_on_duckdb(
    raw: Any,
    all_table_definitions: list[str],
    tmp_path: Path,
) -> None:
    run = RUN | {"trade_size_basis": "median_swap"}
    warehouse = raw.copy_to(tmp_path / "duckdb")
    seed(warehouse)
    build(warehouse, run)
    warehouse.publish(1, run["as_of_date"], run["run_key"])
    excluded = "create table staging.fee_week_exclusions (first_day date, last_day date, reason varchar)"
    statements = [*all_table_definitions, "create schema if not exists staging", excluded]
    give(tmp_path / "account", statements, warehouse.path, {table: f"from {table}" for table in GIVEN})
    with running_emulator(tmp_path / "account") as account:
        result = warehouse.dbt("build", *SELECTION, run=run, environ=account.dbt_environment())
        assert result.returncode == 0, result.output
        account.execute(
            "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
            f" values (1, '{run['as_of_date']}', '{run['run_key']}', '2026-03-03 00:00:00', 'publish')"
        )
    for table in COMPARED:
        expected = warehouse.rows(f"from {table} order by all")
        assert len(expected) > 0 and account.rows(table) == expected, table
