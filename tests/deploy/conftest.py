"""What the platforms' tests share: small landing files with known truth."""

import shutil
from pathlib import Path

import pytest

from include.tidemark.demo.synthetic.writing import write_landing_files
from tests.deploy.container import PROJECT

USERS = 400
AS_OF = "2026-06-01"
ID_KEY = "marked-secret-key-0123456789abcdef"


@pytest.fixture(scope="session")
def landing_files(tmp_path_factory) -> Path:
    """Landing files of a few hundred users."""
    folder = tmp_path_factory.mktemp("landing")
    write_landing_files(folder, USERS)
    return folder


@pytest.fixture(scope="session")
def manifest() -> Path:
    """The dbt manifest of the checkout, which the bundle maker and the DAG need."""
    file = PROJECT / "dbt" / "target" / "manifest.json"
    assert file.exists(), "run `make manifest` first"
    return file


@pytest.fixture(scope="session")
def setpriv() -> str:
    """The command that gives root up; part of util-linux."""
    command = shutil.which("setpriv")
    assert command, "setpriv (util-linux) is needed to run a container's processes without root"
    return command
