"""A failure is always logged, and posted where a connection is configured."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from include.tidemark.orchestration.alerts import alert_on_failure

RUN = {"as_of_date": "2026-11-01", "run_key": "20261101_20261101T060000_0123abcd"}


class Task(SimpleNamespace):
    """A task that has failed, as far as the alert looks at it."""

    log_url = "http://airflow/dags/monthly_segmentation/runs/manual__1/tasks/check_models?try_number=1"

    def xcom_pull(self, task_ids):
        return {"resolve_run": RUN}[task_ids]

    def xcom_push(self, key, value):
        self.left = {key: value}


class TaskOfALostWorker(Task):
    """The DAG processor tells of it, and can read and write no XCom."""

    def xcom_pull(self, task_ids):
        raise RuntimeError("no connection to the supervisor")

    def xcom_push(self, key, value):
        raise RuntimeError("no connection to the supervisor")


def context_of(task=Task, task_id="check_models", dag_id="monthly_segmentation"):
    failed = task(task_id=task_id, dag_id=dag_id, run_id="manual__2026-11-01T06:00:00+00:00")
    return {"ti": failed, "exception": RuntimeError("the share drifted")}


CONTEXT = context_of()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A deployment that has published nothing."""
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", (tmp_path / "artifacts").as_uri())
    monkeypatch.setenv("TIDEMARK_DUCKDB_PATH", str(tmp_path / "warehouse.duckdb"))


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
    assert "Consumers see no month: nothing is published." in caplog.text


def test_with_a_connection_the_same_sentence_is_posted(webhook, monkeypatch, caplog):
    configure(monkeypatch, webhook.url)
    caplog.set_level(logging.INFO)
    alert_on_failure(CONTEXT)
    ((path, body),) = webhook.received
    assert path == "/hooks/marked-token"
    assert "check_models" in body["text"] and "the share drifted" in body["text"]
    assert "marked-token" not in caplog.text


def test_the_alert_leads_to_the_log_the_run_its_checks_the_reports_and_the_runbook(caplog, monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/team")
    alert_on_failure(context_of())
    for line in (
        f"Log: {Task.log_url}",
        "Run: http://airflow.example/team/dags/monthly_segmentation/runs/manual__2026-11-01T06%3A00%3A00%2B00%3A00/plugin/tidemark-run",
        f"Checks: http://airflow.example/team/tidemark/runs/2026-11-01/{RUN['run_key']}/validation/models/index.html",
        "Published reports: http://airflow.example/team/tidemark/",
        "Runbook: docs/runbook.md#the-gate-stops-on-what-was-computed",
    ):
        assert line in caplog.text.splitlines()


def test_the_alert_of_a_task_without_checks_names_none(caplog):
    alert_on_failure(context_of(task_id="publish"))
    assert "Checks: " not in caplog.text


def test_the_sentence_is_left_for_the_run_s_page():
    failed = context_of()
    alert_on_failure(failed)
    assert failed["ti"].left == {"failure": "the share drifted"}


def test_the_failure_of_a_lost_worker_is_told_without_what_only_its_task_knew(caplog):
    alert_on_failure(context_of(TaskOfALostWorker))
    assert "the share drifted" in caplog.text
    assert "Checks: " not in caplog.text


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
