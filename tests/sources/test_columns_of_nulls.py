"""A Parquet column of nothing but nulls has a type of its own, and is as good as any other."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from include.tidemark.settings import Settings
from include.tidemark.sources.landing import Deployment, load_sources
from include.tidemark.warehouse import open_warehouse
from include.tidemark.warehouse.control import ensure_control_tables


def test_optional_columns_of_nothing_but_nulls_are_loaded_as_nulls(tmp_path):
    pq.write_table(
        pa.table(
            {
                "user_id": ["a", "b"],
                "created_at": [datetime(2026, 1, 1), datetime(2026, 1, 2)],
                **{
                    name: pa.nulls(2) for name in ("platform", "country", "is_test_user", "username", "email")
                },
            }
        ),
        tmp_path / "users.parquet",
    )
    settings = Settings(duckdb_path=tmp_path / "w.duckdb", landing_url=tmp_path.as_uri())
    with open_warehouse(settings) as warehouse:
        ensure_control_tables(warehouse)
        needed, started_at = {"users": "customer_segments"}, datetime(2026, 2, 1, tzinfo=UTC)
        load_sources(Deployment(settings, needed, started_at), warehouse)
        rows = warehouse.fetch(
            "select count(*) as n, count(platform) + count(is_test_user) as filled from raw.users"
        )
    assert rows == [{"n": 2, "filled": 0}]
