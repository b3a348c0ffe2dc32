"""A local S3-compatible server (moto's), and how to reach it."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

_PROJECT = Path(__file__).resolve().parents[1]
_SERVER = _PROJECT / ".venv" / "moto" / "bin" / "moto_server"


def client_of(endpoint: str) -> Any:
    """A client with the only key that the tests use."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def environment_of(client: Any, conn_id: str, home: Path) -> dict[str, str]:
    """For a process with an Airflow of its own that knows the server by a connection."""
    extra = {"endpoint_url": client.meta.endpoint_url, "region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "test", "password": "test", "extra": extra}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AIRFLOW"))}
    return kept | {
        "PYTHONPATH": str(_PROJECT),
        "AIRFLOW_HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
        f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(connection),
    }


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
        deadline = time.monotonic() + 600
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


_SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@contextmanager
def troubled_server(client: Any, seconds: float, every: int) -> Iterator[Any]:
    """A client of a server before the client's own, which answers late, and every few calls that it is too
    busy."""
    behind = client.meta.endpoint_url.removeprefix("http://")
    calls = count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self._body()
            time.sleep(seconds)
            if next(calls) % every == 0:
                self._send(503, [("Content-Type", "application/xml")], _SLOW_DOWN)
                return
            passed_on = HTTPConnection(behind, timeout=60)
            headers = {
                k: v
                for k, v in self.headers.items()
                if k.lower() not in ("transfer-encoding", "expect", "content-length")
            }
            passed_on.request(self.command, self.path, body, headers)
            got = passed_on.getresponse()
            kept = [
                (k, v)
                for k, v in got.getheaders()
                if k.lower() not in ("transfer-encoding", "connection", "date", "server")
            ]
            self._send(got.status, kept, got.read())
            passed_on.close()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if all(name.lower() != "content-length" for name, _ in headers):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 - as http.server names them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield client_of(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
