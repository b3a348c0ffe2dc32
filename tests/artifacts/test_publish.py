"""Publication: all of a run shows at once or nothing of it, and a retry finishes what an interruption
left."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from include.tidemark.artifacts.pointers import rebuild_pointers
from include.tidemark.errors import GateError, RunIdentityError, SettingsError
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.rollback import roll_back
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, write_candidate


def files_of(book, run):
    return {path: book.path(run, path).read_bytes() for path in book.folder(run).files()}


def add_run(book, rules, month, attempt):
    run = make_run(month, rules, attempt=attempt)
    write_candidate(book.settings, run)
    return run


def latest(book):
    return json.loads((book.root / "latest.json").read_bytes())


@pytest.fixture
def first(candidate):
    return candidate.runs[MONTHS[0]]


def test_a_publication_is_one_ledger_row_and_pointers_to_its_folder(candidate, first):
    outcome = publish(first, candidate.settings)
    assert (outcome["status"], outcome["publication_id"]) == ("published", 1)
    assert [(row[0], row[2], row[4]) for row in candidate.ledger()] == [(1, first.run_key, "publish")]
    assert sorted(candidate.pointers()) == ["as_of=2026-08-01/current.json", "index.json", "latest.json"]
    pointer = latest(candidate)
    assert (candidate.root / pointer["manifest"]).exists()
    assert (candidate.root / pointer["report"]).exists()


def test_the_same_input_gives_the_same_bytes_in_every_file(candidate, first, rules, tmp_path_factory):
    publish(first, candidate.settings)
    again = candidate.settings.model_copy(update={"artifact_root": tmp_path_factory.mktemp("again").as_uri()})
    with open_warehouse(candidate.settings) as warehouse:
        warehouse.execute("delete from control.publications")
    publish(first, again)
    one, two = files_of(candidate, first), files_of(type(candidate)(again, {}), first)
    assert one == two
    assert len(one) == 17


def test_publishing_again_changes_nothing(candidate, first):
    publish(first, candidate.settings)
    before = (candidate.ledger(), candidate.pointers(), files_of(candidate, first))
    outcome = publish(first, candidate.settings, timings={"other": 1.0})
    assert (outcome["status"], outcome["pointers"]) == ("already_published", [])
    assert (candidate.ledger(), candidate.pointers(), files_of(candidate, first)) == before


def test_a_dry_run_makes_the_files_and_touches_neither_ledger_nor_pointers(candidate, first, rules):
    publish(first, candidate.settings)
    before = (candidate.ledger(), candidate.pointers())
    dry = make_run(MONTHS[1], rules, publish=False)
    write_candidate(candidate.settings, dry)
    outcome = publish(dry, candidate.settings)
    assert (outcome["status"], outcome["publication_id"]) == ("dry_run", None)
    assert (candidate.ledger(), candidate.pointers()) == before
    assert "manifest.json" in files_of(candidate, dry)


def test_recomputing_an_old_month_never_moves_latest_back(candidate, first, rules):
    publish(first, candidate.settings)
    second = add_run(candidate, rules, MONTHS[1], attempt=0)
    publish(second, candidate.settings)
    before = (candidate.root / "latest.json").read_bytes()
    recomputed = add_run(candidate, rules, MONTHS[0], attempt=1)
    publish(recomputed, candidate.settings)
    assert (candidate.root / "latest.json").read_bytes() == before
    assert json.loads(candidate.pointers()["as_of=2026-08-01/current.json"])["run_key"] == recomputed.run_key
    index = json.loads(candidate.pointers()["index.json"])["months"]
    assert [month["run_key"] for month in index] == [second.run_key, recomputed.run_key]


def test_publishing_a_month_leaves_every_file_of_the_others_as_it_was(candidate, first, rules):
    publish(first, candidate.settings)
    before = files_of(candidate, first)
    publish(add_run(candidate, rules, MONTHS[1], attempt=0), candidate.settings)
    assert files_of(candidate, first) == before


def test_a_rollback_shows_the_earlier_run_again(candidate, first, rules):
    publish(first, candidate.settings)
    before = candidate.pointers()
    second = add_run(candidate, rules, MONTHS[0], attempt=1)
    publish(second, candidate.settings)
    outcome = roll_back(MONTHS[0], first.run_key, candidate.settings, reason="test", by="test", dry_run=False)
    assert outcome.publication is not None
    for name, data in candidate.pointers().items():
        document, old = json.loads(data), json.loads(before[name])
        shown, earlier = (d["months"][0] if "months" in d else d for d in (document, old))
        same = ("run_key", "manifest", "manifest_sha256", "report", "rules_hash")
        assert [shown[key] for key in same] == [earlier[key] for key in same]
        assert shown["action"] == "rollback"
    assert [row[4] for row in candidate.ledger()] == ["publish", "publish", "rollback"]


def test_rolling_back_to_a_run_that_was_never_published_changes_nothing(candidate, first, rules):
    publish(first, candidate.settings)
    before = (candidate.ledger(), candidate.pointers())
    other = make_run(MONTHS[0], rules, attempt=3)
    with pytest.raises(RunIdentityError, match="never published"):
        roll_back(MONTHS[0], other.run_key, candidate.settings, reason="test", by="test", dry_run=False)
    assert (candidate.ledger(), candidate.pointers()) == before


def test_lost_or_wrong_pointers_are_made_again_from_the_ledger(candidate, first, rules):
    publish(first, candidate.settings)
    publish(add_run(candidate, rules, MONTHS[1], attempt=0), candidate.settings)
    right = candidate.pointers()
    (candidate.root / "latest.json").unlink()
    (candidate.root / "index.json").write_text("damaged")
    with open_warehouse(candidate.settings) as warehouse:
        assert rebuild_pointers(candidate.settings, warehouse) == ["index.json", "latest.json"]
        assert rebuild_pointers(candidate.settings, warehouse) == []
    assert candidate.pointers() == right


def test_a_retry_after_the_ledger_row_finishes_the_pointers(candidate, first, monkeypatch):
    def fail(*_):
        raise ConnectionError("the object store is away")

    with monkeypatch.context() as patch:
        patch.setattr("include.tidemark.pipeline.publish.rebuild_pointers", fail)
        with pytest.raises(ConnectionError):
            publish(first, candidate.settings)
    assert len(candidate.ledger()) == 1
    assert candidate.pointers() == {}
    before = files_of(candidate, first)
    outcome = publish(first, candidate.settings)
    assert outcome["status"] == "already_published"
    assert len(outcome["pointers"]) == 3
    assert len(candidate.ledger()) == 1
    assert files_of(candidate, first) == before


def test_another_run_s_publication_in_between_is_not_lost_from_the_pointers(
    candidate, first, rules, monkeypatch
):
    """Two runs move the pointers at once: whoever is last writes what the ledger says by then."""
    from include.tidemark.artifacts import pointers
    from include.tidemark.history.ledger import record_publication

    publish(first, candidate.settings)
    second = add_run(candidate, rules, MONTHS[1], attempt=0)
    real, reads = pointers.publications_by_date, []  # type: ignore[attr-defined]

    def read_then_another_publishes(warehouse):
        found = real(warehouse)
        if not reads:
            record_publication(warehouse, second, "uri", "sha")
        reads.append(found)
        return found

    monkeypatch.setattr(pointers, "publications_by_date", read_then_another_publishes)
    with open_warehouse(candidate.settings) as warehouse:
        rebuild_pointers(candidate.settings, warehouse)
    assert latest(candidate)["run_key"] == second.run_key


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            "update control.gate_results set success = false where severity = 'critical' and stage = 'models'",
            "critical check",
        ),
        ("delete from control.gate_results where stage = 'statistics'", "never validated"),
    ],
)
def test_a_run_that_did_not_pass_its_checks_is_not_published(candidate, first, damage, message):
    with open_warehouse(candidate.settings) as warehouse:
        warehouse.execute(damage)
    with pytest.raises(GateError, match=message):
        publish(first, candidate.settings)
    assert (candidate.ledger(), candidate.pointers(), candidate.folder(first).files()) == ([], {}, [])


def test_without_a_key_for_user_ids_nothing_is_published(candidate, first):
    with pytest.raises(SettingsError, match="TIDEMARK_ID_HASH_KEY"):
        publish(first, candidate.settings.model_copy(update={"id_hash_key": None}))
    assert (candidate.ledger(), candidate.folder(first).files()) == ([], [])


def test_validation_documents_of_earlier_tasks_are_listed_and_leftovers_of_a_failed_attempt_are_not(
    candidate, first
):
    folder = candidate.folder(first)
    folder.write_bytes("validation/models/index.html", b"<p>checked</p>")
    folder.write_bytes("data/leftover.csv", b"half")
    publish(first, candidate.settings)
    listed = {entry["path"] for entry in json.loads(folder.read_bytes("manifest.json"))["files"]}
    assert "validation/models/index.html" in listed
    assert "data/leftover.csv" not in listed
    assert not folder.exists("data/leftover.csv")
    assert b"../validation/models/index.html" in folder.read_bytes("report/index.html")


PUBLISH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from include.tidemark.pipeline import publish as stage
from include.tidemark.run import Run
from include.tidemark.settings import Settings
from pydantic import SecretStr

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(stage, sys.argv[1], die)
folder = Path(sys.argv[2])
settings = Settings(
    duckdb_path=folder / "warehouse.duckdb", artifact_root=(folder / "artifacts").as_uri(), id_hash_key=SecretStr(sys.argv[3])
)
stage.publish(Run.model_validate_json(sys.stdin.read()), settings)
"""


