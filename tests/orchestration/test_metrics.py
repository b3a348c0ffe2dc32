"""Metrics of a run, named as the documentation says."""

from datetime import timedelta

import pytest
from airflow.sdk.observability.stats import Stats

from include.tidemark.orchestration import metrics

CHECKED = {"stage": "models", "checks": 12, "critical": 0, "warning": 2, "info": 1, "data_docs": "u"}
PUBLISHED = {
    "status": "published",
    "publication_id": 7,
    "sources": [{"table": 'raw."User rows"', "rows": 6000, "origin": "warehouse"}],
    "changes": {"planners": ["Planners fell.", "Their ratio rose."], "fee_tiers": None},
}


@pytest.fixture
def sent(monkeypatch):
    """What Airflow's metrics are given."""
    found = []
    for kind in ("timing", "gauge", "incr"):
        monkeypatch.setattr(
            Stats, kind, lambda *given, kind=kind: found.append((kind, *given)), raising=False
        )
    return found


def test_a_check_says_its_duration_and_what_it_found(sent):
    metrics.measure("check_models", 1.5, CHECKED)
    assert sent == [
        ("timing", "tidemark.duration.check_models", timedelta(seconds=1.5)),
        ("gauge", "tidemark.gate.models.checks", 12),
        ("gauge", "tidemark.gate.models.critical", 0),
        ("gauge", "tidemark.gate.models.warning", 2),
        ("gauge", "tidemark.gate.models.info", 1),
    ]


def test_a_publication_says_its_rows_and_changes(sent):
    metrics.measure("publish", 0.25, PUBLISHED)
    assert sent == [
        ("timing", "tidemark.duration.publish", timedelta(seconds=0.25)),
        ("gauge", "tidemark.source_rows.raw._User_rows_", 6000),
        ("gauge", "tidemark.changes.planners", 2),
        ("gauge", "tidemark.changes.fee_tiers", 0),
        ("incr", "tidemark.publications.published"),
    ]


def test_a_stage_that_an_error_of_ours_stopped_is_counted(sent):
    metrics.measure_failure("check_models")
    assert sent == [("incr", "tidemark.stopped.check_models")]


def test_without_a_metrics_server_nothing_happens():
    metrics.measure("publish", 0.25, PUBLISHED)
