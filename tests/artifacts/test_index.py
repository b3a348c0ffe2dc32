"""`index.json` says enough of each month for a list, and a manifest is read once for it."""

import json

import pytest

from include.tidemark.artifacts.pointers import rebuild_pointers
from include.tidemark.artifacts.store import ArtifactRoot
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.rollback import roll_back
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, write_candidate


@pytest.fixture
def first(candidate):
    return candidate.runs[MONTHS[0]]


def index_of(book):
    return json.loads((book.root / "index.json").read_bytes())["months"]


def test_a_month_is_described_by_what_its_manifest_says(candidate, first):
    publish(first, candidate.settings)
    manifest = json.loads(candidate.path(first, "manifest.json").read_bytes())
    (month,) = index_of(candidate)
    assert month["dag_run_id"] == first.dag_run_id
    assert month["summary"]["source_rows"] == sum(source["rows"] for source in manifest["sources"])
    assert month["summary"]["checks"] == manifest["gate"]["checks"]
    assert month["summary"]["families"] == ["customer_segments"]
    assert month["summary"]["changes"] == []


def test_the_history_of_a_month_holds_every_publication_and_roll_back_oldest_first(candidate, first, rules):
    publish(first, candidate.settings)
    second = make_run(MONTHS[0], rules, attempt=1)
    write_candidate(candidate.settings, second)
    publish(second, candidate.settings)
    roll_back(MONTHS[0], first.run_key, candidate.settings, reason="test", by="test", dry_run=False)
    (month,) = index_of(candidate)
    assert [(row["action"], row["run_key"]) for row in month["history"]] == [
        ("publish", first.run_key),
        ("publish", second.run_key),
        ("rollback", first.run_key),
    ]
    assert month["run_key"] == first.run_key


def test_the_manifest_of_a_month_that_is_described_is_not_read_again(candidate, first, rules, monkeypatch):
    publish(first, candidate.settings)
    before = index_of(candidate)[0]["summary"]
    second = make_run(MONTHS[1], rules)
    write_candidate(candidate.settings, second)
    read, real = [], ArtifactRoot.read_bytes

    def note(folder, relative):
        read.append(relative)
        return real(folder, relative)

    monkeypatch.setattr(ArtifactRoot, "read_bytes", note)
    publish(second, candidate.settings)
    manifests = [path for path in read if path.endswith("manifest.json")]
    assert manifests == [f"as_of={MONTHS[1]}/run={second.run_key}/manifest.json"]
    assert [month["summary"] for month in index_of(candidate)][1] == before


def test_a_month_whose_manifest_is_gone_is_listed_without_a_description(candidate, first):
    publish(first, candidate.settings)
    candidate.path(first, "manifest.json").unlink()
    (candidate.root / "index.json").unlink()
    with open_warehouse(candidate.settings) as warehouse:
        rebuild_pointers(candidate.settings, warehouse)
    (month,) = index_of(candidate)
    assert (month["run_key"], month["summary"]) == (first.run_key, None)
