"""The demo's client of Airflow: a server that fails while SQLite is locked is asked again."""

import time
from functools import partial
from types import SimpleNamespace

import httpx
import pytest

from include.tidemark.demo import airflow_api

STACK = SimpleNamespace(url="http://airflow.test", password="p")


@pytest.fixture
def api(monkeypatch):
    """A client, what its server answers to the next requests for pages (200 when none is left), and its
    clock."""
    answers, clock = [], SimpleNamespace(now=0.0)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(time, "sleep", lambda seconds: setattr(clock, "now", clock.now + seconds))

    def answer(request):
        if request.url.path == "/auth/token":
            return httpx.Response(201, json={"access_token": "t"})
        return httpx.Response(answers.pop(0) if answers else 200, json={"dag_runs": []})

    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(answer)))
    return airflow_api.AirflowApi(STACK), answers, clock


def test_a_page_that_failed_is_asked_for_again(api):
    client, answers, _ = api
    answers += [500, 503]
    assert client.runs() == []


@pytest.mark.parametrize(("status", "seconds"), [(404, 0), (500, airflow_api._REFUSED_SECONDS)])
def test_an_answer_that_does_not_change_is_an_error_at_the_end(api, status, seconds):
    client, answers, clock = api
    answers += [status] * 100
    with pytest.raises(httpx.HTTPStatusError):
        client.runs()
    assert clock.now == seconds
