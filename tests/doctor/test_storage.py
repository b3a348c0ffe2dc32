"""Artifact root and disk space."""

import shutil
from collections import namedtuple

import pytest

from include.tidemark.artifacts.store import Folder
from include.tidemark.doctor import storage
from tests.doctor.conftest import Examine, Shop, states, worst


def test_a_root_that_can_be_written_is_ok_and_left_as_it_was(examine: Examine, shop: Shop):
    before = sorted(shop.folder.rglob("*"))
    assert states(examine(storage.look_at_artifact_root)) == {"ok"}
    assert not (shop.folder / "artifacts").exists()
    (shop.folder / "artifacts").mkdir()
    assert states(examine(storage.look_at_artifact_root)) == {"ok"}
    assert list((shop.folder / "artifacts").iterdir()) == [] and before == []


def test_a_root_that_can_not_be_written_is_wrong(examine: Examine, shop: Shop, monkeypatch):
    (shop.folder / "file").touch()
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", (shop.folder / "file" / "artifacts").as_uri())
    found = worst(examine(storage.look_at_artifact_root))
    assert found.state == "wrong" and "can't be written" in found.found


@pytest.mark.parametrize("root", ["artifacts", "s3://bucket/artifacts", "nothing://bucket"])
def test_a_root_that_is_no_url_or_has_no_provider_is_wrong(examine: Examine, monkeypatch, root):
    monkeypatch.setenv("TIDEMARK_ARTIFACT_ROOT", root)
    assert worst(examine(storage.look_at_artifact_root)).state == "wrong"


def test_a_root_that_gives_back_other_bytes_is_wrong(examine: Examine, monkeypatch):
    monkeypatch.setattr(Folder, "read_bytes", lambda self, name: b"other")
    assert "other bytes" in worst(examine(storage.look_at_artifact_root)).found


@pytest.mark.parametrize(("free", "state"), [(storage.LITTLE_SPACE, "ok"), (storage.LITTLE_SPACE - 1, "warning"), (storage.NO_SPACE - 1, "wrong")])  # fmt: skip
def test_little_space_is_a_warning_and_none_is_wrong(examine: Examine, monkeypatch, free, state):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(1 << 40, 0, free))
    findings = examine(storage.look_at_disk)
    assert states(findings) == {state} and len(findings) == 2


def test_a_folder_for_files_on_the_way_that_does_not_exist_is_wrong(examine: Examine, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDEMARK_SCRATCH_DIR", str(tmp_path / "none"))
    assert "TIDEMARK_SCRATCH_DIR" in worst(examine(storage.look_at_disk)).action
