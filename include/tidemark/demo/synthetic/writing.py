"""The data set as landing files, or straight as raw tables in a DuckDB warehouse."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from include.tidemark.demo.synthetic import clock, draws, events, markets, people, transactions
from include.tidemark.sources.contract import LOADED_AT, source_tables

SEED = 20250101


def write_landing_files(
    folder: Path,
    users: int,
    seed: int = SEED,
    delivered_before: date | None = None,
    threads: int | None = None,
) -> dict[str, int]:
    """Write the five tables of the source contract as parquet files, and the planted labels to
    `truth/users.parquet`.

    Args:
        folder: landing folder; files of the same names are replaced.
        users: how many users there are; every other count follows from it.
        seed: another seed, another data set with the same truths.
        delivered_before: leave out what was delivered on this UTC day or later, which late rows are although
            they happened before: the files as they stood then. None is everything.
        threads: of the engine, all processors by default; the rows and their order do not depend on it.

    Returns:
        Rows of each table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "truth").mkdir(exist_ok=True)
    counts = {}
    with _engine(users, seed, threads) as engine:
        for table, query in _tables(seed).items():
            columns = ", ".join(f'"{column.name}"' for column in source_tables()[table].file_columns)
            sql = f"select {columns} from ({query}) {_delivered(delivered_before)}"
            counts[table] = _copy(engine, sql, folder / f"{table}.parquet")
        _copy(engine, people.LABELS, folder / "truth" / "users.parquet")
    return counts


def write_raw_tables(
    database: Path,
    users: int,
    seed: int = SEED,
    delivered_before: date | None = None,
    threads: int | None = None,
) -> dict[str, int]:
    """Write the same rows into the schema `raw` of a DuckDB file, with `_loaded_at` at 03:00 after the
    delivery.

    The labels become `truth.users`. Args and result are those of `write_landing_files`.
    """
    counts = {}
    with _engine(users, seed, threads) as engine:
        engine.execute(f"attach '{_quoted(database)}' as warehouse")
        engine.execute("create schema if not exists warehouse.raw")
        engine.execute("create schema if not exists warehouse.truth")
        for table, query in _tables(seed).items():
            contract = source_tables()[table]
            casts = ", ".join(f"cast({c.name} as {c.data_type}) as {c.name}" for c in contract.file_columns)
            loaded = f"(delivered_at::date + interval '27 hours')::timestamp as {LOADED_AT}"
            (counts[table],) = engine.execute(
                f"create or replace table warehouse.raw.{table} as"
                f" select {casts}, {loaded} from ({query}) {_delivered(delivered_before)}"
            ).fetchone() or (0,)
        engine.execute(f"create or replace table warehouse.truth.users as {people.LABELS}")
    return counts


def _tables(seed: int) -> dict[str, str]:
    return {
        "users": people.USERS,
        "events": events.events(),
        "transactions": transactions.transactions(),
        "fee_periods": markets.fee_periods(),
        "market_prices": markets.market_prices(seed),
    }


@contextmanager
def _engine(users: int, seed: int, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the plan of the users and their buying weeks; what does not fit into memory goes to a
    scratch file."""
    with (
        tempfile.TemporaryDirectory(prefix="tidemark-synthetic-") as scratch,
        duckdb.connect(str(Path(scratch) / "plan.duckdb")) as engine,
    ):
        engine.execute("set timezone = 'UTC'")
        if threads is not None:
            engine.execute(f"set threads = {threads}")
        for macro in (*draws.MACROS, *clock.MACROS, *people.MACROS, *events.MACROS):
            engine.execute(macro)
        engine.execute(f"create table plan as {people.plan(users, seed)}")
        engine.execute(f"create table user_weeks as {transactions.user_weeks()}")
        yield engine


def _delivered(before: date | None) -> str:
    return f"where delivered_at < timestamp '{before}'" if before else ""


def _copy(engine: duckdb.DuckDBPyConnection, sql: str, file: Path) -> int:
    part = file.with_suffix(".part")
    (count,) = engine.execute(f"copy ({sql}) to '{_quoted(part)}' (format parquet)").fetchone() or (0,)
    part.rename(file)
    return int(count)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
