"""One month of all families on data with known truth, made once by the stages that production runs."""

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

USERS = 6_000
AS_OF = "2026-07-01"


@dataclass(frozen=True)
class PublishedRun:
    """A published run: its folder, and the warehouse that it left."""

    run: Run
    settings: Settings
    folder: Path
    landing: Path

    def rows(self, file: str) -> list[dict[str, str]]:
        """The rows of a CSV file below the run's folder."""
        with (self.folder / file).open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))

    def json(self, file: str) -> Any:
        return json.loads((self.folder / file).read_text(encoding="utf-8"))

    def numbers(self, family: str, metric: str, **names: str) -> list[dict[str, Any]]:
        """Published statistics of a metric with numbers as numbers; `names` picks segment, method and so
        on."""
        found = [
            row
            for row in self.rows("data/statistics.csv")
            if row["family"] == family
            and row["metric"] == metric
            and all(row[n] == v for n, v in names.items())
        ]
        ends = ("estimate", "ci_low", "ci_high", "p_value", "p_adjusted", "n")
        return [row | {end: float(row[end]) if row[end] else None for end in ends} for row in found]

    def query(self, sql: str) -> list[dict[str, Any]]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql)


def synthetic_deployment(root: Path, users: int) -> Settings:
    """A deployment of all families below a folder, with the landing files of that many synthetic users."""
    write_landing_files(root / "landing", users)
    return Settings(
        duckdb_path=root / "warehouse.duckdb",
        landing_url=(root / "landing").as_uri(),
        artifact_root=(root / "artifacts").as_uri(),
        config_dir=synthetic(users).config_dir,
        families=FAMILIES,
        id_hash_key=SecretStr("the key of the families' tests"),
    )


@pytest.fixture(scope="session")
def synthetic_month(tmp_path_factory: pytest.TempPathFactory) -> PublishedRun:
    """The newest month of the synthetic data set, all five families, published. Shared: tests only read
    it."""
    root = tmp_path_factory.mktemp("synthetic_month")
    settings = synthetic_deployment(root, USERS)
    started_at = datetime(2026, 7, 1, 7, tzinfo=UTC)
    run, _ = run_in_order(settings, {"as_of_date": AS_OF, "n_resamples": 2_000}, started_at)
    return PublishedRun(
        run, settings, root / "artifacts" / f"as_of={AS_OF}" / f"run={run.run_key}", root / "landing"
    )
