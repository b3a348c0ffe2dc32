"""The form in which families say their suites."""

from pathlib import Path

import pytest

from include.tidemark.families import known_families
from include.tidemark.paths import PROJECT_ROOT
from include.tidemark.validation.shipped_suites import suites_of
from include.tidemark.validation.suite_part import SUITE
from tests.validation.world import World

PACKAGE = PROJECT_ROOT / "include" / "tidemark"
FILE = """
models:
  models.people:
    table: runs.people
    with:
      - pattern: numbers of the family
      - others as (select 1 where '$word' = 'it''s')
    needs: [runs.others]
    checks:
      - complete rows: {key: user_id, required: [user_id]}
      - never: negative
        where: amount < 0 and day < $as_of
        column: amount
        claim: no amount is negative.
      - each: kinds
        checks:
          - zero: ${kind}_missing
            measure: count($kind)
            column: $kind
            claim: Every $kind of ${table}.$kind is there.
            failure: $table lacks {observed}.
      - each: [{kind: c}]
        checks:
          - warning: odd_$kind
            where: $kind > $rules.churn_days_threshold
            column: $kind
            claim: None.
            failure: Some.
      - check: mean_off
        measure: avg(amount)
        min: $rules.churn_days_threshold
        max: 0.5
        claim: In the middle.
        failure: Off by {observed} ({detail}).
        detail: select 1 as one from $table
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "checks.yml").write_text(FILE)
    return tmp_path / "checks.yml"


def test_a_file_says_a_suite(file: Path, world: World) -> None:
    values = {"word": "x", "kinds": [{"kind": "a"}, {"kind": "b"}]}
    (asset,) = suites_of(file, "models", world.run, "people", values)
    assert [check.name for check in asset.checks] == [
        "row_count",
        "null_user_id",
        "other_as_of_date",
        "duplicate_user_id",
        "negative",
        "a_missing",
        "b_missing",
        "odd_c",
        "mean_off",
    ]
    found = {check.name: check for check in asset.checks}
    assert (
        found["negative"].measure == "coalesce(count_if(amount < 0 and day < cast('2026-11-01' as date)), 0)"
    )
    assert found["b_missing"].claim == "Every b of runs.people.b is there."
    assert found["b_missing"].failure == "runs.people lacks {observed}."
    assert (found["odd_c"].severity, found["odd_c"].column) == ("warning", "c")
    assert (found["mean_off"].minimum, found["mean_off"].maximum) == (14.0, 0.5)
    assert asset.source == f"runs.people where run_key = '{world.run.run_key}'"
    assert asset.needs == ("runs.people", "runs.others")
    assert "family = 'people'" in asset.with_clause and "others as" in asset.with_clause


def test_checks_of_each_value_of_an_empty_list_are_none(file: Path, world: World) -> None:
    (asset,) = suites_of(file, "models", world.run, "people", {"word": "x", "kinds": []})
    assert not [check.name for check in asset.checks if check.name.endswith("missing")]


def test_a_name_that_nobody_gives_is_an_error_and_no_text(file: Path, world: World) -> None:
    with pytest.raises(KeyError, match="word"):
        suites_of(file, "models", world.run, "people", {"kinds": []})


def test_a_dollar_in_words_that_are_given_stays_a_dollar(file: Path, world: World) -> None:
    (asset,) = suites_of(file, "models", world.run, "people", {"word": "$x", "kinds": [{"kind": "a$b"}]})
    assert "where '$x' =" in asset.with_clause
    assert "Every a$b of runs.people.a$b is there." in [check.claim for check in asset.checks]


@pytest.mark.parametrize("family", known_families())
def test_every_family_says_its_suites_in_a_file(family: str, world: World) -> None:
    suite = known_families()[family].part(SUITE)
    run = world.run.model_copy(update={"families": (family,)})
    assert (PACKAGE / "families" / family / "checks.yml").exists()
    for asset in [*suite.candidate(run), *suite.statistics(run)]:
        names = [check.name for check in asset.checks]
        assert len(names) == len(set(names)) > 0
        assert "$" not in asset.query
        assert all("$" not in check.claim + check.failure for check in asset.checks)
