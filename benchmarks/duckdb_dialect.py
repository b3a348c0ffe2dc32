"""SQLAlchemy's view of DuckDB, fixed for Great Expectations where it queries a table itself."""

from typing import Any

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.exc import NoSuchTableError

NAME = "tidemark_duckdb"


class _BufferingContext(Dialect.execution_ctx_cls):  # type: ignore[valid-type,misc]
    def post_exec(self) -> None:
        super().post_exec()
        # duckdb-engine reads a result lazily from its connection, which Great Expectations closes before it
        # fetches.
        if self.cursor.description:
            rows = self.cursor.fetchall()
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, rows
            )


class TidemarkDuckDBDialect(Dialect):
    """duckdb-engine's dialect with results that outlive their connection."""

    execution_ctx_cls = _BufferingContext
    supports_statement_cache = False

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        """Nothing: only temporary tables are asked for, and the catalogue takes a tenth of a second not to
        find them.

        Great Expectations then reads the names of the columns from the table itself.
        """
        raise NoSuchTableError(table_name)

    def get_pk_constraint(
        self, connection: Any, table_name: str, schema: str | None = None, **kw: Any
    ) -> Any:
        """None: a row of measures has no key."""
        return {"constrained_columns": [], "name": None}


registry.register(NAME, __name__, TidemarkDuckDBDialect.__name__)
