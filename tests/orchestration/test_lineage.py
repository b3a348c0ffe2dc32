"""What a publication read and wrote, as the OpenLineage provider asks for it."""

import json
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import pytest

from include.tidemark.orchestration import lineage
from include.tidemark.settings import Settings

FOLDER = "as_of=2026-11-01/run=20261101_20261101T060000_0123abcd"
RESULT = {
    "status": "published",
    "changes": {"customer_segments": [], "planners": None},
    "sources": [
        {"table": "raw.users", "rows": 10, "origin": "s3://landing/in/users.csv"},
        {"table": "SHOP.PUBLIC.ORDERS", "rows": 10, "origin": "warehouse"},
        {"table": "raw.events", "rows": 0, "origin": "nowhere"},
    ],
    "manifest_uri": f"file:///artifacts/{FOLDER}/manifest.json",
}


@dataclass
class OperatorLineage:
    """What the provider's class of this name holds."""

    inputs: list
    outputs: list


@pytest.fixture
def lineage_of(monkeypatch):
    """The lineage that the running task of `publish` says, as namespaces and names."""
    task = SimpleNamespace()
    monkeypatch.setattr(lineage, "get_current_context", lambda: {"task": task})
    provider = ModuleType("airflow.providers.openlineage.extractors")
    monkeypatch.setattr(provider, "OperatorLineage", OperatorLineage, raising=False)
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage", ModuleType("openlineage"))
    monkeypatch.setitem(sys.modules, "airflow.providers.openlineage.extractors", provider)

    def said(result, settings):
        lineage.trace(result, settings)
        found = task.get_openlineage_facets_on_complete(None)
        return tuple([(each.namespace, each.name) for each in side] for side in (found.inputs, found.outputs))

    return said


def test_sources_are_read_and_the_views_of_the_families_and_the_artifacts_written(lineage_of, tmp_path):
    settings = Settings(duckdb_path=tmp_path / "shop.duckdb")
    warehouse = f"duckdb://{tmp_path}/shop.duckdb"
    inputs, outputs = lineage_of(RESULT, settings)
    assert inputs == [
        (warehouse, "shop.raw.users"),
        (warehouse, "SHOP.PUBLIC.ORDERS"),
        ("s3://landing", "in/users.csv"),
    ]
    assert outputs[-1] == ("file", f"/artifacts/{FOLDER}/manifest.json")
    views = {name for namespace, name in outputs if namespace == warehouse}
    assert {"shop.marts.statistics", "shop.marts.changes", "shop.marts.customer_segments_current"} <= views
    assert not any("fee_tiers" in view or "engagement" in view for view in views)


def test_a_declared_segmentation_is_written_as_its_view_and_in_those_of_all(lineage_of, tmp_path):
    settings = Settings(duckdb_path=tmp_path / "shop.duckdb")
    _, outputs = lineage_of(RESULT | {"changes": {"by_platform": []}}, settings)
    views = {name for _, name in outputs}
    assert {"shop.marts.by_platform", "shop.marts.segment_members", "shop.marts.statistics"} <= views
    assert "shop.marts.customer_segments" not in views


def test_a_dry_run_writes_its_files_and_no_view(lineage_of, tmp_path):
    _, outputs = lineage_of(RESULT | {"status": "dry_run"}, Settings(duckdb_path=tmp_path / "shop.duckdb"))
    assert [namespace for namespace, _ in outputs] == ["file"]


def test_on_snowflake_account_and_database_are_those_of_the_connection(lineage_of, monkeypatch):
    extra = {"account": "org-shop", "database": "TIDEMARK"}
    monkeypatch.setenv(
        "AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps({"conn_type": "snowflake", "extra": extra})
    )
    inputs, _ = lineage_of(RESULT, Settings(warehouse="snowflake"))
    assert inputs[0] == ("snowflake://org-shop", "TIDEMARK.raw.users")
