"""One published month of a real deployment, and a copy of it for each test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.artifacts.conftest import candidate, rules  # noqa: F401 - fixtures
from tests.pipeline.conftest import deployment, published  # noqa: F401 - fixtures


@pytest.fixture
def month(deployment):  # noqa: F811
    """The folder of the run that is published."""
    (folder,) = (deployment.folder / "artifacts").glob("as_of=*/run=*")
    return folder


@pytest.fixture
def tidemark(deployment, monkeypatch, capsys):  # noqa: F811
    """A command of `tidemark` on the deployment: its exit code and what it printed."""
    from include.tidemark.cli.main import main

    settings = deployment.settings
    for name, value in {
        "TIDEMARK_DUCKDB_PATH": str(settings.duckdb_path),
        "TIDEMARK_LANDING_URL": settings.landing_url,
        "TIDEMARK_ARTIFACT_ROOT": settings.artifact_root,
        "TIDEMARK_RULES_FILE": str(settings.rules_file),
        "TIDEMARK_ID_HASH_KEY": settings.id_hash_key.get_secret_value(),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def digests(root: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


_HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held_warehouse(file: Path) -> Iterator[None]:
    """Another process has the DuckDB file open for the length of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        try:
            yield
        finally:
            holder.stdin.close()
