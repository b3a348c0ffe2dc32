"""What mypy holds against the Protocols is every family, and every question that it names."""

from importlib import import_module

import pytest

from include.tidemark.accounting.family_account import ACCOUNT
from include.tidemark.artifacts.parts import ARTIFACTS, DEFINITIONS
from include.tidemark.families import known_families
from include.tidemark.families.comparison_part import COMPARISON
from include.tidemark.families.customer_segments import suite
from include.tidemark.families.declared import QUESTIONS, DeclaredFamily, declared_family
from include.tidemark.families.family import Bound, folder_of
from include.tidemark.pipeline import estimate
from include.tidemark.report.family_report import REPORT_PART
from include.tidemark.validation.suite_part import SUITE
from tests.families.parts import PARTS

SEGMENTATIONS = {name for name, family in known_families().items() if isinstance(family, DeclaredFamily)}
"""What mypy checks for them is `declared_segmentation` of parts.py."""


def test_every_family_is_checked() -> None:
    assert PARTS.keys() == known_families().keys() - SEGMENTATIONS


@pytest.mark.parametrize("name", PARTS)
def test_the_modules_that_are_checked_are_those_that_the_pipeline_asks_for(name: str) -> None:
    family, checked = known_families()[name], PARTS[name]()
    assert family.part(ARTIFACTS) is checked.artifacts
    assert family.part(DEFINITIONS) is checked.definitions
    assert family.part(REPORT_PART) is checked.report
    assert import_module(f"include.tidemark.families.{name}.values").values is checked.values
    assert family.part(COMPARISON) is checked.comparison
    module = family.part(estimate.QUESTIONS)
    assert tuple(getattr(module, question) for question in family.questions) == checked.questions


@pytest.mark.parametrize("name", known_families())
def test_a_family_says_its_account_and_its_suites_in_files(name: str) -> None:
    family = known_families()[name]
    assert {"account.yml", "checks.yml"} <= {file.name for file in folder_of(name).iterdir()}
    assert family.part(ACCOUNT) == Bound(ACCOUNT.reader, name)
    assert family.part(SUITE) in (Bound(SUITE.reader, name), suite)


def test_a_declared_segmentation_has_the_questions_that_its_modules_answer() -> None:
    module = declared_family("loyalty").part(estimate.QUESTIONS)
    assert all(getattr(module, question).args == ("loyalty",) for question in QUESTIONS)


def test_a_segmentation_of_the_project_has_modules_of_its_own_only_where_it_says_so() -> None:
    family = known_families()["customer_segments"]
    assert {"customer_segments"} == SEGMENTATIONS
    assert family.part(ACCOUNT) == Bound(ACCOUNT.reader, "customer_segments") and family.part(SUITE) is suite
    module = family.part(estimate.QUESTIONS)
    assert all(getattr(module, question).args == ("customer_segments",) for question in family.questions)
