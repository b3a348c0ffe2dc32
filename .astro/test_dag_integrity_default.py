"""What `astro dev parse` runs: every DAG file is imported where no variable and no connection exists.

Airflow 3.3 can't run the file that `astro dev init` writes, for any project: its DagBag has lost an argument.
As in that file, an unset environment variable, a variable or a connection is answered by a made-up value, so
that only mistakes of the code are found.
"""

import os
from pathlib import Path
from unittest.mock import patch

import airflow.models
import airflow.sdk
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb

PROJECT = Path(__file__).resolve().parents[1]
EXCEPTIONS = {
    line.strip()
    for line in (PROJECT / ".astro" / "dag_integrity_exceptions.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
}
_real_getenv = os.getenv


def _getenv(key: str, default: str | None = None) -> str:
    return (
        _real_getenv(key) or default or f"MOCKED_{key.upper()}_VALUE"
    )  # an empty default is no answer, either


def _variable(key: str, *_args: object, **_more: object) -> str:
    return f"mocked_{key.lower()}_value"


def _connection(conn_id: str, *_args: object, **_more: object) -> airflow.models.Connection:
    return airflow.models.Connection(conn_id=conn_id, conn_type="http", host="mocked")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    """All DAG files, read under the made-up values."""
    initdb()
    with (
        patch.object(os, "getenv", _getenv),
        patch.object(airflow.models.Variable, "get", _variable),
        patch.object(airflow.sdk.Variable, "get", _variable),
        patch.object(airflow.sdk.BaseHook, "get_connection", _connection),
    ):
        return DagBag(dag_folder=str(PROJECT / "dags"))


def test_every_dag_file_imports(bag: DagBag) -> None:
    """No file of dags/ fails to be imported."""
    errors = {
        file: error
        for file, error in bag.import_errors.items()
        if not any(file.endswith(e) for e in EXCEPTIONS)
    }
    assert errors == {}  # noqa: S101
    assert bag.dags, "no DAG was found at all"  # noqa: S101
