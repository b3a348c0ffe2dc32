"""Two runs of a month held against each other: what was published, and what was computed from other rules and
files."""

import json
import shutil

import pytest

from include.tidemark.difference.compare import difference
from include.tidemark.difference.page import difference_page
from include.tidemark.difference.text import text_of
from include.tidemark.errors import RunIdentityError, TidemarkError
from include.tidemark.pipeline.differ import compare_runs
from include.tidemark.pipeline.publish import publish
from include.tidemark.pipeline.rollback import history_of, list_or_roll_back, roll_back
from include.tidemark.rules import load_rules
from include.tidemark.warehouse import open_warehouse
from tests.artifacts.months import MONTHS, make_run, make_settings, write_candidate

DAY = MONTHS[0]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A month that was published twice: the second time under another rule, by newer code, and from files
    that were delivered again."""
    settings = make_settings(tmp_path_factory.mktemp("twice"))
    rules = load_rules(environ={})
    first = make_run(DAY, rules)
    changed = rules.model_copy(update={"audience_declining_min_lifetime_value": 5000})
    second = make_run(DAY, changed, attempt=1).model_copy(
        update={"code_version": "2.0", "started_by": "ann", "reason": HOSTILE}
    )
    for run in (first, second):
        write_candidate(settings, run)
        with open_warehouse(settings) as warehouse:
            line = {
                "as_of_date": DAY,
                "run_key": run.run_key,
                "source_table": "users",
                "kind": "total",
                "reason": "loaded",
            }
            more = int(run is second)
            warehouse.insert("runs.row_account", [line | {"position": 0, "row_count": 450 + more}])
            if run is second:
                warehouse.execute("insert into raw.users select 'late'")
                warehouse.execute("update control.loads set fingerprint = 'f2' where table_name = 'users'")
                warehouse.execute(
                    "update runs.customer_segments set customer_segment = ? where run_key = ? and customer_id = 'C00100'",
                    (HOSTILE, run.run_key),
                )
                warehouse.execute(
                    "delete from runs.customer_segments where run_key = ? and customer_id = 'C00101'",
                    (run.run_key,),
                )
        publish(run, settings)
    return settings, first.run_key, second.run_key


@pytest.fixture
def twice(published, tmp_path):
    """A copy to change."""
    settings, first, second = published
    shutil.copytree(settings.duckdb_path.parent, tmp_path / "copy")
    return make_settings(tmp_path / "copy"), first, second


def test_rules_code_sources_account_people_and_files_are_named_with_both_values(published):
    settings, first, second = published
    found = compare_runs(settings, (DAY, first), (DAY, second))
    assert (found.earlier.is_shown, found.later.is_shown, found.later.published_by) == (False, True, "ann")
    values = {(each.kind, each.name): (each.earlier, each.later) for each in found.values}
    assert values[("code", "code_version")] == ("content-0123456789ab", "2.0")
    assert values[("rule", "audience_declining_min_lifetime_value")][1] == 5000
    assert len(values) == 2
    (source,) = found.sources
    assert (source.earlier_rows, source.later_rows, source.file_changed) == (450, 451, True)
    (line,) = found.account
    assert (line.reason, line.earlier_rows, line.later_rows) == ("loaded", 450, 451)
    (people,) = found.people
    assert (people.added, people.gone, people.moved) == (0, 1, 1)
    assert "data/customer_segments.csv" in {file.path for file in found.files}


def test_the_other_way_round_everything_is_mirrored(published):
    settings, first, second = published
    there, back = (
        compare_runs(settings, (DAY, one), (DAY, other)) for one, other in ((first, second), (second, first))
    )
    assert [(each.earlier, each.later) for each in there.values] == [
        (each.later, each.earlier) for each in back.values
    ]
    assert (there.people[0].gone, there.people[0].added) == (back.people[0].added, back.people[0].gone)
    assert there.numbers.differing == back.numbers.differing


def test_without_keys_the_published_runs_of_two_dates_are_compared_and_one_that_is_nowhere_is_refused(
    published,
):
    settings, first, second = published
    assert compare_runs(settings, (DAY, first), (DAY, None)).later.run_key == second
    with pytest.raises(RunIdentityError, match="No run is published as of 2026-09-01"):
        compare_runs(settings, (DAY, None), (MONTHS[1], None))
    with pytest.raises(RunIdentityError, match=f"runs of that date: {first}, {second}"):
        compare_runs(settings, (DAY, None), (DAY, "20260801_20260801T060000_00000000"))
    with pytest.raises(RunIdentityError, match="nothing to compare"):
        compare_runs(settings, (DAY, second), (DAY, None))


def test_a_key_that_is_none_is_refused_without_repeating_it(published):
    settings, *_ = published
    with pytest.raises(RunIdentityError) as refused:
        compare_runs(settings, (DAY, None), (DAY, HOSTILE))
    assert "script" not in str(refused.value)


def test_a_run_whose_manifest_is_gone_or_damaged_is_compared_by_its_rows_and_that_is_said(twice):
    settings, first, second = twice
    manifest = settings.duckdb_path.parent / "artifacts" / f"as_of={DAY}" / f"run={first}" / "manifest.json"
    for damage in (lambda: manifest.write_text("{}"), lambda: manifest.write_text("{"), manifest.unlink):
        damage()
        found = compare_runs(settings, (DAY, first), (DAY, second))
        assert [note for note in found.notes if f"Run {first} has no manifest" in note]
        assert {each.name for each in found.values} == {"rules_hash", "code_version"}
        assert found.people[0].moved == 1


def test_the_page_names_nobody_and_runs_nothing(published):
    settings, first, second = published
    found = compare_runs(settings, (DAY, first), (DAY, second), ids=True)
    assert {user.user_id for user in found.people[0].users} == {"C00100", "C00101"}
    page = difference_page(found)
    assert "C00100" not in page
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "No difference." in page
    text = text_of(found)
    assert "C00100" in text
    assert "USERS BY SEGMENTATION" in text


def test_looking_changes_nothing(twice):
    settings, first, second = twice
    with open_warehouse(settings) as warehouse:
        before = warehouse.fetch(
            "select count(*) as n, max(publication_id) as newest from control.publications"
        )
        difference(warehouse, settings, (DAY, first), (DAY, second), ids=True)
        assert (
            warehouse.fetch("select count(*) as n, max(publication_id) as newest from control.publications")
            == before
        )


def test_a_rollback_shows_what_it_changes_before_it_acts_and_needs_a_reason(twice):
    settings, first, _ = twice
    shown = roll_back(DAY, first, settings, reason=None, by="bob", dry_run=True)
    assert (shown.publication, shown.difference.later.run_key) == (None, first)
    assert len(history_of(DAY, settings)) == 2
    for missing in (None, "", "  \n "):
        with pytest.raises(TidemarkError, match="needs a reason"):
            roll_back(DAY, first, settings, reason=missing, by="bob", dry_run=False)
    assert len(history_of(DAY, settings)) == 2
    done = roll_back(DAY, first, settings, reason=" bad\nfile ", by="bob", dry_run=False)
    assert done.difference == shown.difference
    newest = history_of(DAY, settings)[-1]
    assert (newest.action, newest.run_key, newest.published_by, newest.reason) == (
        "rollback",
        first,
        "bob",
        "bad file",
    )
    pointer = settings.duckdb_path.parent / "artifacts" / "latest.json"
    assert json.loads(pointer.read_text())["run_key"] == first


def test_rolling_forward_is_the_same_act(twice):
    settings, first, second = twice
    for run_key in (first, second):
        roll_back(DAY, run_key, settings, reason="there and back", by="bob", dry_run=False)
    assert [each.run_key for each in history_of(DAY, settings)] == [first, second, first, second]


def test_the_dags_task_only_looks_unless_it_is_told_to_act(twice):
    settings, first, _ = twice
    listed = list_or_roll_back(DAY, None, settings)
    assert [each["published_by"] for each in listed["publications"]] == [None, "ann"]
    looked = list_or_roll_back(DAY, first, settings)
    assert (looked["status"], looked["difference"]["people"]["customer_segments"]["moved"]) == ("dry_run", 1)
    assert len(history_of(DAY, settings)) == 2
