"""What other DAGs and people in Airflow get from a publication: an event a family, and buttons; on every
supported Airflow version."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.serialization.serialized_objects import DagSerialization

from include.tidemark.orchestration import assets, pages
from include.tidemark.orchestration.assets import PUBLICATIONS, announce

PROJECT = Path(__file__).resolve().parents[2]
KEY = "20261101_20261101T060000_0123abcd"
RESULT = {
    "status": "published",
    "as_of_date": "2026-11-01",
    "run_key": KEY,
    "manifest_uri": "file:///artifacts/manifest.json",
    "report_uri": "file:///artifacts/report/index.html",
    "publication_id": 1,
    "summary": ["As of 2026-11-01, run x: 563 checks, no warnings.", "Seconds: models 61.2."],
    "changes": {"customer_segments": ["Declining fell by 1.1 points."], "planners": None},
}


@pytest.fixture(scope="module")
def dags():
    return DagBag(dag_folder=str(PROJECT / "dags")).dags


@pytest.fixture
def events(monkeypatch):
    found = OutletEventAccessors()
    monkeypatch.setattr(assets, "get_current_context", lambda: {"outlet_events": found, "ti": None})
    return found


@pytest.mark.parametrize("status", ["published", "already_published"])
def test_a_publication_is_an_event_of_the_asset_of_each_family(events, status):
    announce(RESULT | {"status": status})
    emitted = {event.dest_asset_key.uri: event.extra for event in events[PUBLICATIONS].asset_alias_events}
    assert set(emitted) == {Asset("tidemark://customer_segments").uri, Asset("tidemark://planners").uri}
    assert emitted[Asset("tidemark://customer_segments").uri] == {
        "as_of_date": "2026-11-01",
        "run_key": KEY,
        "manifest_uri": "file:///artifacts/manifest.json",
        "report_uri": "file:///artifacts/report/index.html",
        "summary": RESULT["summary"],
        "changes": ["Declining fell by 1.1 points."],
    }


def test_a_dry_run_is_no_event(events):
    announce(RESULT | {"status": "dry_run"})
    assert events[PUBLICATIONS].asset_alias_events == []


@pytest.mark.parametrize(("wanted", "posted"), [("true", 1), ("", 0)])
def test_the_summary_of_a_publication_is_posted_where_the_deployment_wants_it(
    events, monkeypatch, wanted, posted
):
    sent = []
    monkeypatch.setenv("TIDEMARK_NOTIFY_SUCCESS", wanted)
    monkeypatch.setattr(assets, "post", sent.append)
    monkeypatch.setattr(assets, "run_file", lambda task, path: f"http://airflow.example/{path}")
    announce(RESULT)
    report = "Report: http://airflow.example/report/index.html"
    assert sent == [["Tidemark: published.", *RESULT["summary"], report]] * posted
    announce(RESULT | {"status": "dry_run"})
    assert len(sent) == posted


def test_publish_alone_has_the_outlet_and_none_that_airflow_would_announce_by_itself(dags):
    outlets = {task.task_id: task.outlets for task in dags["monthly_segmentation"].tasks if task.outlets}
    named = {task: [type(outlet) for outlet in found] for task, found in outlets.items()}
    assert named["publish"] == [AssetAlias]
    assert not any(task.split(".")[0] in ("resolve_run", "check_sources") for task in named)


def test_the_buttons_of_publish_and_of_the_gate_reach_the_web_server(dags):
    serialized = DagSerialization.to_dict(dags["monthly_segmentation"])
    read = DagSerialization.from_dict(serialized)
    links = {task.task_id: sorted(task.extra_links) for task in read.tasks if "." not in task.task_id}
    assert links["publish"] == ["Report"]
    assert [links[f"check_{stage}"] for stage in ("sources", "models", "statistics")] == [["Checks"]] * 3
    assert links["load_sources"] == []


def test_a_button_leads_to_the_file_of_the_run_below_airflow_s_own_address(monkeypatch):
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/team/")
    run = {"as_of_date": "2026-11-01", "run_key": KEY}
    task = SimpleNamespace(task_id="check_models", xcom_pull=lambda task_ids: run)
    root = f"http://airflow.example/team/tidemark/runs/2026-11-01/{KEY}"
    assert pages.ReportLink().get_link(None, ti_key=task) == f"{root}/report/index.html"
    assert pages.DataDocsLink().get_link(None, ti_key=task) == f"{root}/validation/models/index.html"


def test_a_run_without_an_identity_has_no_address():
    task = SimpleNamespace(task_id="check_sources", xcom_pull=lambda task_ids: None)
    assert pages.DataDocsLink().get_link(None, ti_key=task) == ""


def test_every_dag_says_in_a_sentence_what_it_does(dags):
    for dag in dags.values():
        assert dag.description.endswith("."), dag.dag_id
