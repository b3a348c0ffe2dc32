"""The family engagement on an emulated Snowflake: the same rows as on DuckDB."""

from pathlib import Path
from typing import Any

import duckdb

from tests.dbt.test_engagement import RUN, SELECTION, engagement
from tests.dbt.test_snowflake_emulator import dbt_environment, emulator

__all__ = ["engagement"]

COMPARED = {
    "runs.user_engagement": "*",
    # The emulator sums through doubles: compared to single precision.
    "runs.engagement_cells": "* replace (s2::float as s2, s3::float as s3)",
    "runs.install_cohort_retention": "* replace (revenue_s2::float as revenue_s2, revenue_s3::float as revenue_s3)",
    "runs.journey_times": "*",
}


def test_a_run_on_an_emulated_snowflake_equals_the_one_on_duckdb(
    engagement: Any, all_table_definitions: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "emulator"
    folder.mkdir()
    (folder / "setup.sql").write_text(";\n".join(all_table_definitions), encoding="utf-8")
    (folder / "export.txt").write_text("\n".join(COMPARED), encoding="utf-8")
    for table in ("raw.users", "raw.events", "raw.transactions"):
        engagement.execute(f"copy {table} to '{folder}/{table}.parquet'")
    with emulator(folder) as port:
        warehouse = engagement.copy_to(tmp_path / "dbt")
        result = warehouse.dbt("build", *SELECTION, run=RUN, environ=dbt_environment(port))
        assert result.returncode == 0, result.output
    for table, columns in COMPARED.items():
        emulated = duckdb.sql(f"select {columns} from '{folder}/{table}.out.parquet' order by all").fetchall()
        expected = engagement.rows(f"select {columns} from {table} where run_key = 'later_1' order by all")
        assert len(emulated) == len(expected) > 0, table
        assert emulated == expected, table
