"""Kill -9 of `publish`: consumers see the old month or the new one, never half of it, and a retry
finishes."""

import os
import signal
import subprocess
import sys

import pytest

from include.tidemark.artifacts.store import run_folder
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.pipeline.in_order import run_in_order
from include.tidemark.pipeline.publish import publish
from tests.pipeline.deployment import AS_OF, STARTED, VIEWS

PUBLISH_AND_DIE = """
import os, signal, sys
from pathlib import Path
from include.tidemark.pipeline import publish as stage
from include.tidemark.run import Run
from tests.pipeline.deployment import Deployment

setattr(stage, sys.argv[1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
stage.publish(Run.model_validate_json(sys.stdin.read()), Deployment(Path(sys.argv[2])).settings)
"""
NEW = f"as_of_date = date '{AS_OF}'"


@pytest.fixture
def run(deployment):
    """A run that has passed its gate and waits for publication."""
    made, _ = run_in_order(
        deployment.settings, {"as_of_date": AS_OF, "n_resamples": 1000, "publish": False}, STARTED, "killed"
    )
    return made.model_copy(update={"options": made.options.model_copy(update={"publish": True})})


def publish_and_die(deployment, run, moment):
    """Publish in a process of its own that is killed instead of calling the function `moment`."""
    done = subprocess.run(
        [sys.executable, "-c", PUBLISH_AND_DIE, moment, str(deployment.folder)],
        input=run.model_dump_json(),
        text=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        timeout=1_200,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    folder = deployment.folder / "artifacts" / run_folder(run.as_of_date, run.run_key)
    assert (folder / "manifest.json").exists(), "the kill was to come after the upload"


def assert_views_show_exactly(deployment, run, before):
    """The new month is the run's rows and no others; the rows of the month before are as they were."""
    for view in VIEWS:
        table = view.removesuffix("_current").replace("marts.", "runs.")
        (shown,) = deployment.query(f"select count(*) as n from {view} where {NEW}")
        (made,) = deployment.query(f"select count(*) as n from {table} where run_key = ?", run.run_key)
        assert shown["n"] == made["n"] > 0, view
        keys = deployment.query(f"select distinct run_key from {view} where {NEW}")
        assert [row["run_key"] for row in keys] == [run.run_key], view
        if view.endswith("_current"):
            assert deployment.query(f"select 1 as row from {view} where not ({NEW})") == []
        else:
            assert deployment.digest_of(view, f"not ({NEW})") == before[view]


def assert_published(deployment, run, before):
    """Views, pointers and ledger name the run for its month, once, and nothing of the month before has
    changed."""
    assert_views_show_exactly(deployment, run, before)
    after = deployment.consumers_view()
    pointers = {"latest.json", "index.json"}
    assert set(after) - set(before) == {f"as_of={AS_OF}/current.json"}
    assert {name for name in before if after[name] != before[name]} == pointers | set(VIEWS)
    for name in (*pointers, f"as_of={AS_OF}/current.json"):
        assert run.run_key in (deployment.folder / "artifacts" / name).read_text(encoding="utf-8")
    (ledger,) = deployment.query(
        "select count(*) as n from control.publications where run_key = ?", run.run_key
    )
    assert ledger["n"] == 1


def test_before_the_ledger_row_consumers_see_the_old_month_byte_for_byte_and_a_retry_publishes(
    deployment, run
):
    before = deployment.consumers_view()
    publish_and_die(deployment, run, "record_publication")
    assert deployment.consumers_view() == before
    assert publish(run, deployment.settings)["status"] == "published"
    assert_published(deployment, run, before)


def test_after_the_ledger_row_every_view_shows_the_new_run_and_a_retry_moves_the_pointers(deployment, run):
    before = deployment.consumers_view()
    publish_and_die(deployment, run, "rebuild_pointers")
    between = deployment.consumers_view()
    assert {name for name in between if between[name] != before.get(name)} == set(VIEWS)
    assert_views_show_exactly(deployment, run, before)
    assert publish(run, deployment.settings)["status"] == "already_published"
    assert_published(deployment, run, before)
