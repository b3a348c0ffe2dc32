"""A shop's first month: amounts far below those of credit cards, and categories of its own."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse

AS_OF = date(2026, 6, 1)
STARTED = datetime(2026, 6, 2, 7, tzinfo=UTC)

_ROWS = """
    select setseed(0.42);
    create table orders as
    select 'o' || i as transaction_id, 'c' || (1 + cast(floor(450 * random()) as integer)) as user_id,
        timestamp '2025-06-01' + to_seconds(cast(random() * 86400 * 365 as bigint)) as transaction_at,
        round(exp(3 + random() * 3), 2) as amount_usd, 0.0 as fee_usd,
        ['Food', 'Toys', 'Garden', 'Travel'][1 + cast(floor(random() * 4) as integer)] as category, 'posted' as status
    from range(8000) as t(i);
    create table customers as
    select distinct user_id, timestamp '2025-06-01' as created_at, null::varchar as platform, 'AT' as country,
        false as is_test_user, null::varchar as username, null::varchar as email
    from orders;
"""


class Shop:
    """The deployment below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config"
        self.environment = {
            "TIDEMARK_DUCKDB_PATH": str(folder / "warehouse.duckdb"),
            "TIDEMARK_LANDING_URL": (folder / "landing").as_uri(),
            "TIDEMARK_ARTIFACT_ROOT": (folder / "artifacts").as_uri(),
            "TIDEMARK_CONFIG_DIR": str(self.config),
            "TIDEMARK_SCRATCH_DIR": str(folder / "scratch"),
            "TIDEMARK_ID_HASH_KEY": "a key for tests only, 16 and more",
        }

    def open(self) -> None:
        """Write the landing files and a `rules.yml` of the shop's own."""
        for name in ("landing", "config", "scratch"):
            (self.folder / name).mkdir(parents=True)
        (self.config / "rules.yml").write_text(
            "# Of the shop.\ncategory_groups:\n  Food: necessities  # and drinks\n", encoding="utf-8"
        )
        with duckdb.connect() as engine:
            engine.execute(_ROWS)
            for table, name in (("orders", "transactions"), ("customers", "users")):
                engine.execute(f"copy {table} to '{self.folder}/landing/{name}.csv' (header)")

    @property
    def settings(self) -> Settings:
        names = {name.removeprefix("TIDEMARK_").lower(): value for name, value in self.environment.items()}
        return Settings(**names)  # type: ignore[arg-type]

    def publish(self, started_at: datetime = STARTED) -> Run:
        """The month as of the first date, published."""
        run, _ = run_in_order(self.settings, {"as_of_date": str(AS_OF), "n_resamples": 1_000}, started_at)
        return run

    def query(self, sql: str, *parameters: object) -> list[dict]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql, parameters)

    def warnings(self, run: Run) -> dict[str, str]:
        """The failed checks of the first month's usefulness."""
        rows = self.query(
            "select expectation, message from control.gate_results where run_key = ? and not success"
            " and suite = 'models.customer_segments_usefulness'",
            run.run_key,
        )
        return {row["expectation"]: row["message"] for row in rows}

    def segments(self, run: Run) -> dict[str, int]:
        """Published customers by segment."""
        rows = self.query(
            "select customer_segment, count(*) as n from marts.customer_segments_current where run_key = ? group by 1",
            run.run_key,
        )
        return {row["customer_segment"]: row["n"] for row in rows}

    def state(self) -> dict[str, object]:
        """Everything that a command which changes nothing leaves as it was."""
        files = {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in self.folder.rglob("*")
            if file.is_file() and not file.name.startswith("warehouse.duckdb")
        }
        tables = self.query(
            "select schema_name || '.' || table_name as name from duckdb_tables() where not internal order by 1"
        )
        rows = {
            row["name"]: self.query(f"select count(*) as n, sum(hash(t)) as rows from {row['name']} as t")[0]
            for row in tables
        }
        return {"files": files, "rows": rows}
