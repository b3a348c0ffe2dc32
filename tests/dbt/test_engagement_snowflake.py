"""The family engagement on an emulated Snowflake: the same rows as on DuckDB, by other rules than those of
the shared months."""

from pathlib import Path
from typing import Any

from tests.dbt.test_engagement import RUN, SELECTION, build, raw
from tests.snowflake.emulator import give, running_emulator

__all__ = ["raw"]

OTHER_RULES = {
    "engagement_percentile_users": "active",
    "revenue_segment_basis": "window",
    "journey_funnel_group": "platform",
}
COMPARED = (
    "runs.user_engagement",
    "runs.engagement_cells",
    "runs.install_cohort_retention",
    "runs.journey_times",
)


def test_a_run_on_an_emulated_snowflake_equals_the_one_on_duckdb(
    raw: Any,
    all_table_definitions: list[str],
    tmp_path: Path,
) -> None:
    run = RUN | OTHER_RULES
    warehouse = raw.copy_to(tmp_path / "duckdb")
    build(warehouse, run)
    given = {table: f"from {table}" for table in ("raw.users", "raw.events", "raw.transactions")}
    give(tmp_path / "account", all_table_definitions, raw.path, given)
    with running_emulator(tmp_path / "account") as account:
        result = warehouse.dbt("build", *SELECTION, run=run, environ=account.dbt_environment())
        assert result.returncode == 0, result.output
    for table in COMPARED:
        expected = warehouse.rows(f"from {table} order by all")
        assert len(expected) > 0 and account.rows(table) == expected, table
