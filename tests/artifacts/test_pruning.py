"""Old unpublished runs go; what was ever published, is at work, or is new enough stays."""

import pytest

from include.tidemark.artifacts.pruning import drop_run, prune_unpublished
from include.tidemark.errors import RunIdentityError
from include.tidemark.history.trial_key import PROPOSAL, TODAY, trial_key
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.rollback import roll_back
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, write_candidate


def run_keys_with_rows(book):
    tables = ("runs.customer_segments", "runs.statistics", "control.gate_results")
    return {row[0] for table in tables for row in book.sql(f"select distinct run_key from {table}")}


def run_keys_with_files(book):
    return {path.name.removeprefix("run=") for path in book.root.glob("as_of=*/run=*")}


def dry_runs(book, rules, attempts):
    runs = [make_run(MONTHS[0], rules, attempt=attempt, publish=False) for attempt in attempts]
    for run in runs:
        write_candidate(book.settings, run)
        book.folder(run).write_bytes("manifest.json", b"{}")
    return runs


def test_only_the_newest_unpublished_runs_of_a_date_are_kept(candidate, rules):
    oldest, older, newer, newest = dry_runs(candidate, rules, (1, 2, 3, 4))
    present = make_run(MONTHS[0], rules, attempt=9)
    write_candidate(candidate.settings, present)
    settings = candidate.settings.model_copy(update={"keep_unpublished_runs": 2})
    outcome = publish(present, settings)
    first = candidate.runs[MONTHS[0]]
    assert outcome["pruned"] == [first.run_key, oldest.run_key, older.run_key]
    left = {newer.run_key, newest.run_key, present.run_key}
    assert (run_keys_with_rows(candidate), run_keys_with_files(candidate)) == (left, left)


def test_a_run_that_was_ever_published_is_never_pruned(candidate, rules):
    settings = candidate.settings.model_copy(update={"keep_unpublished_runs": 0})
    runs = [candidate.runs[MONTHS[0]], *(make_run(MONTHS[0], rules, attempt=attempt) for attempt in (1, 2))]
    for run in runs:
        write_candidate(settings, run)
        publish(run, settings)
    roll_back(MONTHS[0], runs[1].run_key, settings, reason="test", by="test", dry_run=False)
    present = make_run(MONTHS[1], rules, attempt=0)
    with open_warehouse(settings) as warehouse:
        assert prune_unpublished(settings, warehouse, present) == []
    assert run_keys_with_files(candidate) == {run.run_key for run in runs}


def test_a_run_that_may_still_be_at_work_is_kept(candidate, rules):
    """The present run started at the same moment as the other, as in a backfill beside the schedule."""
    settings = candidate.settings.model_copy(update={"keep_unpublished_runs": 0})
    (other,) = dry_runs(candidate, rules, (1,))
    present = make_run(MONTHS[0], rules, attempt=1)
    present = present.model_copy(update={"run_key": present.run_key[:-8] + "ffffffff"})
    with open_warehouse(settings) as warehouse:
        pruned = [old.run_key for old in prune_unpublished(settings, warehouse, present)]
    assert other.run_key not in pruned
    assert candidate.runs[MONTHS[0]].run_key in pruned


def test_folders_without_rows_are_pruned_too_and_other_files_are_left_alone(candidate, rules):
    settings = candidate.settings.model_copy(update={"keep_unpublished_runs": 0})
    failed = make_run(MONTHS[1], rules, attempt=0)
    candidate.folder(failed).write_bytes("validation/sources/index.html", b"failed early")
    (candidate.root / "as_of=2026-08-01").mkdir(parents=True, exist_ok=True)
    (candidate.root / "as_of=2026-08-01" / "run=notes").mkdir()
    present = make_run(MONTHS[3], rules, attempt=0)
    with open_warehouse(settings) as warehouse:
        assert failed.run_key in [old.run_key for old in prune_unpublished(settings, warehouse, present)]
    assert not candidate.folder(failed).files()
    assert (candidate.root / "as_of=2026-08-01" / "run=notes").exists()


@pytest.mark.parametrize(
    "name",
    ["as_of=2026-08-01.bak", "as_of=2026-8-1", "as_of=20260801", "as_of=2026-02-30", "as_of=", "as_of=notes", "as_of=2026-08-01 (copy)", "backup"],
)  # fmt: skip
def test_a_folder_of_another_name_stops_no_publication_and_is_left_alone(candidate, rules, name):
    stray = candidate.root / name / f"run={candidate.runs[MONTHS[0]].run_key}"
    stray.mkdir(parents=True)
    present = make_run(MONTHS[3], rules, attempt=0)
    with open_warehouse(candidate.settings) as warehouse:
        prune_unpublished(candidate.settings, warehouse, present)
    assert stray.exists()


def test_a_trial_that_was_killed_takes_nobody_s_place_and_goes_a_day_later(candidate, rules):
    """`suggest-rules` removes its runs itself, unless it is killed."""
    settings = candidate.settings.model_copy(update={"keep_unpublished_runs": 1})
    (kept,) = dry_runs(candidate, rules, (1,))
    trials = []
    for attempt, number in ((2, TODAY), (2, PROPOSAL), (9, TODAY)):
        trial = make_run(MONTHS[0], rules, attempt=attempt)
        key = trial_key(trial.as_of_date, trial.started_at, number)
        trials.append(trial.model_copy(update={"run_key": key}))
        write_candidate(settings, trials[-1])
    present = make_run(MONTHS[0], rules, attempt=9)
    with open_warehouse(settings) as warehouse:
        pruned = {old.run_key for old in prune_unpublished(settings, warehouse, present)}
    older, other, at_work = (trial.run_key for trial in trials)
    assert {older, other} <= pruned
    assert not {kept.run_key, at_work} & pruned


def test_one_run_can_be_dropped_and_a_published_one_can_not(candidate, rules):
    settings = candidate.settings
    (unpublished,) = dry_runs(candidate, rules, (1,))
    published = candidate.runs[MONTHS[0]]
    publish(published, settings)
    with open_warehouse(settings) as warehouse:
        drop_run(settings, warehouse, unpublished.as_of_date, unpublished.run_key)
        with pytest.raises(RunIdentityError):
            drop_run(settings, warehouse, published.as_of_date, published.run_key)
    assert unpublished.run_key not in run_keys_with_rows(candidate) | run_keys_with_files(candidate)
    assert published.run_key in run_keys_with_rows(candidate) & run_keys_with_files(candidate)


def test_schemas_of_a_run_that_was_killed_go_a_day_later_and_those_of_one_at_work_and_other_names_stay(
    candidate, rules
):
    old, present = (make_run(day, rules, attempt=7) for day in MONTHS[:2])
    names = (f"core_{old.run_key}", f"staging_{old.run_key}", f"core_{present.run_key}", "core_of_mine")
    with open_warehouse(candidate.settings) as warehouse:
        for name in names:
            warehouse.execute(f"create schema {name.lower()}")
        warehouse.execute(f"create table {names[0].lower()}.facts as select 1 as one")
        prune_unpublished(candidate.settings, warehouse, present)
        left = warehouse.fetch("select schema_name from information_schema.schemata order by 1")
    assert {row["schema_name"] for row in left} & {name.lower() for name in names} == {
        name.lower() for name in names[2:]
    }
