"""Reading the DAG files asks neither the network nor the metadata database, on each platform's layout and
with each warehouse."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.container import PROJECT, python_of
from tests.deploy.test_bundle import make

BLOCKED = """
import os, socket, sys, runpy
import airflow.settings
from sqlalchemy.engine import Engine

def refuse(*_args, **_more):
    os.write(1, b"ASKED\\n")  # whoever asks may swallow the error
    raise RuntimeError("asked the network or a database while parsing")

socket.socket.connect = socket.socket.connect_ex = socket.create_connection = socket.getaddrinfo = refuse
Engine.connect = Engine.raw_connection = refuse
sys.path.insert(0, sys.argv[1])  # as Airflow does with a DAG bundle
for file in sys.argv[2:]:
    runpy.run_path(file)
    print("PARSED", file)
"""

DOWN = """
import os
from airflow.secrets import BaseSecretsBackend

class Down(BaseSecretsBackend):
    def _refuse(self, *_args, **_more):
        os.write(1, b"ASKED\\n")
        raise ConnectionError("the vault does not answer")

    get_connection = get_conn_value = get_variable = get_config = _refuse
"""


def read(
    python: Path, root: Path, *files: Path, home: Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{python.parent}:/usr/bin:/bin", "AIRFLOW_HOME": str(home), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1",
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"), **settings,
    }  # fmt: skip
    return subprocess.run(
        [str(python), "-c", BLOCKED, str(root), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env=environment,
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, manifest):
    folder = tmp_path_factory.mktemp("parse") / "mwaa"
    assert make(folder).returncode == 0
    return folder / "dags"


@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
@pytest.mark.parametrize("layout", ["astro", "mwaa"])
def test_parsing_asks_neither_the_network_nor_the_metadata_database(layout, warehouse, bundle, tmp_path):
    root, python = (PROJECT, sys.executable) if layout == "astro" else (bundle, python_of("airflow-3.2.1"))
    files = sorted((PROJECT / "dags" if layout == "astro" else bundle).glob("*.py"))
    assert {file.name for file in files} == {file.name for file in (PROJECT / "dags").glob("*.py")}
    done = read(Path(python), root, *files, home=tmp_path, TIDEMARK_WAREHOUSE=warehouse)
    assert done.stdout.count("PARSED") == len(files), done.stderr[-3000:]
    assert "ASKED" not in done.stdout, done.stderr[-3000:]


@pytest.mark.parametrize("warehouse", ["duckdb", "snowflake"])
def test_a_secrets_back_end_that_is_down_is_not_asked(warehouse, tmp_path):
    (tmp_path / "vault_that_is_down.py").write_text(DOWN)
    down = {"AIRFLOW__SECRETS__BACKEND": "vault_that_is_down.Down", "PYTHONPATH": str(tmp_path)}
    files = sorted((PROJECT / "dags").glob("*.py"))
    done = read(Path(sys.executable), PROJECT, *files, home=tmp_path, TIDEMARK_WAREHOUSE=warehouse, **down)
    assert done.stdout.count("PARSED") == len(files), done.stderr[-3000:]
    assert "ASKED" not in done.stdout, done.stderr[-3000:]
    asks = tmp_path / "asks.py"
    asks.write_text("from airflow.sdk import BaseHook; BaseHook.get_connection('snowflake_default')")
    assert "ASKED" in read(Path(sys.executable), tmp_path, asks, home=tmp_path, **down).stdout


@pytest.mark.parametrize(
    "asks",
    [
        "from airflow.models import Variable; Variable.get('anything')",
        "import httpx; httpx.get('http://127.0.0.1:9')",
    ],
    ids=["metadata database", "network"],
)
def test_a_dag_file_that_does_ask_is_caught(asks, tmp_path):
    file = tmp_path / "asks.py"
    file.write_text(asks)
    done = read(Path(sys.executable), tmp_path, file, home=tmp_path)
    assert "ASKED" in done.stdout
