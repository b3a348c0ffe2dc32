"""The manifest against the project as it stands."""

import json
import shutil
from pathlib import Path

import pytest

from include.tidemark.doctor import manifest
from include.tidemark.doctor.manifest import stale_parts
from include.tidemark.paths import DBT_DIR, DBT_MANIFEST
from tests.doctor.conftest import Examine, states, worst

CONTENT = json.loads(DBT_MANIFEST.read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    target = tmp_path / "dbt"
    shutil.copytree(DBT_DIR, target, ignore=shutil.ignore_patterns("target", "logs"))
    return target


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_copy_of_the_project_is_what_the_manifest_says_whatever_its_times(project):
    assert stale_parts(CONTENT, project) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("models/staging/stg_users.sql", "select", "select distinct"),
        ("seeds/category_groups.csv", ",", ",x"),
        ("tests/core/core_holds_every_posted_cent.sql", "select", "select distinct"),
        ("tests/generic/expression_is_true.sql", "select", "select distinct"),
        ("macros/money.sql", "cast(", "try_cast("),
        ("models/staging/stg_users.yml", "name: country", "name: land"),
        ("models/staging/stg_users.yml", "- not_null", "- unique\n          - not_null"),
    ],
)  # fmt: skip
def test_a_file_that_was_changed_is_named(project, name, old, new):
    change(project / name, old, new)
    assert name in stale_parts(CONTENT, project)


@pytest.mark.parametrize("name", ["models/staging/stg_new.sql", "macros/new.sql"])
def test_a_new_file_is_named(project, name):
    (project / name).write_text("select 1 as one", encoding="utf-8")
    assert stale_parts(CONTENT, project) == [name]


@pytest.mark.parametrize("name", ["models/staging/stg_users.sql", "macros/money.sql"])
def test_a_file_that_is_gone_is_named(project, name):
    (project / name).unlink()
    assert stale_parts(CONTENT, project) == [name]


def test_a_fresh_manifest_is_ok_and_a_stale_one_wrong(examine: Examine, monkeypatch, project):
    monkeypatch.setattr(manifest, "DBT_DIR", project)
    assert states(examine(manifest.look_at_manifest)) == {"ok"}
    for number in range(5):
        (project / "models" / f"new_{number}.sql").touch()
    found = worst(examine(manifest.look_at_manifest))
    assert found.state == "wrong" and "models/new_0.sql" in found.found and "and 2 more" in found.found


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_a_manifest_that_is_missing_or_none_is_wrong(examine: Examine, monkeypatch, tmp_path, content):
    file = tmp_path / "manifest.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setattr(manifest, "DBT_MANIFEST", file)
    assert worst(examine(manifest.look_at_manifest)).state == "wrong"


def test_a_file_of_partial_parsing_beside_it_is_a_warning(examine: Examine, monkeypatch, tmp_path):
    shutil.copy(DBT_MANIFEST, tmp_path)
    (tmp_path / "partial_parse.msgpack").touch()
    monkeypatch.setattr(manifest, "DBT_MANIFEST", tmp_path / "manifest.json")
    assert worst(examine(manifest.look_at_manifest)).state == "warning"
