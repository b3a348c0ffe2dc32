"""A run that is late: set for the DAG by a setting, told by the triggerer, with what the plugins folder alone
gives it."""

import asyncio
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from airflow.sdk import DAG
from airflow.sdk.definitions.deadline import DeadlineReference
from airflow.serialization.serialized_objects import DagSerialization

from include.tidemark.orchestration.deadline import deadline_of
from include.tidemark.settings import Settings
from tests.orchestration.test_alerts import configure, webhook  # noqa: F401 (a fixture)

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
CONTEXT = {"dag_run": {"dag_id": "monthly_segmentation", "dag_run_id": "scheduled__2026-11-01"}}


@pytest.fixture
def say_late(monkeypatch):
    monkeypatch.syspath_prepend(str(PLUGINS))
    yield import_module("tidemark_deadline").say_late
    del sys.modules["tidemark_deadline"]


def test_no_deadline_is_the_default(monkeypatch):
    monkeypatch.delenv("TIDEMARK_DEADLINE_HOURS", raising=False)
    assert deadline_of(Settings()) is None


def test_a_deadline_survives_the_way_to_the_scheduler(monkeypatch, say_late):
    monkeypatch.setenv("TIDEMARK_DEADLINE_HOURS", "6")
    deadline = deadline_of(Settings())
    read = DagSerialization.from_dict(DagSerialization.to_dict(DAG("late", schedule=None, deadline=deadline)))
    (found,) = read.deadline
    assert found is not None
    assert (deadline.interval, deadline.reference) == (timedelta(hours=6), DeadlineReference.DAGRUN_QUEUED_AT)
    assert deadline.callback.path == f"{say_late.__module__}.{say_late.__qualname__}"
    assert deadline.callback.kwargs == {"conn_id": "tidemark_alerts", "hours": 6.0}


def test_it_is_logged_and_posted_to_the_alerts(monkeypatch, say_late, webhook, caplog):  # noqa: F811
    configure(monkeypatch, webhook.url)
    asyncio.run(say_late(conn_id="tidemark_alerts", hours=6.0, context=CONTEXT))
    said = "run scheduled__2026-11-01 of monthly_segmentation has not ended 6 hours after it was queued."
    assert said in caplog.text
    ((path, body),) = webhook.received
    assert path == "/hooks/marked-token"
    assert said in body["text"]
    assert "marked-token" not in caplog.text


def test_a_webhook_that_fails_is_logged_without_its_address(monkeypatch, say_late, webhook, caplog):  # noqa: F811
    configure(monkeypatch, webhook.url)
    webhook.handler.status = 500
    asyncio.run(say_late(conn_id="tidemark_alerts", hours=6.0, context=CONTEXT))
    assert "could not be posted" in caplog.text
    assert "marked-token" not in caplog.text


def test_without_a_connection_it_is_logged(say_late, caplog):
    asyncio.run(say_late(conn_id="tidemark_alerts", hours=0.5, context=None))
    assert "0.5 hours" in caplog.text
    assert "could not be posted" not in caplog.text
