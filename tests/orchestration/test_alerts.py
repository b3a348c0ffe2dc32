"""A failure is always logged, and posted where a connection is configured."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from include.tidemark.orchestration.alerts import alert_on_failure

CONTEXT = {
    "ti": SimpleNamespace(task_id="check_models", dag_id="monthly_segmentation", run_id="manual__1"),
    "exception": RuntimeError("the share drifted"),
}


@pytest.fixture
def webhook():
    """A local server that keeps what is posted to it, and answers with `status`."""
    received = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            received.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(
        url=f"http://127.0.0.1:{server.server_port}/hooks/", received=received, handler=Handler
    )
    server.shutdown()
    server.server_close()


def configure(monkeypatch, host: str) -> None:
    connection = {"conn_type": "http", "host": host, "password": "marked-token"}
    monkeypatch.setenv("AIRFLOW_CONN_TIDEMARK_ALERTS", json.dumps(connection))


def test_without_a_connection_the_failure_is_logged_with_what_consumers_see(caplog):
    with caplog.at_level(logging.INFO):
        alert_on_failure(CONTEXT)
    assert "check_models" in caplog.text
    assert "the share drifted" in caplog.text
    assert "last published month" in caplog.text


def test_with_a_connection_the_same_sentence_is_posted(webhook, monkeypatch, caplog):
    configure(monkeypatch, webhook.url)
    caplog.set_level(logging.INFO)
    alert_on_failure(CONTEXT)
    ((path, body),) = webhook.received
    assert path == "/hooks/marked-token"
    assert "check_models" in body["text"] and "the share drifted" in body["text"]
    assert "marked-token" not in caplog.text


@pytest.mark.parametrize("status", [404, 500])
def test_a_notifier_that_fails_hides_nothing_and_tells_no_token(webhook, monkeypatch, caplog, status):
    configure(monkeypatch, webhook.url)
    webhook.handler.status = status
    alert_on_failure(CONTEXT)
    assert "the share drifted" in caplog.text
    assert "could not be posted" in caplog.text
    assert "marked-token" not in caplog.text


def test_a_notifier_that_is_not_there_hides_nothing(monkeypatch, caplog):
    configure(monkeypatch, "http://127.0.0.1:9/")
    alert_on_failure(CONTEXT)
    assert "could not be posted" in caplog.text
    assert "marked-token" not in caplog.text
