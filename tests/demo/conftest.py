"""Both data sets, made once a session."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from include.tidemark.demo.completejourney import DATA_PACKAGE, write_landing_files
from include.tidemark.demo.synthetic.writing import write_raw_tables
from tests.complete_journey import contract_tables

USERS = 20_000
ERRORS = 4.0
"""Standard errors that a count may be off: by chance in one of 16,000 data sets, and the seed is fixed."""

VIEWS = """
    create temp view posted as
    select *, amount_usd::double as amount, timezone('America/New_York', timezone('UTC', transaction_at))::date as day
    from raw.transactions where coalesce(lower(trim(status)), 'posted') = 'posted';
    create temp view happened as
    select distinct on (event_id) *, timezone('America/New_York', timezone('UTC', event_at))::date as day
    from raw.events;
    create temp view people as
    select *, timezone('America/New_York', timezone('UTC', created_at))::date as created_date
    from raw.users where not coalesce(is_test_user, false);
    create temp view labels as select * from truth.users where not is_test;
"""
"""Plain readings of the raw tables, written without a look at the models."""


@pytest.fixture(scope="session")
def complete_journey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the landing files of the Complete Journey. Shared: tests only read it."""
    folder = tmp_path_factory.mktemp("complete_journey")
    write_landing_files(DATA_PACKAGE, folder)
    return folder


@pytest.fixture(scope="session")
def complete_journey_tables(complete_journey: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same as the tables of the source contract, one Parquet file each. Shared: tests only
    read it."""
    return contract_tables(complete_journey, tmp_path_factory.mktemp("complete_journey_tables"))


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with the raw tables of 20,000 users, and the labels in `truth.users`."""
    file = tmp_path_factory.mktemp("synthetic") / "warehouse.duckdb"
    write_raw_tables(file, USERS)
    return file


@pytest.fixture(scope="session")
def data(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same, opened, with VIEWS."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(VIEWS)
        yield connection


Share = Callable[[str, float], None]


@pytest.fixture(scope="session")
def holds_share(data: duckdb.DuckDBPyConnection) -> Share:
    """Asserts that a query's (hits, of how many) agree with a true share within binomial error."""

    def check(query: str, share: float) -> None:
        ((hits, n),) = data.execute(query).fetchall()
        assert n >= 30, f"only {n} in the denominator"
        error = math.sqrt(share * (1 - share) / n)
        assert abs(hits / n - share) <= ERRORS * error + 1e-12, (
            f"{hits / n:.4f} of {n}, planted {share:.4f}, error {error:.4f}"
        )

    return check
