"""SQLAlchemy's view of DuckDB, mended for Great Expectations."""

from duckdb_engine import Dialect
from sqlalchemy.dialects import registry
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy

NAME = "tidemark_duckdb"


class _BufferingContext(Dialect.execution_ctx_cls):  # type: ignore[valid-type,misc]
    def post_exec(self) -> None:
        super().post_exec()
        # duckdb-engine reads a result lazily from its connection, which Great Expectations closes before it fetches.
        if self.cursor.description:
            rows = self.cursor.fetchall()
            self.cursor_fetch_strategy = FullyBufferedCursorFetchStrategy(
                self.cursor, self.cursor.description, rows
            )


class TidemarkDuckDBDialect(Dialect):
    """duckdb-engine's dialect with results that outlive their connection."""

    execution_ctx_cls = _BufferingContext
    supports_statement_cache = False


registry.register(NAME, __name__, TidemarkDuckDBDialect.__name__)
