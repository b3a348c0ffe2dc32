"""The family fee_tiers on an emulated Snowflake: what it leaves behind equals what DuckDB has."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dbt.test_fee_tiers import RUN, built, raw  # noqa: F401 - fixtures
from tests.dbt.test_snowflake_emulator import EMULATOR_PYTHON, dbt_environment, emulator, execute

# The emulator sums the squares and cubes of wide integers through doubles: compared to single precision.
_POWERS = "* replace (s2::float as s2, s3::float as s3)"
COMPARED = {
    "runs.fee_weeks": "*",
    "runs.int_user_first_seen": "*",
    "runs.fct_user_weekly_summary": "*",
    "runs.fct_weekly_summary_final": "*",
    "runs.fct_user_cohorts": "*",
    "runs.fee_ltv_cells": _POWERS,
    "runs.fee_segment_cells": _POWERS,
    "runs.fee_volume_cells": "*",
    "marts.fct_user_weekly_summary": "*",
    "marts.fct_weekly_summary_final": "*",
    "marts.fct_user_cohorts": "*",
}


def test_a_run_on_an_emulated_snowflake_equals_that_on_duckdb(
    raw: Any,  # noqa: F811
    built: Any,  # noqa: F811
    all_table_definitions: list[str],
    tmp_path: Path,
) -> None:
    if not EMULATOR_PYTHON.exists():
        pytest.fail(
            f"{EMULATOR_PYTHON} is missing: make test-setup installs it from deploy/locks/fakesnow.txt."
        )
    folder = tmp_path / "emulator"
    folder.mkdir()
    seed = "create table staging.fee_week_exclusions (first_day date, last_day date, reason varchar)"
    published = (
        "insert into control.publications (publication_id, as_of_date, run_key, published_at, action)"
        f" values (1, '{RUN['as_of_date']}', '{RUN['run_key']}', '2026-03-03 00:00:00', 'publish')"
    )
    statements = [*all_table_definitions, "create schema if not exists staging", seed]
    (folder / "setup.sql").write_text(";\n".join(statements), encoding="utf-8")
    (folder / "export.txt").write_text("\n".join(COMPARED), encoding="utf-8")
    for table in ("users", "transactions", "fee_periods", "market_prices"):
        raw.execute(f"copy raw.{table} to '{folder}/raw.{table}.parquet'")
    built.execute(f"copy staging.fee_week_exclusions to '{folder}/staging.fee_week_exclusions.parquet'")
    with emulator(folder) as port:
        warehouse = raw.copy_to(tmp_path / "dbt")
        # The emulator adds decimals as doubles, which the excluded test of core takes for lost cents.
        result = warehouse.dbt(
            "build", "--select", "+tag:fee_tiers+", "tag:publication", "--exclude", "tag:customer_segments", "core_holds_every_posted_cent",
            "--indirect-selection", "buildable", "--exclude-resource-type", "unit_test", "seed", run=RUN,
            environ=dbt_environment(port),
        )  # fmt: skip
        assert result.returncode == 0, result.output
        execute(port, published)
    for table, columns in COMPARED.items():
        order = f"{columns} from {{}} order by all"
        emulated = duckdb.sql("select " + order.format(f"'{folder}/{table}.out.parquet'")).fetchall()
        expected = built.rows("select " + order.format(table))
        assert len(emulated) == len(expected), table
        assert emulated == expected, table
