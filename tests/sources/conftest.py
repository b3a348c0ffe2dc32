"""Fixtures of the tests of sources."""

from collections.abc import Iterator

import duckdb
import pytest


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection
