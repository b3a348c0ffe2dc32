"""One template warehouse a session, one copy a test."""

from pathlib import Path

import pytest

from tests.validation.world import World, make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "warehouse.duckdb"
    make_template(path)
    return path


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    return World.copy_of(template, tmp_path)
