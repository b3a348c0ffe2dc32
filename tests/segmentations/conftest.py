"""Two published months with two declared segmentations, on synthetic data whose as-of dates lie 91 days apart."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.segmentations.files import write_files

FIRST, SECOND = date(2026, 4, 1), date(2026, 7, 1)
USERS = 700


class World:
    """The deployment and its two runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            duckdb_path=folder / "warehouse.duckdb",
            landing_url=(folder / "landing").as_uri(),
            artifact_root=(folder / "artifacts").as_uri(),
            config_dir=folder / "config",
            families=("customer_segments", "engagement"),
            user_ids="plain",
            id_hash_key=SecretStr("a key for tests only, 16 and more"),
        )
        self.runs: dict[date, Run] = {}

    def run(self, as_of: date) -> None:
        started = datetime(as_of.year, as_of.month, as_of.day, 7, tzinfo=UTC)
        options = {"as_of_date": as_of.isoformat(), "n_resamples": 1000}
        self.runs[as_of], _ = run_in_order(self.settings, options, started, f"month {as_of}")

    def query(self, sql: str, *parameters: object) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def file(self, as_of: date, path: str) -> Path:
        return self.folder / "artifacts" / f"as_of={as_of}" / f"run={self.runs[as_of].run_key}" / path

    def table(self, as_of: date, path: str) -> pd.DataFrame:
        return pd.read_csv(self.file(as_of, path), keep_default_na=False, na_values=[""])


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("segmentations"))
    write_landing_files(made.folder / "landing", USERS)
    write_files(made.folder / "config")
    for as_of in (FIRST, SECOND):
        made.run(as_of)
    return made