@pytest.mark.parametrize("moment", ["record_publication", "rebuild_pointers"])
def test_after_kill_9_consumers_see_nothing_half_and_a_plain_retry_finishes(candidate, rules, moment):
    first = candidate.runs[MONTHS[0]]
    publish(first, candidate.settings)
    second = add_run(candidate, rules, MONTHS[1], attempt=0)
    ledger, pointers, old_files = candidate.ledger(), candidate.pointers(), files_of(candidate, first)

    key = candidate.settings.id_hash_key.get_secret_value()
    command = [sys.executable, "-c", PUBLISH_AND_DIE, moment, str(candidate.settings.duckdb_path.parent), key]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    killed = subprocess.run(
        command,
        input=second.model_dump_json(),
        text=True,
        env=environ,
        capture_output=True,
        timeout=1_200,
        check=False,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert candidate.pointers() == pointers
    assert candidate.ledger()[: len(ledger)] == ledger
    assert len(candidate.ledger()) == len(ledger) + (moment == "rebuild_pointers")
    assert "manifest.json" in candidate.folder(second).files()

    publish(second, candidate.settings)
    assert [row[2] for row in candidate.ledger()] == [first.run_key, second.run_key]
    assert latest(candidate)["run_key"] == second.run_key
    assert files_of(candidate, first) == old_files


def test_an_object_store_gets_the_same_files_as_a_disk(candidate, first):
    from airflow.sdk.io import attach
    from fsspec.implementations.memory import MemoryFileSystem

    from include.tidemark.artifacts.store import ArtifactRoot, RunFolder

    attach("memory", fs=MemoryFileSystem())
    remote = candidate.settings.model_copy(update={"artifact_root": "memory://bucket/published"})
    publish(first, remote)
    folder, root = RunFolder(remote, first.as_of_date, first.run_key), ArtifactRoot(remote)
    manifest = json.loads(folder.read_bytes("manifest.json"))
    assert sorted([*(entry["path"] for entry in manifest["files"]), "manifest.json"]) == folder.files()
    for entry in manifest["files"]:
        assert hashlib.sha256(folder.read_bytes(entry["path"])).hexdigest() == entry["sha256"]
    assert json.loads(root.read_bytes("latest.json"))["run_key"] == first.run_key
