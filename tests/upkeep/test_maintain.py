"""The weekly checks and pruning: a problem is an error with what to do, and no stray or stubborn name fails a
publication."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from include.tidemark.artifacts.store import Folder
from include.tidemark.pipeline import publish as publication
from include.tidemark.pipeline.maintain import NotAsPublishedError, check_publications, prune, report_storage
from include.tidemark.pipeline.publish import publish
from tests.artifacts.months import MONTHS, make_run, write_candidate

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def book(candidate):
    """A book with the views of its tables, and the first month published."""
    publish(candidate.runs[MONTHS[0]], candidate.settings)
    from include.tidemark.warehouse import open_warehouse

    with open_warehouse(candidate.settings) as warehouse:
        warehouse.execute("create schema if not exists marts")
        tables = ("customer_segments", "statistics", "changes", "row_account")
        for view, table in [(f"{table}{end}", table) for table in tables for end in ("", "_current")]:
            warehouse.execute(
                f"create view marts.{view} as select * from runs.{table} where run_key in (select run_key from control.publications)"
            )
    return candidate


def test_what_is_sound_passes_and_names_that_are_not_ours_are_named(book):
    (book.root / "notes").mkdir()
    assert check_publications(book.settings) == {"left_alone": ["notes"]}


def test_a_problem_is_an_error_that_says_what_and_what_to_do(book):
    book.path(book.runs[MONTHS[0]], "report/index.html").unlink()
    with pytest.raises(
        NotAsPublishedError, match=r"report/index.html: It is missing. `tidemark repair --apply`"
    ):
        check_publications(book.settings)


def test_pruning_follows_the_policy_and_never_a_published_run(book, rules):
    settings = book.settings.model_copy(update={"keep_unpublished_runs": 1})
    dry = [make_run(MONTHS[0], rules, attempt=attempt, publish=False) for attempt in (1, 2, 3)]
    for run in dry:
        write_candidate(settings, run)
    outcome = prune(settings, LATER)
    assert outcome["pruned"] == [dry[0].run_key, dry[1].run_key]
    assert {row[0] for row in book.sql("select distinct run_key from runs.customer_segments")} == {
        book.runs[MONTHS[0]].run_key,
        dry[2].run_key,
    }


def test_parts_of_dead_uploads_go_and_those_that_are_being_written_and_other_names_stay(book):
    folder = book.root / "as_of=2026-08-01"
    old, new, other = (
        folder / name for name in (".a.csv.0123abcd.part", ".b.csv.0123abcd.part", "mine.part")
    )
    for file in (old, new, other):
        file.write_text("half")
    week = (LATER - timedelta(days=7)).timestamp()
    for file in (old, other):
        os.utime(file, (week, week))
    os.utime(new, (LATER.timestamp(), LATER.timestamp()))
    prune(book.settings, LATER)
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)


def test_a_folder_that_can_not_be_removed_keeps_no_other_one(book, rules, monkeypatch, caplog):
    settings = book.settings.model_copy(update={"keep_unpublished_runs": 0})
    stubborn, other = (make_run(MONTHS[1], rules, attempt=attempt) for attempt in (0, 1))
    for run in (stubborn, other):
        book.folder(run).write_bytes("manifest.json", b"{}")
    remove = Folder.remove

    def refusing(self, relative):
        if stubborn.run_key in relative:
            raise PermissionError(13, "not yours")
        remove(self, relative)

    monkeypatch.setattr(Folder, "remove", refusing)
    assert prune(settings, LATER)["pruned"] == [other.run_key]
    assert stubborn.run_key in caplog.text


@pytest.mark.parametrize(
    "name", ["run=20260801_20261399T996099_0123abcd", "run=20260801_20260801T060000_0123abcd.bak"]
)
def test_a_name_that_only_looks_like_a_run_fails_no_publication_and_is_left_alone(book, rules, name):
    stray = book.root / f"as_of={MONTHS[1]}" / name
    stray.mkdir(parents=True)
    run = make_run(MONTHS[1], rules)
    write_candidate(book.settings, run)
    assert publish(run, book.settings)["status"] == "published"
    assert stray.exists()


def test_nothing_that_pruning_meets_fails_a_publication(book, rules, monkeypatch, caplog):
    monkeypatch.setattr(publication, "prune_unpublished", lambda *_: 1 / 0)
    run = make_run(MONTHS[1], rules)
    write_candidate(book.settings, run)
    assert publish(run, book.settings)["pruned"] == []
    assert "could not be pruned (ZeroDivisionError)" in caplog.text


def test_the_storage_report_counts_every_byte(book):
    places = {each["place"]: each for each in report_storage(book.settings)["storage"]}
    month = places[f"{book.settings.artifact_root}/as_of={MONTHS[0]}"]
    files = [file for file in (book.root / f"as_of={MONTHS[0]}").rglob("*") if file.is_file()]
    assert (month["files"], month["bytes"]) == (len(files), sum(file.stat().st_size for file in files))
