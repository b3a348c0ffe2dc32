"""How a test reads one column of a table as the loader does."""

from typing import Any

import duckdb
from hypothesis import HealthCheck, settings

from include.tidemark.sources.contract import source_tables
from include.tidemark.sources.dialects import DIALECTS
from include.tidemark.sources.reading import Origin, Reading, make_reading
from include.tidemark.sources.sources_file import CsvOptions, sources_model

NEEDED = {
    "transactions": {"transaction_id": "'t'", "user_id": "'u'", "transaction_at": "date '2026-01-01'", "amount": "1"},
    "users": {"user_id": "'u'", "created_at": "date '2026-01-01'"},
    "events": {"event_id": "'e'", "user_id": "'u'", "event_name": "'n'", "event_at": "date '2026-01-01'"},
    "fee_periods": {"period_id": "'p'", "period_start_date": "date '2026-01-01'", "period_end_date": "date '2026-01-01'"},
}  # fmt: skip


few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
"""Each example is a list of many values, because each asks a database."""


def reading_of(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, Any],
    csv: CsvOptions | None = None,
    **more: Any,
) -> Reading:
    """How a table of the contract is made of the table `source`."""
    content = {table: {"files": "source.csv", "columns": NEEDED[table] | columns} | more}
    source = sources_model().model_validate(content).mapped()[table]
    types = {name: kind for name, kind, *_ in engine.execute("describe source").fetchall()}

    def describe(query: str) -> dict[str, str]:
        return {name.lower(): kind for name, kind, *_ in engine.execute(f"describe {query}").fetchall()}

    origin = Origin("source", "the file source.csv", types, describe, DIALECTS["duckdb"], csv or CsvOptions())
    return make_reading(source_tables()[table], source, origin, "EUR")


def give(engine: duckdb.DuckDBPyConnection, values: list[Any], data_type: str = "varchar") -> None:
    engine.execute(f"create or replace table source (n integer, x {data_type})")
    if values:
        engine.executemany("insert into source values (?, ?)", list(enumerate(values)))


def read(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    column: str,
    mapping: Any = "x",
    csv: CsvOptions | None = None,
) -> list[Any]:
    """The values of one column in order, the word "refused" in place of each that a flag stops the load
    for."""
    reading = reading_of(engine, table, {column: mapping}, csv)
    contract = {c.name for c in source_tables()[table].columns}
    name = column if column in contract else f"{column}_usd"
    flags = [flag for flag in reading.flags if flag.column == name and flag.stops]
    refused = " or ".join(f"coalesce({flag.condition}, false)" for flag in flags) or "false"
    rows = engine.execute(
        f"select {reading.values[name]}, {refused} from (select * from ({reading.given}) positional join (select n from source)) as given"
        " order by n"
    ).fetchall()
    return ["refused" if lost else value for value, lost in rows]


def amounts(engine: duckdb.DuckDBPyConnection, values: list[Any], csv: CsvOptions | None = None) -> list[Any]:
    give(engine, values)
    return read(engine, "transactions", "amount", csv=csv)


def moments(engine: duckdb.DuckDBPyConnection, values: list[Any], **mapping: Any) -> list[Any]:
    give(engine, values)
    return read(engine, "transactions", "transaction_at", {"from": "x"} | mapping)
