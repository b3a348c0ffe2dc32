"""One template warehouse a session, one copy a test."""

import shutil
from pathlib import Path

import pytest

from include.tidemark.settings import Settings
from tests.families.engagement.world import World, make_run, make_template


@pytest.fixture(scope="session")
def engagement_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engagement_world") / "warehouse.duckdb"
    make_template(path)
    return path


@pytest.fixture
def world(engagement_template: Path, tmp_path: Path) -> World:
    shutil.copy(engagement_template, tmp_path / "warehouse.duckdb")
    settings = Settings(
        duckdb_path=tmp_path / "warehouse.duckdb",
        artifact_root=(tmp_path / "artifacts").as_uri(),
        scratch_dir=tmp_path,
        id_hash_key="a key of the tests only",
    )
    return World(tmp_path, settings, make_run())
