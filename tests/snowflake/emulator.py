"""An emulated Snowflake for the tests: started as a server behind TLS, reached through an Airflow connection."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pytest

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

    def requests(self) -> list[dict[str, Any]]:
        """Every login and statement so far, oldest first."""
        lines = (self.folder / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Serve an empty account until the end of the block; its tables are then in the folder."""
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
        deadline = time.monotonic() + 120
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The Snowflake emulator did not start:\n{log.read_text(encoding='utf-8')}")
            time.sleep(0.2)
        yield Emulator(folder, port)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=120)
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
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    usual = Path(certifi.where()).read_text(encoding="utf-8")
    own = (folder / "cert.pem").read_text(encoding="utf-8")
    (folder / "trusted.pem").write_text(usual + own, encoding="utf-8")
