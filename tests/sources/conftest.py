"""Fixtures of the tests of sources."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.sources.orders import Orders


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture
def shop(tmp_path: Path) -> Orders:
    return Orders(tmp_path)
