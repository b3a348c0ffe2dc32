"""An emulated Snowflake for the tests: started as a server behind TLS, reached through an Airflow
connection."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import certifi
import duckdb
import pytest
import snowflake.connector

from include.tidemark.paths import PROJECT_ROOT

PYTHON = PROJECT_ROOT / ".venv" / "fakesnow" / "bin" / "python"
SERVER = Path(__file__).with_name("emulator_server.py")
CONNECTION_VARIABLE = "AIRFLOW_CONN_SNOWFLAKE_DEFAULT"


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Its folder holds what it was asked, and after its end its tables."""

    folder: Path
    port: int

    @property
    def trusted(self) -> Path:
        """The usual authorities and the emulator's own throw-away certificate."""
        return self.folder / "trusted.pem"

    def connection(self, login: str = "tidemark", password: str | None = "none", **extra: Any) -> str:
        """An Airflow connection to the emulator, as the value of an AIRFLOW_CONN_* variable."""
        return json.dumps(
            {
                "conn_type": "snowflake",
                "login": login,
                "password": password,
                "schema": "PUBLIC",
                "extra": {
                    "account": "emulator",
                    "database": "TIDEMARK",
                    "warehouse": "TIDEMARK",
                    "role": "TIDEMARK_RUNNER",
                    "host": "127.0.0.1",
                    "port": self.port,
                    "insecure_mode": True,
                    **extra,
                },
            }
        )

    def environment(self, **connection: Any) -> dict[str, str]:
        """What a process needs to find the emulator as `snowflake_default`."""
        return {
            CONNECTION_VARIABLE: self.connection(**connection),
            "REQUESTS_CA_BUNDLE": str(self.trusted),
            "TIDEMARK_WAREHOUSE": "snowflake",
            "TIDEMARK_DBT_THREADS": "1",  # what dbt says when something fails is then in one order
        }

    def dbt_environment(self) -> dict[str, str]:
        """dbt's profile of a shell that has no Airflow connection."""
        return {
            "TIDEMARK_WAREHOUSE": "snowflake",
            "TIDEMARK_DBT_THREADS": "1",
            "SNOWFLAKE_ACCOUNT": "emulator",
            "SNOWFLAKE_USER": "tidemark",
            "SNOWFLAKE_PASSWORD": "none",
            "SNOWFLAKE_ROLE": "tidemark",
            "SNOWFLAKE_WAREHOUSE": "tidemark",
            "SNOWFLAKE_DATABASE": "TIDEMARK",
            "SNOWFLAKE_HOST": "127.0.0.1",
            "SNOWFLAKE_PORT": str(self.port),
            "REQUESTS_CA_BUNDLE": str(self.trusted),
        }

    def execute(self, *statements: str) -> None:
        """Run statements as somebody beside the run."""
        with (
            mock.patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": str(self.trusted)}),
            closing(
                snowflake.connector.connect(
                    user="test",
                    password="none",
                    account="emulator",
                    database="TIDEMARK",
                    schema="PUBLIC",
                    host="127.0.0.1",
                    port=self.port,
                    insecure_mode=True,
                )
            ) as connection,
        ):
            for statement in statements:
                connection.cursor().execute(statement)

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """A table's rows in order, as the account held them at its end."""
        return duckdb.sql(f"select {columns} from '{self.folder / table}.parquet' order by all").fetchall()

    def requests(self) -> list[dict[str, Any]]:
        """Every login and statement so far, oldest first."""
        lines = (self.folder / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def give(folder: Path, statements: Sequence[str], warehouse: Path, rows: Mapping[str, str]) -> None:
    """Let the folder's account start with the tables that the statements make, and the rows of queries on a
    DuckDB file.

    Args:
        folder: what `running_emulator` will be given.
        statements: what makes schemas and tables.
        warehouse: the DuckDB file.
        rows: table -> query.
    """
    given = folder / "given"
    given.mkdir(parents=True)
    (given / "setup.sql").write_text(";\n".join(statements), encoding="utf-8")
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table, query in rows.items():
            connection.execute(f"copy ({query}) to '{given / table}.parquet'")


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Serve the folder's account, empty unless it was given something, until the end of the block; then its
    tables are there."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: make test-setup installs it from deploy/locks/fakesnow.txt.")
    folder.mkdir(parents=True, exist_ok=True)
    _make_certificate(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "emulator.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(PYTHON), str(SERVER), str(folder), str(port)], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 1_200
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The Snowflake emulator did not start:\n{log.read_text(encoding='utf-8')}")
            time.sleep(0.2)
        yield Emulator(folder, port)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=600)
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _make_certificate(folder: Path) -> None:
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    usual = Path(certifi.where()).read_text(encoding="utf-8")
    own = (folder / "cert.pem").read_text(encoding="utf-8")
    (folder / "trusted.pem").write_text(usual + own, encoding="utf-8")
