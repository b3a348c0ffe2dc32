"""The same checks of one table twice: as the gate makes them (one query), and as one expectation of Great
Expectations per column, on SQLAlchemy.

`--rows` takes another size. Every third of the table's columns has a value that breaks its check, so that
failures are paid for, too.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import great_expectations.expectations as gxe
from duckdb_engine import ConnectionWrapper
from great_expectations.data_context.types.base import ProgressBarsConfig
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import StaticPool

from benchmarks import duckdb_dialect
from include.tidemark.cli.started import run_whole
from include.tidemark.settings import Settings
from include.tidemark.validation.checks import Asset, never, zero
from include.tidemark.validation.engine import open_gate
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.base import Warehouse
from include.tidemark.warehouse.duckdb import DuckDBWarehouse
from include.tidemark.warehouse.query_tag import QueryTag

NUMBERS = [f"number_{i}" for i in range(12)]
TEXTS = [f"text_{i}" for i in range(4)]
NAMES = ["one", "two", "three", "four", "five"]
SECRET = "-987654"
"""A value of a row that breaks a check."""


def make_table(path: Path, rows: int) -> None:
    numbers = ", ".join(
        f"if({i % 3} = 0 and i = 7, {SECRET}, (i * {i + 7}) % 1000) as {name}"
        for i, name in enumerate(NUMBERS)
    )
    texts = ", ".join(
        f"['one', 'two', 'three', 'four', 'five'][(i + {i}) % 5 + 1] as {name}"
        for i, name in enumerate(TEXTS)
    )
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"create table people as select 'user-' || i as user_id, {numbers}, {texts} from range({rows}) as t(i)"
        )


def one_query(warehouse: Warehouse) -> Any:
    gate = open_gate(warehouse, "bench", datetime(2026, 11, 1, tzinfo=UTC))
    table = "people"
    names = ", ".join(f"'{name}'" for name in NAMES)
    asset = Asset(
        "models.people",
        table,
        table,
        (
            *(
                never(table, f"null_{c}", f"{c} is null", "is filled.", c)
                for c in ["user_id", *NUMBERS, *TEXTS]
            ),
            zero(
                "duplicate_user_id",
                "count(user_id) - count(distinct user_id)",
                "user_id",
                "Each once.",
                "Twice.",
            ),
            *(never(table, f"range_{c}", f"{c} not between 0 and 1000", "is in range.", c) for c in NUMBERS),
            *(never(table, f"unknown_{c}", f"{c} not in ({names})", "is known.", c) for c in TEXTS),
        ),
    )
    results = gate.evaluate(asset)
    return len(results), sum(not result.success for result in results), str(gate.answers[-1].to_json_dict())


def one_expectation_per_column(warehouse: DuckDBWarehouse, result_format: str = "BASIC") -> Any:
    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_sql(
        "warehouse",
        create_temp_table=True,
        connection_string=f"{duckdb_dialect.NAME}://",
        kwargs={
            "creator": lambda: ConnectionWrapper(warehouse._connection.cursor()),
            "poolclass": StaticPool,
        },
    )
    data = source.add_table_asset("people", table_name="people")
    suite = gx.ExpectationSuite(
        name="people",
        expectations=[
            *(gxe.ExpectColumnValuesToNotBeNull(column=c) for c in ["user_id", *NUMBERS, *TEXTS]),
            gxe.ExpectColumnValuesToBeUnique(column="user_id"),
            *(gxe.ExpectColumnValuesToBeBetween(column=c, min_value=0, max_value=1000) for c in NUMBERS),
            *(gxe.ExpectColumnValuesToBeInSet(column=c, value_set=NAMES) for c in TEXTS),
        ],
    )
    batch = data.add_batch_definition_whole_table("run")
    definition = gx.ValidationDefinition(name="people", data=batch, suite=context.suites.add(suite))
    answer = context.validation_definitions.add(definition).run(result_format=result_format)
    return len(answer.results), sum(not each.success for each in answer.results), str(answer.to_json_dict())


def measure(way: Callable[[Any], Any], settings: Settings) -> str:
    """Seconds, queries of the table, and whether the answer (which the pages are made of) shows a value of a
    row."""
    statements: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    tag = QueryTag("20261101_20261101T060000_0123abcd", "bench")
    with open_warehouse(settings, tag) as warehouse:
        probe = warehouse.probe
        warehouse.probe = lambda query: statements.append(query) or probe(query)  # type: ignore[method-assign,func-returns-value]
        began = time.perf_counter()
        checks, failed, answer = way(warehouse)
        seconds = time.perf_counter() - began
    scans = sum(" from people" in " ".join(statement.lower().split()) for statement in statements)
    shows = "yes" if SECRET in answer else "no"
    return f"{checks:>6} {failed:>6} {seconds:>9.2f} {scans:>20} {shows:>24}"


def main() -> None:
    """Print a line a way; the first of each is not counted, because it imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(duckdb_path=Path(folder) / "warehouse.duckdb", scratch_dir=Path(folder))
        make_table(settings.duckdb_path, rows)
        ways = {
            "one query": one_query,
            "one expectation per column": one_expectation_per_column,
            "the same, BOOLEAN_ONLY": partial(one_expectation_per_column, result_format="BOOLEAN_ONLY"),
        }
        print(f"{rows:,} rows{'':>18} checks failed   seconds queries of the table shows a value of a row")
        for name, way in ways.items():
            measure(way, settings)
            for _ in range(3):
                print(f"{name:<28}{measure(way, settings)}")


if __name__ == "__main__":
    run_whole(main)
