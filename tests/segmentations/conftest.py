"""Two published months with two declared segmentations, on synthetic data whose as-of dates lie 91 days
apart."""

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.errors import GateError
from include.tidemark.pipeline.check import check_stage
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.validation.checks import Stage
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

    def unpublished(self, as_of: date, end: str = "0123abcd") -> Run:
        """A copy of a month's rows as a run of its own, which is not published."""
        published = self.runs[as_of]
        key = published.run_key[: -len(end)] + end
        with open_warehouse(self.settings) as warehouse:
            for table in warehouse.fetch(
                "select distinct table_name from information_schema.columns where table_schema = 'runs' and column_name = 'run_key'"
            ):
                name = f"runs.{table['table_name']}"
                warehouse.execute(f"delete from {name} where run_key = '{key}'")
                warehouse.execute(
                    f"insert into {name} select * replace ('{key}' as run_key) from {name} where run_key = '{published.run_key}'"
                )
        return published.model_copy(update={"run_key": key})

    def execute(self, sql: str, *parameters: object) -> None:
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(sql, parameters)

    def failed_checks(self, stage: Stage, run: Run, suite: str) -> set[str]:
        """The checks of a suite that a run which is not published fails; the gate stops where one of any
        suite is critical."""
        stopped = False
        try:
            check_stage(stage, run, self.settings)
        except GateError:
            stopped = True
        failed = self.query(
            "select suite, expectation, severity from control.gate_results where run_key = ? and not success",
            run.run_key,
        )
        assert stopped == any(row["severity"] == "critical" for row in failed)
        return {row["expectation"] for row in failed if row["suite"] == suite}

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
