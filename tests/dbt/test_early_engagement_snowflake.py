"""The family early_engagement on an emulated Snowflake: the same rows as on DuckDB, from stored facts to
dense views."""

from pathlib import Path
from typing import Any

from tests.dbt.test_early_engagement import JULY, SELECTION, months
from tests.snowflake.emulator import give, running_emulator

__all__ = ["months"]

COMPARED = {
    "core.fct_user_event_daily": "user_id, event_date, event_name, event_count, first_event_at, last_event_at",
    "runs.dim_user_early_engagement": "*",
    "marts.dim_user_early_engagement": "*",
    "marts.dim_user_early_engagement_current": "*",
    "marts.fact_daily_user_events": "*",
    "marts.fact_events": "event_id, user_id, event_name, event_at, event_date",
    "marts.dim_users": "*",
}


def test_a_published_run_on_an_emulated_snowflake_equals_the_one_on_duckdb(
    months: Any, all_table_definitions: list[str], tmp_path: Path
) -> None:
    raw = {table: f"from {table}" for table in ("raw.users", "raw.events")}
    give(tmp_path / "account", all_table_definitions, months.path, raw)
    with running_emulator(tmp_path / "account") as account:
        warehouse = months.copy_to(tmp_path / "dbt")
        result = warehouse.dbt("build", *SELECTION, run=JULY, environ=account.dbt_environment())
        assert result.returncode == 0, result.output
        account.execute(
            "insert into runs.statistics (as_of_date, run_key, family, metric, is_mature)"
            " values ('2026-07-01', 'july_1', 'early_engagement', 'auc', true)",
            "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
            " values (1, '2026-07-01', 'july_1', '2026-07-01 00:00:00', 'publish')",
        )

    for table, columns in COMPARED.items():
        condition = "where run_key = 'july_1'" if table.startswith("runs.") else ""
        expected = months.rows(f"select {columns} from {table} {condition} order by all")
        assert len(expected) > 0 and account.rows(table, columns) == expected, table
