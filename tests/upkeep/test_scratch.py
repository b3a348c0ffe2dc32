"""Files on the way are private, bear the product's name and the run's key, and go with their process or at
the next start."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.scratch import remove_left_folders, scratch_folder
from include.tidemark.settings import Settings

KEY = "20171101_20180102T070000_6913c85b"
_HOLD = """
import sys, time
from pathlib import Path
from include.tidemark.scratch import scratch_folder
from include.tidemark.settings import Settings
with scratch_folder(Settings(scratch_dir=Path(sys.argv[1])), "landing", sys.argv[2]) as folder:
    (folder / "users.parquet").write_text("ann@example.org")
    print("there", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path):
    return Settings(scratch_dir=tmp_path)


@pytest.fixture
def holder(tmp_path):
    """Another process that is at work in a folder of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path), KEY],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)},
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_folder_is_private_named_after_the_run_and_gone_at_the_end(settings, tmp_path):
    with scratch_folder(settings, "publish", KEY) as files:
        (files / "rows.csv").write_text("1")
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith(f"tidemark-publish-{KEY}-") and folder in files.parents
        assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, files)} == {0o700}
    assert list(tmp_path.iterdir()) == []


def test_a_folder_goes_when_its_block_fails(settings, tmp_path):
    with pytest.raises(KeyboardInterrupt), scratch_folder(settings, "publish", KEY):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_start_and_what_is_in_use_is_not(
    settings, tmp_path, holder
):
    assert remove_left_folders(settings) == []
    (left,) = tmp_path.iterdir()
    assert list(left.rglob("users.parquet"))
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with scratch_folder(settings, "landing", KEY) as files:
        assert not left.exists() and files.exists()


def test_folders_of_others_are_left_alone(settings, tmp_path):
    for name in ("tidemark-notes-of-ann", "tmpabc", "tidemark-bench-x"):
        (tmp_path / name).mkdir()
    (tmp_path / "tidemark-a-file").write_text("")
    (tmp_path / "elsewhere").mkdir()
    Path(tmp_path / "tidemark-a-link").symlink_to(tmp_path / "elsewhere")
    before = sorted(tmp_path.iterdir())
    remove_left_folders(settings)
    assert sorted(tmp_path.iterdir()) == before
