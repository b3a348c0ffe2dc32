"""A local S3-compatible server (moto's), and how to reach it."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

_PROJECT = Path(__file__).resolve().parents[1]
_SERVER = _PROJECT / ".venv" / "moto" / "bin" / "moto_server"


def client_of(endpoint: str) -> Any:
    """A client with the only key that the tests use."""
    return boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip


def environment_of(client: Any, conn_id: str, home: Path) -> dict[str, str]:
    """For a process with an Airflow of its own that knows the server by a connection."""
    extra = {"endpoint_url": client.meta.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
    return kept | {
        "PYTHONPATH": str(_PROJECT), "AIRFLOW_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1",
        f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(connection),
    }  # fmt: skip


@contextmanager
def running_server() -> Iterator[Any]:
    """A client of a server that is stopped at the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(_SERVER), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = client_of(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 90
        while True:
            try:
                client.list_buckets()
                break
            except BotoCoreError:
                assert server.poll() is None and time.monotonic() < deadline, "moto's server did not come up"
                time.sleep(0.3)
        yield client
    finally:
        server.terminate()
        server.wait(timeout=20)
