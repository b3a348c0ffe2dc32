"""The family fee_tiers on an emulated Snowflake: what it leaves behind equals what DuckDB has."""

from pathlib import Path
from typing import Any

from tests.dbt.test_fee_tiers import RUN, built, raw  # noqa: F401 - fixtures
from tests.snowflake.emulator import give, running_emulator

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
    built: Any,  # noqa: F811
    all_table_definitions: list[str],
    tmp_path: Path,
) -> None:
    seed = "create table staging.fee_week_exclusions (first_day date, last_day date, reason varchar)"
    statements = [*all_table_definitions, "create schema if not exists staging", seed]
    give(tmp_path / "account", statements, built.path, {table: f"from {table}" for table in GIVEN})
    published = (
        "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
        f" values (1, '{RUN['as_of_date']}', '{RUN['run_key']}', '2026-03-03 00:00:00', 'publish')"
    )
    with running_emulator(tmp_path / "account") as account:
        result = built.copy_to(tmp_path / "dbt").dbt(
            "build", "--select", "+tag:fee_tiers+", "tag:publication", "--exclude", "tag:customer_segments",
            "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test", "seed", run=RUN,
            environ=account.dbt_environment(),
        )  # fmt: skip
        assert result.returncode == 0, result.output
        account.execute(published)
    for table in COMPARED:
        assert account.rows(table) == built.rows(f"from {table} order by all"), table
