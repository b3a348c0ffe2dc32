"""One published month for all, and a copy of it for each test."""

import shutil

import duckdb
import pytest

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.pipeline.in_order import run_in_order
from tests.complete_journey import contract_tables
from tests.pipeline.deployment import FIRST, STARTED, Deployment


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    landing = tmp_path_factory.mktemp("landing")
    COMPLETE_JOURNEY.write_landing_files(landing)
    whole = contract_tables(landing, tmp_path_factory.mktemp("whole"))
    (folder / "landing").mkdir()
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        for table in ("users", "transactions"):
            engine.execute(
                f"copy (from read_parquet('{whole}/{table}.parquet') where user_id::int % 8 = 0) to '{folder}/landing/{table}.csv' (header)"
            )
    run_in_order(Deployment(folder).settings, {"as_of_date": FIRST, "n_resamples": 1000}, STARTED, "first")
    return folder


@pytest.fixture
def deployment(published, tmp_path):
    shutil.copytree(published, tmp_path / "deployment")
    return Deployment(tmp_path / "deployment")
