"""The examples in the docstrings are run."""

import doctest
import importlib

import pytest

from include.tidemark.paths import PROJECT_ROOT

MODULES = [
    ".".join(file.relative_to(PROJECT_ROOT).with_suffix("").parts).removesuffix(".__init__")
    for file in sorted((PROJECT_ROOT / "include").rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_give_what_they_say(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
