"""The artifact folders: one file at a time, whole or not at all, and never outside."""

from datetime import date
from pathlib import Path

import pytest
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFileSystem

from include.tidemark.artifacts.store import ArtifactRoot, Folder, RunFolder
from include.tidemark.errors import SettingsError, TidemarkError
from include.tidemark.settings import Settings

KEY = "20261101_20261101T060000_0123abcd"


@pytest.fixture(params=["disk", "object store"])
def root(request, tmp_path):
    if request.param == "disk":
        return (tmp_path / "artifacts").as_uri()
    attach("memory", fs=MemoryFileSystem())
    return f"memory://bucket{tmp_path}"


@pytest.fixture
def folder(root):
    return RunFolder(Settings(artifact_root=root), date(2026, 11, 1), KEY)


def test_the_layout_names_the_date_and_the_run(folder, root):
    assert folder.uri == f"{root}/as_of=2026-11-01/run={KEY}"


def test_what_is_written_is_read_back_and_replaced_by_a_second_writing(folder):
    folder.write_bytes("data/a.csv", b"one")
    folder.write_bytes("data/a.csv", b"two")
    assert folder.read_bytes("data/a.csv") == b"two"
    assert folder.exists("data/a.csv")
    assert folder.files() == ["data/a.csv"]


def test_a_tree_keeps_its_layout(folder, tmp_path):
    tree = tmp_path / "tree"
    for name in ("index.html", "suite/page.html"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    folder.upload_tree(tree, "validation/models")
    assert folder.files() == ["validation/models/index.html", "validation/models/suite/page.html"]
    assert folder.read_bytes("validation/models/suite/page.html") == b"suite/page.html"


def test_folders_are_listed_and_removed_with_all_that_is_in_them(folder, root):
    folder.write_bytes("data/a.csv", b"one")
    top = ArtifactRoot(Settings(artifact_root=root))
    assert top.subfolders() == ["as_of=2026-11-01"]
    assert top.subfolders("as_of=2026-11-01") == [f"run={KEY}"]
    top.remove(f"as_of=2026-11-01/run={KEY}")
    assert folder.files() == []
    top.remove("as_of=1999-01-01/run=never-was")


def test_a_month_whose_last_run_is_removed_is_no_folder_any_more(folder, root):
    top = Folder(root)
    folder.write_bytes("manifest.json", b"{}")
    top.write_bytes("as_of=2026-11-01/run=other/manifest.json", b"{}")
    top.remove("as_of=2026-11-01/run=other")
    assert folder.exists("manifest.json")
    top.remove(f"as_of=2026-11-01/run={KEY}")
    assert top.names() == []


def test_an_empty_root_has_nothing_in_it(root):
    top = ArtifactRoot(Settings(artifact_root=root))
    assert (top.files(), top.subfolders(), top.exists("latest.json")) == ([], [], False)


def test_reading_what_is_not_there_says_so(folder):
    with pytest.raises(FileNotFoundError):
        folder.read_bytes("data/none.csv")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "", "data/../../x", "..\\x"])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, path):
    with pytest.raises(TidemarkError, match="relative"):
        folder.write_bytes(path, b"x")


def test_a_copy_that_breaks_off_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    folder = Folder((tmp_path / "root").as_uri())
    folder.write_bytes("latest.json", b"old")
    (tmp_path / "new").write_bytes(b"new")

    def break_off(source, target, length):
        target.write(b"ne")
        raise OSError("no space left on device")

    monkeypatch.setattr("include.tidemark.artifacts.store.shutil.copyfileobj", break_off)
    with pytest.raises(OSError, match="no space"):
        folder.upload(tmp_path / "new", "latest.json")
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["latest.json"]
    assert folder.read_bytes("latest.json") == b"old"


def test_a_file_that_is_still_being_written_is_no_part_of_the_folder(tmp_path):
    folder = Folder(tmp_path.as_uri())
    Path(tmp_path / ".a.csv.1234.part").write_bytes(b"half")
    assert folder.files() == []


def test_a_root_that_is_no_url_is_refused_with_the_setting_that_names_it():
    with pytest.raises(SettingsError, match="TIDEMARK_ARTIFACT_ROOT"):
        ArtifactRoot(Settings(artifact_root="/var/artifacts"))
