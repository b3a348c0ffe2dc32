"""What `pytest -m fast` runs."""

from pathlib import Path
from types import SimpleNamespace

from tests.conftest import pytest_ignore_collect
from tests.fast import FOLDERS, SLOW, TESTS, is_fast


def test_every_folder_and_file_that_is_named_is_there() -> None:
    assert all(any(folder.rglob("test_*.py")) for folder in FOLDERS)
    assert all(path.is_file() for path in SLOW)


def test_a_file_is_fast_by_its_folder() -> None:
    assert is_fast(TESTS / "test_fast.py")
    assert is_fast(TESTS / "statistics" / "test_cells.py")
    assert not is_fast(TESTS / "suggest" / "test_command.py")
    assert not is_fast(TESTS / "integration" / "test_families.py")


def test_every_file_is_either_among_the_fast_ones_or_among_the_others() -> None:
    def left_out(file: Path, expression: str) -> bool:
        config = SimpleNamespace(option=SimpleNamespace(markexpr=expression))
        return bool(pytest_ignore_collect(file, config))

    for file in TESTS.rglob("test_*.py"):
        assert left_out(file, "fast") is not left_out(file, "not fast"), file
        assert not left_out(file, "")
