"""A shop's own tables, as other people name and write them, and the `sources.yml` that maps them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from include.tidemark.config.folder import load_config
from include.tidemark.pipeline.load import load
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.settings import Settings
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables

AS_OF = date(2026, 11, 1)
STARTED = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)

SOURCES = """\
users:
  from: shop.customers
  columns:
    user_id: id
    created_at: {from: joined, timezone: Europe/Berlin}
    is_test_user: {from: '"Tester"', values: {ja: true, nein: false}}
    email: null
transactions:
  from: shop.orders
  columns:
    transaction_id: '"Order No"'
    user_id: customer_id
    transaction_at: {from: ordered_at, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}
    amount: {from: total, currency: waers}
    category: '"dept"'
    status: {from: state, values: {paid: posted, cancelled: declined}}
  where: not is_test_order
  loaded_at: synced_at
"""


def tables(zoned: str = "timestamptz") -> list[str]:
    """Statements that make the shop's tables.

    Args:
        zoned: what the warehouse calls a time with its zone.
    """
    return [
        "create schema if not exists shop",
        'create table shop.customers (id bigint, joined timestamp, "Tester" varchar)',
        "insert into shop.customers values (1, '2025-03-30 03:30:00', 'nein'), (2, '2025-07-01 00:30:00', null),"
        " (3, '2026-01-01 12:00:00', 'ja')",
        'create table shop.orders ("Order No" varchar, customer_id bigint, ordered_at varchar, total double, waers varchar,'
        f' "dept" varchar, state varchar, is_test_order boolean, synced_at {zoned})',
        "insert into shop.orders values"
        " ('A-1', 1, '31.10.2026 23:30', 12.5, 'EUR', 'Toys', 'paid', false, '2026-11-01 05:00:00+02:00'),"
        " ('A-2', 1, '25.10.2026 12:00', 20, 'EUR', '', 'cancelled', false, '2026-11-01 05:00:00+02:00'),"
        " ('A-3', 2, '01.06.2026 00:10', -3.25, 'eur', 'Toys', null, false, '2026-06-02 05:00:00+00:00'),"
        " ('A-4', 2, '01.07.2026 08:00', 7, 'EUR', ' Books ', 'refunded', false, '2026-07-02 05:00:00-05:00'),"
        " ('T-1', 2, '01.07.2026 08:00', 99, 'EUR', 'Books', 'paid', true, '2026-07-02 05:00:00-05:00'),"
        " ('T-2', 2, '01.07.2026 08:00', 99, 'EUR', 'Books', 'paid', null, '2026-07-02 05:00:00-05:00')",
    ]


USERS = [
    ("1", datetime(2025, 3, 30, 1, 30), False, None),
    ("2", datetime(2025, 6, 30, 22, 30), None, None),
    ("3", datetime(2026, 1, 1, 11), True, None),
]
"""Their user_id, created_at, is_test_user and email."""

TRANSACTIONS = [
    ("A-1", "1", datetime(2026, 10, 31, 22, 30), 12.5, None, "Toys", "posted", datetime(2026, 11, 1, 3)),
    ("A-2", "1", datetime(2026, 10, 25, 11), 20.0, None, None, "declined", datetime(2026, 11, 1, 3)),
    ("A-3", "2", datetime(2026, 5, 31, 22, 10), -3.25, None, "Toys", None, datetime(2026, 6, 2, 5)),
    ("A-4", "2", datetime(2026, 7, 1, 6), 7.0, None, "Books", "refunded", datetime(2026, 7, 2, 10)),
]
"""What the mapping makes of the orders: the columns of the contract in its order. Test orders do not
count."""


class Shop:
    """A deployment that maps its own tables."""

    def __init__(self, folder: Path, sources: str = SOURCES, **settings: Any) -> None:
        self.folder = folder
        (folder / "config").mkdir(exist_ok=True)
        (folder / "config" / "rules.yml").write_text("currency: EUR\nbusiness_timezone: Europe/Berlin\n")
        self.settings = Settings(
            **{
                "duckdb_path": folder / "warehouse.duckdb",
                "artifact_root": (folder / "artifacts").as_uri(),
                "scratch_dir": folder,
                "config_dir": folder / "config",
                **settings,
            }
        )
        self.say(sources)

    def say(self, sources: str) -> None:
        """Write another `sources.yml`."""
        (self.folder / "config" / "sources.yml").write_text(sources, encoding="utf-8")

    def execute(self, statements: Iterable[str]) -> None:
        with open_warehouse(self.settings) as warehouse:
            for statement in statements:
                warehouse.execute(statement)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.settings) as warehouse:
            return [tuple(row.values()) for row in warehouse.fetch(sql)]

    def resolve(self, started: datetime = STARTED, families: tuple[str, ...] = ("customer_segments",)) -> Run:
        """A run with the folder as it is now."""
        config = load_config(self.settings, {})
        return Run(
            as_of_date=AS_OF,
            run_key=make_run_key(AS_OF, started, "test", 0),
            started_at=started,
            dag_run_id="test",
            families=families,
            rules=config.rules,
            rules_hash=config.rules.digest(),
            config=dict(config.documents),
            config_hash=config.digest,
            source_places=dict(config.places),
            code_version="test",
            options=RunOptions(),
        )

    def load(self, run: Run | None = None, **parameters: Any) -> Run:
        """The run after `load_sources`."""
        run = run or self.resolve(**parameters)
        with open_warehouse(self.settings) as warehouse:
            ensure_control_tables(warehouse)
        return run.with_sources(load(run, self.settings))

    def mapped(self, run: Run, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a table as everybody reads them."""
        return self.rows(f"select {columns} from {run.rows_of(table).rows} as mapped order by 1")
