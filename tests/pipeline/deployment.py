"""A deployment on a sample of the demo's data, run from a shell."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from pydantic import SecretStr

from include.tidemark.demo.completejourney import COMPLETE_JOURNEY
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.views import digest_of

STARTED = datetime(2018, 1, 2, 7, tzinfo=UTC)
FIRST, AS_OF = "2017-11-01", "2017-12-01"
"""The month that is published already, and the one that a test computes."""
VIEWS = (
    "marts.customer_segments",
    "marts.customer_segments_current",
    "marts.statistics",
    "marts.statistics_current",
)


class Deployment:
    """A deployment whose first month is published."""

    def __init__(self, folder: Path, rules_file: Path = COMPLETE_JOURNEY.rules_file) -> None:
        self.folder = folder
        self.settings = Settings(
            duckdb_path=folder / "warehouse.duckdb",
            landing_url=(folder / "landing").as_uri(),
            artifact_root=(folder / "artifacts").as_uri(),
            rules_file=rules_file,
            id_hash_key=SecretStr("a key for tests only, 16 and more"),
        )

    @property
    def transactions(self) -> Path:
        return self.folder / "landing" / "transactions.csv"

    def run(self, **parameters) -> None:
        """A whole run, until it fails."""
        run_in_order(
            self.settings, {"as_of_date": AS_OF, "n_resamples": 1000} | parameters, STARTED, "bad input"
        )

    def query(self, sql: str, *parameters) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def edit(self, change: str) -> None:
        """Rewrite the transactions' landing file through SQL on the table `t`."""
        with duckdb.connect() as engine:
            engine.execute(
                f"create table t as select * from read_csv('{self.transactions}', all_varchar = true)"
            )
            engine.execute(change)
            engine.execute(f"copy t to '{self.transactions}' (header)")

    def consumers_view(self) -> dict[str, str]:
        """Digests of all that a consumer can see: pointers, the files of the first month, published rows."""
        artifacts = self.folder / "artifacts"
        month = self.query("select run_key from control.publications")[0]["run_key"]
        files = [
            *artifacts.glob("*.json"),
            *artifacts.glob("*/current.json"),
            *artifacts.glob(f"*/run={month}/**/*"),
        ]
        seen = {
            str(f.relative_to(artifacts)): hashlib.sha256(f.read_bytes()).hexdigest()
            for f in files
            if f.is_file()
        }
        return seen | {view: self.digest_of(view) for view in VIEWS}

    def digest_of(self, view: str, condition: str = "true") -> str:
        """Digest of the rows of a view that keep a condition."""
        return digest_of(self.query, view, condition)
