"""A copy of a warehouse in memory that goes back to its beginning in a few milliseconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.tidemark.pipeline import load
from include.tidemark.pipeline import opened as pipeline_opened
from include.tidemark.warehouse.duckdb import DuckDBWarehouse


class Memory(DuckDBWarehouse):
    """Has the tables and views of a DuckDB file under the same names. A single thread: to start others takes
    longer than they save."""

    def __init__(self, template: Path) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self.execute("set timezone = 'UTC'")
        self.execute("set python_enable_replacements = false")
        self.execute(f"attach '{template}' as published (read_only)")
        self.execute("attach ':memory:' as warehouse")
        self.execute("copy from database published to warehouse")
        self.execute("use warehouse")
        self._with_run_key = self.fetch(
            "select table_schema || '.' || table_name as name from information_schema.columns join information_schema.tables"
            " using (table_catalog, table_schema, table_name)"
            " where table_catalog = 'warehouse' and column_name = 'run_key' and table_type = 'BASE TABLE'"
        )

    def go_back(self, run_key: str) -> None:
        """Forget a run, and what was loaded since the file was copied."""
        for table in self._with_run_key:
            self.execute(f"delete from {table['name']} where run_key = '{run_key}'")
        for name in ("raw.users", "raw.transactions", "control.loads"):
            self.execute(f"create or replace table {name} as from published.{name}")

    @contextmanager
    def for_everything(self) -> Iterator[None]:
        """The stages that load and check work on this, and files are read by an engine that is not started
        anew for each."""
        engine = duckdb.connect(config={"threads": 1})
        connect = duckdb.connect

        def kept(*arguments: Any, **options: Any) -> duckdb.DuckDBPyConnection:
            return connect(*arguments, **options) if arguments or options else engine.cursor()

        @contextmanager
        def opened(*_: Any) -> Iterator["Memory"]:
            yield self

        with pytest.MonkeyPatch.context() as patch:
            for opening in (pipeline_opened, load):
                patch.setattr(opening, "open_warehouse", opened)
            patch.setattr(duckdb, "connect", kept)
            yield
        engine.close()
        self.close()
