"""The examples in the docstrings are run."""

import doctest
import importlib
import pkgutil

import pytest

import include.tidemark.suggest as package

MODULES = sorted(module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_say(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
