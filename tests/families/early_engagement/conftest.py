"""A small table of users by hand, in the place of what dbt builds."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.tidemark.families.early_engagement.features import features_of
from include.tidemark.rules import load_rules
from include.tidemark.run import Run, RunOptions, make_run_key
from include.tidemark.warehouse.control import ensure_control_tables
from include.tidemark.warehouse.duckdb import DuckDBWarehouse

AS_OF = date(2026, 11, 1)
STARTED = datetime(2026, 11, 1, 6, tzinfo=UTC)
EVENTS = ["save", "share"]


@pytest.fixture
def run() -> Run:
    """A run whose list is `save` and `share`."""
    rules = load_rules(environ={}).model_copy(update={"early_engagement_events": EVENTS})
    return Run(
        as_of_date=AS_OF,
        run_key=make_run_key(AS_OF, STARTED, "test", 0),
        started_at=STARTED,
        dag_run_id="test",
        families=("early_engagement",),
        rules=rules,
        rules_hash=rules.digest(),
        code_version="test",
        options=RunOptions(),
    )


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    """A warehouse without users."""
    opened = DuckDBWarehouse(tmp_path / "warehouse.duckdb")
    ensure_control_tables(opened)
    types = {"has": "boolean", "cnt_days": "integer", "cnt_events": "bigint"}
    columns = ", ".join(f"{feature.name} {types[feature.kind]}" for feature in features_of(EVENTS))
    opened.execute(
        "create table runs.dim_user_early_engagement (as_of_date date, run_key varchar, user_id varchar, created_date date,"
        f" creation_app_platform varchar, {columns}, is_retained_4_weeks boolean)"
    )
    yield opened
    opened.close()


@pytest.fixture
def put(run: Run, warehouse: DuckDBWarehouse, tmp_path: Path) -> Callable[..., None]:
    """Puts users (platform, days and times of saving, days and times of sharing, retained) into this run."""

    def put_users(users: list[tuple[Any, ...]], run_key: str = run.run_key) -> None:
        rows = [
            {
                "as_of_date": AS_OF,
                "run_key": run_key,
                "user_id": f"user {number}",
                "created_date": date(2026, 9, 1),
                "creation_app_platform": platform,
                "has_save_f7d": save_days > 0,
                "cnt_days_save_f7d": save_days,
                "cnt_save_events_f7d": saves,
                "has_share_f7d": share_days > 0,
                "cnt_days_share_f7d": share_days,
                "cnt_share_events_f7d": shares,
                "is_retained_4_weeks": bool(retained),
            }
            for number, (platform, save_days, saves, share_days, shares, retained) in enumerate(users)
        ]
        # Through a file, which is much faster than row by row.
        file = str(tmp_path / "users.parquet")
        pq.write_table(pa.Table.from_pylist(rows), file)
        warehouse.execute(
            "insert into runs.dim_user_early_engagement by name select * from read_parquet(?)", (file,)
        )

    return put_users
