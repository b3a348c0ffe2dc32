"""One month of all families on marked data, and copies of it for runs that fail."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.tidemark.settings import Settings
from tests.personal_data.marked import marked_settings, write_marked_files
from tests.personal_data.recorded import Said, run_and_listen


@dataclass(frozen=True)
class Month:
    """A deployment below a folder, and what its last run said."""

    folder: Path
    settings: Settings
    said: Said


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """A month that was published. Shared: tests only read it."""
    folder = tmp_path_factory.mktemp("marked")
    write_marked_files(folder / "landing")
    settings = marked_settings(folder)
    said = run_and_listen(settings)
    assert said.error is None, said.error
    return Month(folder, settings, said)


@pytest.fixture
def copy_of_month(month: Month, tmp_path: Path) -> Any:
    """A copy whose next run a test may let fail, and its settings."""
    folder = tmp_path / "deployment"
    shutil.copytree(month.folder, folder)
    return folder, marked_settings(folder)
