"""The deployment's folder in a clone of the project: shipped empty, left alone by git, and part of the
image."""

import subprocess
from pathlib import PurePosixPath

import pytest

from tests.deploy.container import PROJECT
from tests.deploy.test_astro import copied_files, ignored


def ignored_by_git(path: str) -> bool:
    return subprocess.run(["git", "check-ignore", "--quiet", path], cwd=PROJECT, check=False).returncode == 0


@pytest.mark.parametrize("name", ["sources.yml", "rules.yml", "segmentations/own.yml"])
def test_git_leaves_a_deployment_s_files_alone(name):
    assert ignored_by_git(f"config/{name}")


def test_git_keeps_the_folder_s_readme_and_nothing_else():
    assert not ignored_by_git("config/README.md")
    kept = subprocess.run(
        ["git", "ls-files", "config"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert kept.split() == ["config/README.md"]


def test_the_image_has_the_folder():
    assert PurePosixPath("config/README.md") in copied_files()
    patterns = [line.strip("/ ") for line in (PROJECT / ".dockerignore").read_text().splitlines()]
    assert not ignored(PurePosixPath("config/sources.yml"), [pattern for pattern in patterns if pattern])


def test_the_readme_s_way_leaves_no_data_in_the_checkout():
    """Git ignores what is in `config/`, and nothing else that a deployment brings."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    way = readme.split("## Your own data")[1].split("\n## ")[0]
    assert "TIDEMARK_LANDING_URL=file://$HOME/export" in way and "--from ~/export/" in way


def test_the_readme_s_first_screen_shows_the_way_to_own_data():
    first_screen = (PROJECT / "README.md").read_text(encoding="utf-8").split("\n![")[0]
    assert "`tidemark init`" in first_screen and "(docs/your-data.md)" in first_screen
    assert len(first_screen.splitlines()) < 15
