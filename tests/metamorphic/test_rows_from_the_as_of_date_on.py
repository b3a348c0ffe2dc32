"""Rows of the as-of date and later move nothing that a run computes.

A month is run twice from the same published month before it, under the same identity: once on sources that
end before the as-of date, once on the same and what follows, exaggerated, with rows of the very first instant
that a run does not see.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
from pydantic import SecretStr

from include.tidemark.accounting.account import record_account
from include.tidemark.demo.synthetic.dataset import FAMILIES, synthetic
from include.tidemark.demo.synthetic.writing import write_landing_files
from include.tidemark.pipeline.discoveries import mark_discoveries
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from tests.segmentations.files import write_files
from tests.stages import shown

USERS = 300
BEFORE, AS_OF = date(2026, 4, 1), date(2026, 7, 1)
"""91 days apart, so that the second month has a backtest. The synthetic data end the day before the
second."""


LATER = "interval 28 days"
"""How much later the rows of the last days come once more; whole weeks, as fee periods are."""


@dataclass(frozen=True)
class Table:
    """How a source table is continued from the as-of date on."""

    moment: str
    """The column that says when a row is of."""
    louder: tuple[str, ...]
    """What is changed in the rows that come later, so that a row which is seen shows in the numbers."""


TABLES = {
    "users": Table("created_at", ("'later ' || user_id as user_id",)),
    "events": Table(
        "event_at", ("'later ' || event_id as event_id", "session_seconds * 5 as session_seconds")
    ),
    "transactions": Table(
        "transaction_at",
        (
            "'later ' || transaction_id as transaction_id",
            "amount_usd * 7 as amount_usd",
            "fee_usd * 7 as fee_usd",
        ),
    ),
    "fee_periods": Table(
        "period_start_date",
        (
            "'later ' || period_id as period_id",
            f"cast(period_end_date + {LATER} as date) as period_end_date",
            "final_fee_bps * 3 as final_fee_bps",
        ),
    ),
    "market_prices": Table("price_date", ("btc_usd * 3 as btc_usd", "eth_usd / 3 as eth_usd")),
}
LINES_OF_ALL_ROWS = ("delivered", "loaded", "after_as_of")
"""Of the row account: what it says of rows before anybody asks when they are of."""


@dataclass(frozen=True)
class Deployment:
    """One deployment and the run of its second month."""

    settings: Settings
    run: Run | None = None

    @property
    def warehouse(self) -> Path:
        return self.settings.duckdb_path


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Sources that end before the as-of date; its folder's `before` is the deployment before this month."""
    root = tmp_path_factory.mktemp("without")
    write_landing_files(root / "whole", USERS)
    (root / "landing").mkdir()
    shutil.copytree(synthetic(USERS).config_dir, root / "config")
    write_files(root / "config")
    run_of(BEFORE, settings_of(root, landing=root / "whole"))
    shutil.copytree(root, root / "before")
    write_sources(root, with_later=False)
    return Deployment(settings_of(root), run_of(AS_OF, settings_of(root)))


@pytest.fixture(scope="module")
def later(without: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The same deployment with the rows from the as-of date on."""
    root = tmp_path_factory.mktemp("later") / "deployment"
    shutil.copytree(without.warehouse.parent / "before", root)
    write_sources(root, with_later=True)
    return Deployment(settings_of(root), run_of(AS_OF, settings_of(root)))


def settings_of(root: Path, landing: Path | None = None) -> Settings:
    return Settings(
        duckdb_path=root / "warehouse.duckdb",
        landing_url=(landing or root / "landing").as_uri(),
        artifact_root=(root / "artifacts").as_uri(),
        config_dir=root / "config",
        families=FAMILIES,
        id_hash_key=SecretStr("the key of the families' tests"),
    )


def run_of(as_of: date, settings: Settings) -> Run:
    started = datetime(as_of.year, as_of.month, as_of.day, 7, tzinfo=UTC)
    run = shown(settings, {"as_of_date": as_of.isoformat(), "n_resamples": 1000}, started)
    # What the gate and the publication write to the tables of runs.
    with open_warehouse(settings) as warehouse:
        record_account(run, warehouse)
        mark_discoveries(run, warehouse)
    return run


def write_sources(root: Path, *, with_later: bool) -> None:
    """The landing files of the second month."""
    with duckdb.connect() as engine:
        engine.execute("set timezone = 'UTC'")
        for name, table in TABLES.items():
            source = f"read_parquet('{root}/whole/{name}.parquet')"
            is_date = table.moment.endswith("_date")
            first = f"date '{AS_OF}'" if is_date else f"timestamp '{AS_OF} 04:00:00'"  # midnight in New York
            parts = [f"select * from {source} where {table.moment} < {first}"]
            if with_later:
                moved = f"cast({table.moment} + {LATER} as {'date' if is_date else 'timestamp'})"
                changes = ", ".join((f"greatest({moved}, {first}) as {table.moment}", *table.louder))
                # The first of them, a fee period apart, are of the first instant that is not seen.
                since = f"{first} - {LATER}" + ("" if is_date else " - interval 2 days")
                parts.append(f"select * replace ({changes}) from {source} where {table.moment} >= {since}")
            engine.execute(
                f"copy ({' union all '.join(parts)}) to '{root}/landing/{name}.parquet' (format parquet)"
            )


def test_every_source_table_has_rows_from_the_as_of_date_on_in_one_of_the_two_alone(
    without: Deployment, later: Deployment
) -> None:
    def rows_from_then_on(deployment: Deployment) -> dict[str, int]:
        with duckdb.connect(str(deployment.warehouse), read_only=True) as warehouse:
            found = warehouse.execute(
                "select source_table, row_count from runs.row_account where run_key = ? and reason = 'after_as_of'",
                [deployment.run and deployment.run.run_key],
            )
            return dict(found.fetchall())

    assert rows_from_then_on(without) == dict.fromkeys(TABLES, 0)
    assert all(count > 0 for count in rows_from_then_on(later).values())


def test_rows_from_the_as_of_date_on_move_nothing_that_a_run_computes(
    without: Deployment, later: Deployment
) -> None:
    assert without.run is not None
    assert later.run is not None
    assert without.run.run_key == later.run.run_key
    with duckdb.connect() as both:
        both.execute(f"attach '{without.warehouse}' as without (read_only)")
        both.execute(f"attach '{later.warehouse}' as later (read_only)")
        tables = [
            name
            for (name,) in both.execute(
                "select table_name from information_schema.tables where table_catalog = 'without' and table_schema = 'runs' order by 1"
            ).fetchall()
        ]
        rows = {name: f"runs.{name} where run_key = '{later.run.run_key}'" for name in tables}
        rows["row_account"] += f" and reason not in {LINES_OF_ALL_ROWS}"
        counted = {
            name: both.execute(f"select count(*) from without.{mine}").fetchone()[0]
            for name, mine in rows.items()
        }
        moved = {
            f"{name}: {what}": found[:5]
            for name, mine in rows.items()
            for what, one, other in (("gone", "without", "later"), ("new", "later", "without"))
            if (
                found := both.execute(
                    f"select * from {one}.{mine} except all select * from {other}.{mine}"
                ).fetchall()
            )
        }
    assert moved == {}
    assert [name for name, count in counted.items() if not count] == [], "nothing is compared there"
