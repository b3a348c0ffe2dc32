"""The DuckDB file; Snowflake is in test_on_snowflake.py."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from include.tidemark.doctor import warehouse
from include.tidemark.paths import DEMO_KEY_FILE
from tests.doctor.conftest import SECRET, Examine, Shop, states, worst

_HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=len(sys.argv) > 2); print('held', flush=True); sys.stdin.read()"


@contextmanager
def held(file: Path, *read_only: str) -> Iterator[int]:
    """The file open in another process; gives its number."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(file), *read_only], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.stdin.close()


def test_a_file_that_does_not_exist_is_ok_and_not_made(examine: Examine, shop: Shop):
    assert states(examine(warehouse.look_at_warehouse)) == {"ok"}
    assert not (shop.folder / "warehouse.duckdb").exists()


def test_a_file_that_opens_is_ok_and_has_no_grants(examine: Examine, shop: Shop):
    duckdb.connect(str(shop.folder / "warehouse.duckdb")).close()
    assert states(examine(warehouse.look_at_warehouse)) == {"ok"}
    assert states(examine(warehouse.look_at_grants)) == {"ok"}


def test_a_file_that_another_process_holds_is_wrong_with_its_number(examine: Examine, shop: Shop):
    with held(shop.folder / "warehouse.duckdb") as pid:
        found = worst(examine(warehouse.look_at_warehouse))
    assert found.state == "wrong" and f"PID {pid}" in found.found


def test_a_file_that_is_no_database_is_wrong(examine: Examine, shop: Shop):
    (shop.folder / "warehouse.duckdb").write_text(
        "no database, but long enough to have a header of one" * 100
    )
    assert worst(examine(warehouse.look_at_warehouse)).state == "wrong"


def test_a_file_that_can_not_be_made_is_wrong(examine: Examine, shop: Shop, monkeypatch):
    (shop.folder / "file").touch()
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(shop.folder / "file" / "warehouse.duckdb"))
    assert "can't be made" in worst(examine(warehouse.look_at_warehouse)).found


def test_a_path_that_depends_on_the_folder_is_a_warning(examine: Examine, shop: Shop, monkeypatch):
    monkeypatch.chdir(shop.folder)
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", "warehouse.duckdb")
    assert worst(examine(warehouse.look_at_warehouse)).state == "warning"


@pytest.mark.parametrize(("key", "state"), [("the demo's own", "wrong"), (SECRET, "ok")])
def test_the_demo_s_file_is_wrong_for_own_months(examine: Examine, shop: Shop, key, state):
    (shop.folder / DEMO_KEY_FILE).write_text(key)
    assert states(examine(warehouse.look_at_warehouse)) == {state}


def test_a_connection_to_snowflake_that_is_not_defined_is_wrong_without_the_driver_s_words(
    examine: Examine, monkeypatch
):
    monkeypatch.setenv("TIDEMARK_WAREHOUSE", "snowflake")
    found = worst(examine(warehouse.look_at_warehouse))
    assert (
        found.state == "wrong"
        and "snowflake_default" in found.found
        and "AIRFLOW_CONN_SNOWFLAKE_DEFAULT" in found.action
    )
