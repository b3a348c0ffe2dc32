"""Every lock file says how it is made, from what is there, and holds the digests of all it names."""

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from include.tidemark.paths import PROJECT_ROOT

LOCKS = sorted((PROJECT_ROOT / "deploy" / "locks").glob("*.txt"))
GROUPS = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")

every_lock = pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)


def command_of(lock: Path) -> list[str]:
    """What uv says in the head that it was called with."""
    return shlex.split(lock.read_text(encoding="utf-8").splitlines()[1].lstrip("#"))


def pins_of(lock: Path) -> list[tuple[Requirement, list[str]]]:
    """Each package of a lock with its digests."""
    text = re.sub(r"(?m)^ *#.*\n", "", lock.read_text(encoding="utf-8")).replace("\\\n", " ")
    parts = [line.split("--hash=") for line in text.splitlines()]
    return [(Requirement(named), [each.strip() for each in hashes]) for named, *hashes in parts]


def wanted_of(lock: Path) -> list[Requirement]:
    """What is asked for in the groups and files that a lock is compiled from."""
    lines = []
    for before, word in pairwise(command_of(lock)):
        if before == "--group":
            lines += GROUPS[word]
        elif word.endswith((".in", "requirements.txt")) and before != "-c":
            lines += lines_of(PROJECT_ROOT / word)
    return [Requirement(line) for line in lines]


def lines_of(file: Path) -> list[str]:
    """The requirements of a file and of those that it includes."""
    found = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found += lines_of(file.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            found.append(line)
    return found


@every_lock
def test_its_head_names_the_command_that_writes_it(lock):
    words = command_of(lock)
    assert words[:5] == ["uv", "pip", "compile", "--universal", "--generate-hashes"]
    assert words[-2:] == ["-o", lock.relative_to(PROJECT_ROOT).as_posix()]


@every_lock
def test_every_package_is_at_one_version_with_its_digests_and_from_no_place_of_its_own(lock):
    for requirement, hashes in pins_of(lock):
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)) and requirement.url is None, requirement
        assert hashes and all(re.fullmatch("sha256:[0-9a-f]{64}", each) for each in hashes), requirement
    assert not re.search(
        r"https?://|file:|--index|--extra-index|--find-links", lock.read_text(encoding="utf-8")
    )


@every_lock
def test_it_agrees_with_the_groups_and_files_that_it_is_made_from(lock):
    locked: dict[str, list[str]] = {}
    for requirement, _ in pins_of(lock):
        locked.setdefault(canonicalize_name(requirement.name), []).append(
            next(iter(requirement.specifier)).version
        )
    wanted = wanted_of(lock)
    assert wanted
    for each in wanted:
        versions = locked.get(canonicalize_name(each.name), [])
        assert any(each.specifier.contains(version, prereleases=True) for version in versions), each


def test_every_group_has_a_lock():
    named = {name for lock in LOCKS for name in re.findall(r"--group (\S+)", " ".join(command_of(lock)))}
    assert named == set(GROUPS)


def test_whatever_is_installed_is_installed_by_its_digests():
    texts = [
        MAKEFILE,
        *(
            (PROJECT_ROOT / name).read_text(encoding="utf-8")
            for name in ("Dockerfile", "deploy/mwaa/startup.sh")
        ),
    ]
    installs = [line for text in texts for line in text.splitlines() if re.search(r"pip\"? install", line)]
    assert len(installs) >= 6
    assert [line for line in installs if "--require-hashes" not in line] == []
