"""Ledger, views, pointers, manifests and files are held against each other, and what is lost comes back byte
for byte."""

import json
import shutil

import pytest

from include.tidemark.pipeline.repair import look, repair
from include.tidemark.upkeep import verify
from include.tidemark.warehouse import open_warehouse
from tests.pipeline.deployment import AS_OF, FIRST
from tests.upkeep.conftest import digests

FILES = [
    "manifest.json",
    "report/index.html",
    "data/statistics.csv",
    "data/customer_segments.parquet",
    "data/customer_segments.csv",
    "data/data_dictionary.csv",
    "definitions/segment_definitions.json",
]


def found(deployment):
    return {(each.kind, each.where, each.heal) for each in look(deployment.settings)}


def below(deployment, month, path):
    return str((month / path).relative_to(deployment.folder / "artifacts"))


def test_of_a_sound_deployment_nothing_is_found_and_nothing_is_changed(deployment):
    before = digests(deployment.folder / "artifacts")
    assert look(deployment.settings) == []
    assert repair(deployment.settings) == ([], [])
    assert digests(deployment.folder / "artifacts") == before


@pytest.mark.parametrize("damage", ["lost", "cut off", "of the same size"])
def test_lost_and_damaged_files_come_back_byte_for_byte(deployment, month, damage):
    root = deployment.folder / "artifacts"
    before = digests(root)
    for path in FILES:
        content = (month / path).read_bytes()
        (month / path).unlink()
        if damage != "lost":
            (month / path).write_bytes(
                content[: len(content) // 2] if damage == "cut off" else b"#" * len(content)
            )
    kinds = {"manifest.json": "manifest"}
    expected = {(kinds.get(path, "file"), below(deployment, month, path), "repair") for path in FILES}
    assert found(deployment) == expected
    healed, left = repair(deployment.settings)
    assert ({each.where for each in healed}, left) == ({where for _, where, _ in expected}, [])
    assert digests(root) == before


@pytest.mark.parametrize("damage", ["lost", "no JSON", "another run"])
def test_pointers_come_back_byte_for_byte(deployment, damage):
    root = deployment.folder / "artifacts"
    before = digests(root)
    names = ["latest.json", "index.json", f"as_of={FIRST}/current.json"]
    for name in names:
        if damage == "lost":
            (root / name).unlink()
        else:
            other = {"run_key": "20171101_20180102T070000_ffffffff"}
            (root / name).write_text("{" if damage == "no JSON" else json.dumps(other))
    assert found(deployment) == {("pointer", name, "repair") for name in names}
    repair(deployment.settings)
    assert digests(root) == before


def test_an_index_that_says_something_else_of_a_month_is_not_believed(deployment):
    root = deployment.folder / "artifacts"
    before = digests(root)
    index = json.loads((root / "index.json").read_bytes())
    index["months"][0]["summary"]["warnings"] += 1
    (root / "index.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n")
    assert found(deployment) == {("pointer", "index.json", "repair")}
    repair(deployment.settings)
    assert digests(root) == before


def test_what_the_warehouse_does_not_give_back_is_left_as_it_is_and_needs_a_new_run(deployment, month):
    docs = month / "validation" / "models" / "index.html"
    docs.unlink()
    key = deployment.settings.model_copy(
        update={"id_hash_key": type(deployment.settings.id_hash_key)("another key of 16 letters")}
    )
    segments = month / "data" / "customer_segments.csv"
    segments.write_text("mine")
    healed, left = repair(key)
    assert healed == []
    assert {(each.where, each.heal) for each in left} == {
        (below(deployment, month, "data/customer_segments.csv"), "new run"),
        (below(deployment, month, "validation/models/index.html"), "new run"),
    }
    assert all(f"tidemark run --as-of {FIRST}" in each.action for each in left)
    assert segments.read_text() == "mine"


def test_a_run_of_an_earlier_release_needs_a_new_one_for_its_files_and_gets_its_pointers_back(
    deployment, month
):
    with open_warehouse(deployment.settings) as warehouse:
        warehouse.execute("alter table control.run_inputs drop column manifest")
        warehouse.execute("alter table control.run_inputs drop column run")
    (month / "data" / "statistics.csv").unlink()
    (deployment.folder / "artifacts" / "latest.json").unlink()
    healed, left = repair(deployment.settings)
    assert [each.where for each in healed] == ["latest.json"]
    assert [(each.where, each.heal) for each in left] == [
        (below(deployment, month, "data/statistics.csv"), "new run")
    ]


def test_a_view_that_shows_another_run_or_other_rows_or_is_gone_is_named(deployment):
    (published,) = deployment.query("select run_key from control.publications")
    with open_warehouse(deployment.settings) as warehouse:
        warehouse.execute("delete from runs.row_account where position = 0")
        warehouse.execute("drop view marts.changes")
        warehouse.execute(
            "create or replace view marts.statistics as select * replace ('20171101_20180102T070000_ffffffff' as run_key) from runs.statistics"
        )
    findings = look(deployment.settings)
    assert {each.where for each in findings} == {
        "marts.row_account",
        "marts.changes",
        "marts.changes_current",
        "marts.statistics",
        "marts.statistics_current",
    }
    assert {each.heal for each in findings} == {"new run"}
    words = {each.where: each.what for each in findings}
    assert "20171101_20180102T070000_ffffffff" in " ".join(each.what for each in findings)
    assert words["marts.changes"] == "The view is gone."
    assert "can't be read" in words["marts.changes_current"]
    assert published["run_key"] not in words["marts.row_account"]


def test_a_view_of_the_newest_month_that_is_gone_is_named_although_that_of_all_months_is_there(deployment):
    with open_warehouse(deployment.settings) as warehouse:
        warehouse.execute("drop view marts.customer_segments_current")
    (finding,) = look(deployment.settings)
    assert (finding.where, finding.heal) == ("marts.customer_segments_current", "new run")


def test_many_files_of_a_run_that_are_lost_are_one_line_for_each_remedy(deployment, month, tidemark):
    for folder in ("data", "validation"):
        shutil.rmtree(month / folder)
    files = len(look(deployment.settings))
    code, printed = tidemark("repair")
    assert code == 1 and printed.count("They are missing.") == 2
    assert f"{files} things are not as published." in printed
    assert "files, such as data/" in printed and "files, such as validation/" in printed
    code, printed = tidemark("status")
    assert code == 1 and printed.count("They are missing.") == 2
    code, printed = tidemark("repair", "--json")
    assert len(json.loads(printed)["findings"]) == files


def test_a_pointer_that_the_ledger_does_not_know_is_named_and_left_to_a_person(deployment):
    root = deployment.folder / "artifacts"
    shutil.copytree(root / f"as_of={FIRST}", root / f"as_of={AS_OF}")
    (finding,) = look(deployment.settings)
    assert (finding.kind, finding.where, finding.heal) == ("ledger", f"as_of={AS_OF}/current.json", "by hand")
    repair(deployment.settings)
    assert (root / f"as_of={AS_OF}" / "current.json").exists()


@pytest.mark.parametrize("name", ["notes.txt", f"as_of={FIRST}.bak", f"as_of={FIRST}/run=old", "as_of=/x"])
def test_names_that_are_not_ours_are_named_and_left_alone(deployment, name):
    stray = deployment.folder / "artifacts" / name
    stray.parent.mkdir(exist_ok=True)
    stray.write_text("somebody's")
    (finding,) = look(deployment.settings)
    assert (finding.kind, finding.where, finding.is_problem) == ("name", name.removesuffix("/x"), False)
    repair(deployment.settings)
    assert stray.read_text() == "somebody's"


def test_a_file_that_somebody_put_into_a_run_s_folder_is_named_and_left_alone(deployment, month):
    (month / "data" / "mine.csv").write_text("somebody's")
    (finding,) = look(deployment.settings)
    assert (finding.where, finding.is_problem) == (below(deployment, month, "data/mine.csv"), False)


def test_repair_shows_and_acts_only_when_it_is_told_to(deployment, month, tidemark):
    report = month / "report" / "index.html"
    before = report.read_bytes()
    report.unlink()
    code, printed = tidemark("repair")
    assert code == 1 and not report.exists()
    assert (
        below(deployment, month, "report/index.html") in printed
        and "The views do not depend on it." in printed
    )
    code, printed = tidemark("repair", "--apply")
    assert (code, report.read_bytes()) == (0, before)
    assert f"Made again: {below(deployment, month, 'report/index.html')}" in printed
    code, printed = tidemark("repair", "--json")
    assert (code, json.loads(printed)) == (0, {"made_again": [], "findings": []})


def test_new_runs_start_only_together_with_apply(tidemark):
    code, printed = tidemark("repair", "--new-runs")
    assert code == 2 and "--apply" in printed


def test_a_month_beyond_repair_is_computed_again_and_its_earlier_run_is_then_only_named(
    deployment, month, tidemark, monkeypatch
):
    (month / "validation" / "models" / "index.html").unlink()
    code, printed = tidemark("repair", "--apply", "--new-runs")
    assert code == 0, printed
    (earlier,) = look(deployment.settings)
    assert (earlier.heal, earlier.shown) == ("nothing", False)
    assert "Do not roll back to this run" in earlier.action
    before, after = deployment.query("select reason from control.publications order by publication_id")
    assert (before["reason"], after["reason"]) == (None, "repair: the run before could not be made again")
    data = month / "data" / "segment_summary.csv"
    data.unlink()
    assert [(each.heal, each.is_problem) for each in look(deployment.settings)] == [
        ("repair", True),
        ("nothing", False),
    ]
    monkeypatch.setattr(verify, "code_version", lambda: "content-other")
    assert {each.heal for each in look(deployment.settings)} == {"nothing"}, (
        "nobody sees it, and it can't come back"
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("index.json", ("runs",)),
        ("manifest.json", ("runs",)),
        ("manifest.json", ("verify",)),
        ("manifest.json", ("summary",)),
        ("data/segment_summary.csv", ("show", "segment_summary")),
    ],
)
@pytest.mark.parametrize("damage", ["lost", "damaged"])
def test_a_command_says_in_a_sentence_what_is_lost_or_damaged(
    deployment, month, tidemark, name, arguments, damage
):
    file = deployment.folder / "artifacts" / name if name == "index.json" else month / name
    file.unlink()
    if damage == "damaged":
        file.write_bytes(b'{"months": 1}\xff')
    code, printed = tidemark(*arguments)
    assert code == 2
    assert "Traceback" not in printed and "unexpected" not in printed
    assert "`tidemark repair`" in printed
