"""Staging shows each row of its source once, and each model's own test process looks at that."""

from datetime import datetime

import pytest

from include.tidemark.pipeline.build import dbt_environment
from include.tidemark.settings import Settings
from include.tidemark.sources.contract import source_tables
from tests.dbt.conftest import LATER, DbtWarehouse

MODELS = [f"stg_{table}" for table in source_tables()]
NOW = datetime(2026, 10, 1)
FEWER = "select * from staging.sound limit (select count(*) - 1 from staging.sound)"
MORE = "select * from staging.sound union all (select * from staging.sound limit 1)"


def failed_tests(warehouse: DbtWarehouse, *models: str) -> set[str]:
    """The data tests of models that fail, where these models alone are selected, as they are after the
    process was killed."""
    settings = Settings(duckdb_path=warehouse.path)
    result = warehouse.dbt("test", "--select", *models, run=LATER, environ=dbt_environment(settings))
    assert result.statuses, result.output
    return {name for name, status in result.statuses.items() if status not in ("pass", "warn")}


@pytest.fixture
def staged(changeable: DbtWarehouse) -> DbtWarehouse:
    """Every staging view, each over at least one row."""
    changeable.insert("raw.events", [("e", "C001", "login", NOW, None, None, None, NOW)])
    changeable.insert("raw.fee_periods", [("p", NOW, NOW, 5.0, NOW)])
    changeable.insert("raw.market_prices", [(NOW, 1.0, 2.0, NOW)])
    result = changeable.dbt("run", "--select", *MODELS, run=LATER)
    assert result.returncode == 0, result.output
    return changeable


def test_sound_staging_shows_each_row_of_every_source_once(staged: DbtWarehouse) -> None:
    assert failed_tests(staged, *MODELS) == set()


@pytest.mark.parametrize("damaged", [FEWER, MORE], ids=["lost", "doubled"])
def test_a_row_that_staging_loses_or_doubles_is_found_in_every_source(
    staged: DbtWarehouse, damaged: str
) -> None:
    for table in source_tables():
        staged.execute(f"alter view staging.stg_{table} rename to sound_{table}")
        staged.execute(f"create view staging.stg_{table} as {damaged}".replace(".sound", f".sound_{table}"))
    found = failed_tests(staged, *MODELS)
    assert {f"staging_shows_each_row_of_{table}_once" for table in source_tables()} <= found


def test_a_model_that_is_tested_by_a_process_of_its_own_is_compared_with_what_it_reads(
    changeable: DbtWarehouse,
) -> None:
    changeable.execute(
        "update core.fct_customer_category_daily set net_cents = net_cents + 1, gross_cents = gross_cents + 1"
    )
    assert failed_tests(changeable, "fct_customer_category_daily") == {"core_holds_every_posted_cent"}
