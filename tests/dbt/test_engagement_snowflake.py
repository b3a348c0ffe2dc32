"""The family engagement on an emulated Snowflake: the same rows as on DuckDB."""

from pathlib import Path
from typing import Any

from tests.dbt.test_engagement import RUN, SELECTION, engagement
from tests.snowflake.emulator import give, running_emulator

__all__ = ["engagement"]

COMPARED = (
    "runs.user_engagement",
    "runs.engagement_cells",
    "runs.install_cohort_retention",
    "runs.journey_times",
)


def test_a_run_on_an_emulated_snowflake_equals_the_one_on_duckdb(
    engagement: Any, all_table_definitions: list[str], tmp_path: Path
) -> None:
    raw = {table: f"from {table}" for table in ("raw.users", "raw.events", "raw.transactions")}
    give(tmp_path / "account", all_table_definitions, engagement.path, raw)
    with running_emulator(tmp_path / "account") as account:
        warehouse = engagement.copy_to(tmp_path / "dbt")
        result = warehouse.dbt("build", *SELECTION, run=RUN, environ=account.dbt_environment())
        assert result.returncode == 0, result.output
    for table in COMPARED:
        expected = engagement.rows(f"from {table} where run_key = 'later_1' order by all")
        assert len(expected) > 0 and account.rows(table) == expected, table
